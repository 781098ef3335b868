DROP TABLE support_records;
