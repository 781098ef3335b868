-- Kept files say how they were drawn: those of another edition are made anew. What was kept before told nothing of it.
DROP TABLE report_files;
CREATE TABLE report_files (
    report_id BIGINT NOT NULL REFERENCES reports (id),
    format TEXT NOT NULL,
    edition TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (report_id, format)
);

-- Whether a report came in time is told by its first submission, whatever the ministry gave back later.
ALTER TABLE reports ADD COLUMN first_submitted_at TIMESTAMP;
UPDATE reports SET first_submitted_at = submitted_at;

-- What facts are counted from grows: notes on staffing are reports.
CREATE TABLE fact_rows_anew (
    fact_id BIGINT NOT NULL REFERENCES activity_facts (id),
    resource TEXT NOT NULL,
    row_id BIGINT NOT NULL,
    PRIMARY KEY (fact_id, resource, row_id)
) WITHOUT ROWID;
INSERT INTO fact_rows_anew SELECT fact_id, resource, row_id FROM fact_rows;
DROP TABLE fact_rows;
ALTER TABLE fact_rows_anew RENAME TO fact_rows;
