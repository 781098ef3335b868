DELETE FROM fact_rows WHERE resource = 'reports';
ALTER TABLE fact_rows ADD CONSTRAINT fact_rows_resource_check CHECK (resource IN ('proposal_runs', 'schools', 'municipalities'));
ALTER TABLE reports DROP COLUMN first_submitted_at;
DROP TABLE report_files;
CREATE TABLE report_files (
    report_id BIGINT NOT NULL REFERENCES reports (id),
    format TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (report_id, format)
);
