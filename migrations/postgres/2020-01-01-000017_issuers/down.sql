DROP INDEX users_subject;
ALTER TABLE users DROP COLUMN vouched_at;
ALTER TABLE users DROP COLUMN subject;
ALTER TABLE users DROP COLUMN issuer;
