DROP INDEX webhook_deliveries_ended;
