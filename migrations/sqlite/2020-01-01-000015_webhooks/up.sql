-- Subscriptions of other systems to changes, and what is on its way to them.
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'client')),
    owner_id BIGINT NOT NULL,
    owner TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    events TEXT NOT NULL,
    municipality_id BIGINT REFERENCES municipalities (id),
    school_id BIGINT REFERENCES schools (id),
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    disabled_because TEXT,
    secret_sealed TEXT NOT NULL,
    previous_sealed TEXT,
    previous_until TIMESTAMP,
    position TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK (municipality_id IS NULL OR school_id IS NULL)
);

CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id BIGINT NOT NULL REFERENCES webhooks (id),
    message_id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    -- What must be told in order: one record.
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at TIMESTAMP NOT NULL,
    lease_owner TEXT,
    lease_until TIMESTAMP,
    last_status INTEGER,
    last_failure TEXT,
    created_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (state, next_at);
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (webhook_id, subject, id);
