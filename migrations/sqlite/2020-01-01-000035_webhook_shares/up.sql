-- Rights are looked at when a message is sent, not only when it is made.
ALTER TABLE webhook_deliveries ADD COLUMN names_people BOOLEAN NOT NULL DEFAULT FALSE;
-- The next messages of each webhook, and what is on its way.
CREATE INDEX webhook_deliveries_next ON webhook_deliveries (webhook_id, state, id);
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease_until) WHERE lease_until IS NOT NULL;
