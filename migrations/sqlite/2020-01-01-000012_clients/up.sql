-- Programs with credentials of their own, and who writes: a user, a client, or the system.
CREATE TABLE service_clients (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    municipality_id BIGINT REFERENCES municipalities (id),
    school_id BIGINT REFERENCES schools (id),
    jwks TEXT,
    expires_at TIMESTAMP,
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    revoked_at TIMESTAMP,
    last_used_at TIMESTAMP,
    epoch BIGINT NOT NULL DEFAULT 1,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK (municipality_id IS NULL OR school_id IS NULL)
);

CREATE TABLE client_secrets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id BIGINT NOT NULL REFERENCES service_clients (id),
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    last_used_at TIMESTAMP
);
CREATE INDEX client_secrets_client ON client_secrets (client_id, id);

-- Assertions that have been used, until they expire: each opens the door once.
CREATE TABLE client_assertions (
    client_id BIGINT NOT NULL REFERENCES service_clients (id),
    jti_hash TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (client_id, jti_hash)
);
CREATE INDEX client_assertions_expiry ON client_assertions (expires_at);

ALTER TABLE audit_log ADD COLUMN actor_kind TEXT NOT NULL DEFAULT 'user' CHECK (actor_kind IN ('system', 'user', 'client'));
UPDATE audit_log SET actor_kind = 'system' WHERE actor_id IS NULL;
ALTER TABLE jobs ADD COLUMN actor_kind TEXT NOT NULL DEFAULT 'user' CHECK (actor_kind IN ('system', 'user', 'client'));
UPDATE jobs SET actor_kind = 'system' WHERE actor_id IS NULL;

-- SQLite cannot change a primary key: the table is made anew.
CREATE TABLE idempotency_keys_new (
    actor_kind TEXT NOT NULL DEFAULT 'user' CHECK (actor_kind IN ('system', 'user', 'client')),
    actor_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER,
    location TEXT,
    body TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (actor_kind, actor_id, key)
);
INSERT INTO idempotency_keys_new (actor_id, key, fingerprint, status, location, body, created_at)
    SELECT actor_id, key, fingerprint, status, location, body, created_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_keys_new RENAME TO idempotency_keys;
