ALTER TABLE service_clients DROP COLUMN rate_limit;
