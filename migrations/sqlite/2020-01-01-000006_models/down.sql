DROP TABLE assignment_events;
DROP TABLE assignments;
DROP TABLE coverage_gaps;
DROP TABLE proposals;
DROP TABLE proposal_runs;
