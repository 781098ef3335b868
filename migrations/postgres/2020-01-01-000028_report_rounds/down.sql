DROP TABLE report_rounds;
