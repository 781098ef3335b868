-- Reports and notes: a draft is computed when it is read; what was submitted is kept as it stood.
CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    period INTEGER NOT NULL,
    plan_id BIGINT NOT NULL REFERENCES plans (id),
    run_id BIGINT REFERENCES identification_runs (id),
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'accepted')),
    texts TEXT NOT NULL,
    remarks TEXT,
    snapshot TEXT,
    sha256 TEXT,
    created_by BIGINT,
    created_at TIMESTAMP NOT NULL,
    submitted_by BIGINT,
    submitted_at TIMESTAMP,
    decided_by BIGINT,
    decided_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    UNIQUE (kind, period),
    CHECK ((snapshot IS NULL) = (sha256 IS NULL)),
    CHECK (state NOT IN ('submitted', 'accepted') OR snapshot IS NOT NULL)
);

-- What was made of an accepted report, so that the second reader waits for nothing.
CREATE TABLE report_files (
    report_id BIGINT NOT NULL REFERENCES reports (id),
    format TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (report_id, format)
);
