-- A client that harvests asks more often than one that looks something up.
ALTER TABLE service_clients ADD COLUMN rate_limit INTEGER CHECK (rate_limit BETWEEN 1 AND 1000000);
