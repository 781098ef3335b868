DELETE FROM fact_rows WHERE resource = 'reports';
CREATE TABLE fact_rows_anew (
    fact_id BIGINT NOT NULL REFERENCES activity_facts (id),
    resource TEXT NOT NULL CHECK (resource IN ('proposal_runs', 'schools', 'municipalities')),
    row_id BIGINT NOT NULL,
    PRIMARY KEY (fact_id, resource, row_id)
) WITHOUT ROWID;
INSERT INTO fact_rows_anew SELECT fact_id, resource, row_id FROM fact_rows;
DROP TABLE fact_rows;
ALTER TABLE fact_rows_anew RENAME TO fact_rows;
ALTER TABLE reports DROP COLUMN first_submitted_at;
DROP TABLE report_files;
CREATE TABLE report_files (
    report_id BIGINT NOT NULL REFERENCES reports (id),
    format TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (report_id, format)
);
