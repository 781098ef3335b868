DROP TABLE fact_rows;
DROP TABLE evidence;
DROP TABLE activity_facts;
DROP TABLE plan_versions;
DROP TABLE plans;
