-- People whom a foreign issuer vouches for: known by the issuer and by who they are for it.
ALTER TABLE users ADD COLUMN issuer TEXT;
ALTER TABLE users ADD COLUMN subject TEXT CHECK ((subject IS NULL) = (issuer IS NULL));
ALTER TABLE users ADD COLUMN vouched_at TIMESTAMP;
CREATE UNIQUE INDEX users_subject ON users (issuer, subject);
