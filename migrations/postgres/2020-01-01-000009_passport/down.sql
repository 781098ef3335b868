DROP TABLE working_group_seats;
DROP TABLE passport_evidence;
DROP TABLE passport_stages;
DROP TABLE normative_acts;
