-- Methodologies, runs and verdicts.
CREATE TABLE methodologies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL,
    edition INTEGER NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'published')),
    parameters TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    published_at TIMESTAMP,
    UNIQUE (code, edition)
);

CREATE TABLE identification_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    methodology_id BIGINT NOT NULL REFERENCES methodologies (id),
    list_id BIGINT NOT NULL REFERENCES lists (id),
    academic_year INTEGER NOT NULL,
    created_by BIGINT,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    inputs_hash TEXT,
    inputs_rows BIGINT,
    schools INTEGER
);

CREATE TABLE verdicts (
    run_id BIGINT NOT NULL REFERENCES identification_runs (id),
    school_id BIGINT NOT NULL REFERENCES schools (id),
    outcome TEXT NOT NULL,
    listed BOOLEAN NOT NULL,
    findings TEXT NOT NULL,
    bias_flag BOOLEAN NOT NULL,
    social_index INTEGER,
    adverse BOOLEAN,
    resilient BOOLEAN NOT NULL,
    social TEXT,
    trace TEXT NOT NULL,
    PRIMARY KEY (run_id, school_id)
);
CREATE INDEX verdicts_school ON verdicts (school_id, run_id);
-- Answers counts and the comparison of list and rules without touching the traces.
CREATE INDEX verdicts_outcome ON verdicts (run_id, outcome, listed, school_id);
