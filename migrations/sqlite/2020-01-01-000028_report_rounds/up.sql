-- What the ministry said of each submission of a report: remarks stay when the report is submitted anew.
CREATE TABLE report_rounds (
    report_id BIGINT NOT NULL REFERENCES reports (id),
    number INTEGER NOT NULL CHECK (number > 0),
    sha256 TEXT NOT NULL,
    submitted_by BIGINT,
    submitted_at TIMESTAMP,
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'returned')),
    remarks TEXT,
    decided_by BIGINT,
    decided_at TIMESTAMP NOT NULL,
    PRIMARY KEY (report_id, number)
);
-- Of earlier reports the last decision is known.
INSERT INTO report_rounds (report_id, number, sha256, submitted_by, submitted_at, outcome, remarks, decided_by, decided_at)
SELECT id, 1, sha256, submitted_by, submitted_at, state, remarks, decided_by, decided_at
FROM reports WHERE state IN ('accepted', 'returned') AND decided_at IS NOT NULL AND sha256 IS NOT NULL;
