-- When a password was last replaced, by its user or by the administrator.
ALTER TABLE users ADD COLUMN password_changed_at TIMESTAMP;
