-- Requests of busy callers, by node and minute since 1970: what nodes tell each other. Worth nothing after a crash.
CREATE TABLE rate_tallies (
    node TEXT NOT NULL,
    caller TEXT NOT NULL,
    minute BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (node, caller, minute)
);
