-- The journal as a feed that other systems follow: keys that changed, many rows of a file in one entry, who may be told.
CREATE TABLE change_journal_new (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TIMESTAMP NOT NULL,
    resource TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    natural_key TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('create', 'update', 'delete', 'load', 'leave')),
    municipality_id BIGINT,
    school_id BIGINT,
    previous_key TEXT,
    -- Where a record went that left the school or the municipality above.
    moved_to BIGINT,
    names_people BOOLEAN NOT NULL DEFAULT FALSE,
    -- Of a file: the names of the fields of a natural key, then the rows.
    entries TEXT
);
INSERT INTO change_journal_new (seq, at, resource, resource_key, natural_key, operation, municipality_id, school_id)
SELECT seq, at, resource, resource_key, natural_key, operation, municipality_id, school_id FROM change_journal;
DROP TABLE change_journal;
ALTER TABLE change_journal_new RENAME TO change_journal;
CREATE INDEX change_journal_resource ON change_journal (resource, seq);
