CREATE TABLE idempotency_keys_old (
    actor_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER,
    location TEXT,
    body TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (actor_id, key)
);
INSERT INTO idempotency_keys_old (actor_id, key, fingerprint, status, location, body, created_at)
    SELECT actor_id, key, fingerprint, status, location, body, created_at FROM idempotency_keys WHERE actor_kind = 'user';
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_keys_old RENAME TO idempotency_keys;
ALTER TABLE jobs DROP COLUMN actor_kind;
ALTER TABLE audit_log DROP COLUMN actor_kind;
DROP TABLE client_assertions;
DROP TABLE client_secrets;
DROP TABLE service_clients;
