-- When the last message of a webhook was taken, and the first was given up: asked whenever one is given up.
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (webhook_id, state, ended_at);
