DROP INDEX change_journal_resource;
DELETE FROM change_journal WHERE operation = 'leave';
ALTER TABLE change_journal DROP COLUMN entries;
ALTER TABLE change_journal DROP COLUMN names_people;
ALTER TABLE change_journal DROP COLUMN moved_to;
ALTER TABLE change_journal DROP COLUMN previous_key;
ALTER TABLE change_journal DROP CONSTRAINT change_journal_operation_check;
ALTER TABLE change_journal ADD CHECK (operation IN ('create', 'update', 'delete', 'load'));
