DROP TRIGGER append_only ON audit_log;
DROP INDEX audit_log_at;
DROP INDEX audit_log_request;
DROP INDEX audit_log_actor;
DROP TABLE audit_seals;
DROP FUNCTION append_only();
