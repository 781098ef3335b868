DROP INDEX webhook_deliveries_leased;
DROP INDEX webhook_deliveries_next;
ALTER TABLE webhook_deliveries DROP COLUMN names_people;
