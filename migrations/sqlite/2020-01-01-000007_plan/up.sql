-- Plans and their versions, facts about their activities, and the evidence of facts. A status is never stored: it
-- follows from the plan, the facts and the day.
CREATE TABLE plans (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    title_ru TEXT NOT NULL,
    title_en TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    current_version INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- A version never changes; an amendment is a new one with a reason.
CREATE TABLE plan_versions (
    plan_id BIGINT NOT NULL REFERENCES plans (id),
    number INTEGER NOT NULL,
    act_number TEXT NOT NULL,
    act_date DATE NOT NULL,
    reason TEXT,
    document TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_by BIGINT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (plan_id, number)
);

-- window_from is the first day of a window of the activity.
CREATE TABLE activity_facts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plan_id BIGINT NOT NULL REFERENCES plans (id),
    activity TEXT NOT NULL,
    window_from DATE NOT NULL,
    metric TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('value', 'evidence', 'source_unavailable')),
    value BIGINT CHECK (value >= 0),
    happened_on DATE NOT NULL,
    executor TEXT,
    municipality_id BIGINT REFERENCES municipalities (id),
    school_id BIGINT REFERENCES schools (id),
    note TEXT,
    origin TEXT NOT NULL CHECK (origin IN ('entered', 'counted')),
    state TEXT NOT NULL CHECK (state IN ('entered', 'confirmed', 'declined')),
    entered_by BIGINT,
    entered_at TIMESTAMP NOT NULL,
    decided_by BIGINT,
    decided_at TIMESTAMP,
    decision_reason TEXT,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK ((kind = 'value') = (metric IS NOT NULL AND value IS NOT NULL))
);
CREATE INDEX activity_facts_activity ON activity_facts (plan_id, activity, window_from, id);
CREATE INDEX activity_facts_municipality ON activity_facts (municipality_id, id);
CREATE INDEX activity_facts_school ON activity_facts (school_id, id);

CREATE TABLE evidence (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fact_id BIGINT NOT NULL REFERENCES activity_facts (id),
    kind TEXT NOT NULL CHECK (kind IN ('file', 'link')),
    url TEXT,
    file_name TEXT,
    media_type TEXT,
    size BIGINT,
    sha256 TEXT,
    added_by BIGINT,
    added_at TIMESTAMP NOT NULL,
    CHECK ((kind = 'link') = (url IS NOT NULL)),
    CHECK ((kind = 'file') = (sha256 IS NOT NULL))
);
CREATE INDEX evidence_fact ON evidence (fact_id, id);
CREATE INDEX evidence_sha256 ON evidence (sha256);

-- The records behind a counted fact, kept as they were counted: they may go or change since.
CREATE TABLE fact_rows (
    fact_id BIGINT NOT NULL REFERENCES activity_facts (id),
    resource TEXT NOT NULL CHECK (resource IN ('proposal_runs', 'schools', 'municipalities')),
    row_id BIGINT NOT NULL,
    PRIMARY KEY (fact_id, resource, row_id)
) WITHOUT ROWID;
