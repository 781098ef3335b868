DROP TRIGGER audit_log_delete;
DROP TRIGGER audit_log_update;
DROP INDEX audit_log_at;
DROP INDEX audit_log_request;
DROP INDEX audit_log_actor;
DROP TABLE audit_seals;
