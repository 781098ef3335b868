-- Rights are looked at when a message is sent, not only when it is made.
ALTER TABLE webhook_deliveries ADD COLUMN names_people BOOLEAN NOT NULL DEFAULT FALSE;
-- What was given up before may be replayed at any time, and does not say whether it tells of people: it is taken to do so.
UPDATE webhook_deliveries SET names_people = TRUE
    WHERE state = 'dead' AND (event LIKE 'support-records.%' OR event LIKE 'proposals.%' OR event LIKE 'assignments.%');
-- The next messages of each webhook, and what is on its way.
CREATE INDEX webhook_deliveries_next ON webhook_deliveries (webhook_id, state, id);
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease_until) WHERE lease_until IS NOT NULL;
