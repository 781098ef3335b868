CREATE TABLE change_journal_old (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TIMESTAMP NOT NULL,
    resource TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    natural_key TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('create', 'update', 'delete', 'load')),
    municipality_id BIGINT,
    school_id BIGINT
);
INSERT INTO change_journal_old (seq, at, resource, resource_key, natural_key, operation, municipality_id, school_id)
SELECT seq, at, resource, resource_key, natural_key, operation, municipality_id, school_id FROM change_journal
WHERE operation <> 'leave';
DROP TABLE change_journal;
ALTER TABLE change_journal_old RENAME TO change_journal;
