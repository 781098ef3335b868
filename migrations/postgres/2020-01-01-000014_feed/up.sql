-- The journal as a feed that other systems follow: keys that changed, many rows of a file in one entry, who may be told.
ALTER TABLE change_journal DROP CONSTRAINT change_journal_operation_check;
ALTER TABLE change_journal ADD CHECK (operation IN ('create', 'update', 'delete', 'load', 'leave'));
ALTER TABLE change_journal ADD COLUMN previous_key TEXT;
-- Where a record went that left the school or the municipality above.
ALTER TABLE change_journal ADD COLUMN moved_to BIGINT;
ALTER TABLE change_journal ADD COLUMN names_people BOOLEAN NOT NULL DEFAULT FALSE;
-- Of a file: the names of the fields of a natural key, then the rows.
ALTER TABLE change_journal ADD COLUMN entries TEXT;
CREATE INDEX change_journal_resource ON change_journal (resource, seq);
