DROP TABLE idempotency_keys;
DROP TABLE jobs;
DROP TABLE change_journal;
DROP TABLE audit_log;
