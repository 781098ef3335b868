-- Kept files say how they were drawn: those of another edition are made anew. What was kept before told nothing of it.
DROP TABLE report_files;
CREATE TABLE report_files (
    report_id BIGINT NOT NULL REFERENCES reports (id),
    format TEXT NOT NULL,
    edition TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (report_id, format)
);

-- Whether a report came in time is told by its first submission, whatever the ministry gave back later.
ALTER TABLE reports ADD COLUMN first_submitted_at TIMESTAMP;
UPDATE reports SET first_submitted_at = submitted_at;

-- What facts are counted from grows: notes on staffing are reports.
ALTER TABLE fact_rows DROP CONSTRAINT fact_rows_resource_check;
