-- Files on their way in. The bytes are kept until the job ends, so that any node can take it over.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('atomic', 'best_effort')),
    dry_run BOOLEAN NOT NULL,
    sheet TEXT,
    file_name TEXT,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_by BIGINT,
    municipality_id BIGINT,
    school_id BIGINT,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    report TEXT
);
CREATE TABLE import_chunks (
    import_id BIGINT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (import_id, n)
);
CREATE TABLE import_rejects (
    import_id BIGINT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    row_number BIGINT NOT NULL,
    column_name TEXT,
    code TEXT NOT NULL,
    PRIMARY KEY (import_id, n)
);
