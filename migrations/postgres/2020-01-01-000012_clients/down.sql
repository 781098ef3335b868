DELETE FROM idempotency_keys WHERE actor_kind <> 'user';
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey;
ALTER TABLE idempotency_keys DROP COLUMN actor_kind;
ALTER TABLE idempotency_keys ADD PRIMARY KEY (actor_id, key);
ALTER TABLE jobs DROP COLUMN actor_kind;
ALTER TABLE audit_log DROP COLUMN actor_kind;
DROP TABLE client_assertions;
DROP TABLE client_secrets;
DROP TABLE service_clients;
