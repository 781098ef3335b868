-- Imports that came as records of JSON, one a line: what became of each line is kept.
ALTER TABLE imports ADD COLUMN by_line BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE import_lines (
    import_id BIGINT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'updated', 'unchanged', 'refused')),
    record_id BIGINT,
    natural_key TEXT NOT NULL,
    PRIMARY KEY (import_id, line)
);
