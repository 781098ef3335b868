-- What leaves without a login: editions of the public summary, and the tokens in the addresses of feeds.
CREATE TABLE public_summaries (
    month TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL
);

CREATE TABLE feed_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('calendar', 'reports')),
    plan_id BIGINT REFERENCES plans (id),
    executor TEXT,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP,
    revoked_at TIMESTAMP,
    CHECK ((kind = 'calendar') = (plan_id IS NOT NULL) AND (plan_id IS NULL) = (executor IS NULL))
);
CREATE INDEX feed_tokens_user ON feed_tokens (user_id, id);
