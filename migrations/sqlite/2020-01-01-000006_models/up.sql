-- Proposals of the rules, and what people decided. A state is never stored: it follows from the events.
CREATE TABLE proposal_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identification_run_id BIGINT NOT NULL REFERENCES identification_runs (id),
    rule_version TEXT NOT NULL,
    as_of DATE NOT NULL,
    created_by BIGINT,
    created_at TIMESTAMP NOT NULL,
    proposals INTEGER NOT NULL,
    warnings TEXT NOT NULL
);

CREATE TABLE proposals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    proposal_run_id BIGINT NOT NULL REFERENCES proposal_runs (id),
    model TEXT NOT NULL,
    branch TEXT,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('school', 'municipality', 'leader', 'teacher')),
    school_id BIGINT REFERENCES schools (id),
    municipality_id BIGINT REFERENCES municipalities (id),
    staff_id BIGINT REFERENCES staff (id),
    valid_from DATE NOT NULL,
    valid_to DATE,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'confirmed', 'declined', 'superseded')),
    decided_by BIGINT,
    decided_at TIMESTAMP,
    decision_reason TEXT,
    version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX proposals_run ON proposals (proposal_run_id, id);
CREATE INDEX proposals_school ON proposals (school_id, id);

CREATE TABLE coverage_gaps (
    proposal_run_id BIGINT NOT NULL REFERENCES proposal_runs (id),
    municipality_id BIGINT NOT NULL REFERENCES municipalities (id),
    kind TEXT NOT NULL CHECK (kind IN ('too_few', 'too_many')),
    listed INTEGER NOT NULL,
    PRIMARY KEY (proposal_run_id, municipality_id)
);

CREATE TABLE assignments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    proposal_id BIGINT UNIQUE REFERENCES proposals (id),
    model TEXT NOT NULL,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('school', 'municipality', 'leader', 'teacher')),
    school_id BIGINT REFERENCES schools (id),
    municipality_id BIGINT REFERENCES municipalities (id),
    staff_id BIGINT REFERENCES staff (id),
    valid_from DATE NOT NULL,
    valid_to DATE,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX assignments_school ON assignments (school_id, id);
CREATE INDEX assignments_municipality ON assignments (municipality_id, id);
CREATE INDEX assignments_staff ON assignments (staff_id);

CREATE TABLE assignment_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    assignment_id BIGINT NOT NULL REFERENCES assignments (id),
    kind TEXT NOT NULL CHECK (kind IN ('started', 'paused', 'resumed', 'ended')),
    on_date DATE NOT NULL,
    reason TEXT,
    actor_id BIGINT,
    recorded_at TIMESTAMP NOT NULL
);
CREATE INDEX assignment_events_assignment ON assignment_events (assignment_id, id);
