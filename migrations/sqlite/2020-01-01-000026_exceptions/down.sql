ALTER TABLE assignments DROP COLUMN exception;
