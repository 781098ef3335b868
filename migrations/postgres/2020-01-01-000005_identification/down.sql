DROP TABLE verdicts;
DROP TABLE identification_runs;
DROP TABLE methodologies;
