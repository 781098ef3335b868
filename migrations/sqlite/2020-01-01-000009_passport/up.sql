-- The passport of the system of support: legal acts, six stages with their evidence, and the working group.
CREATE TABLE normative_acts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issuer TEXT NOT NULL,
    issuer_folded TEXT NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    number_folded TEXT NOT NULL,
    signed_on DATE NOT NULL,
    title TEXT NOT NULL,
    basis_for TEXT,
    valid_from DATE NOT NULL,
    valid_to DATE,
    supersedes_id BIGINT REFERENCES normative_acts (id),
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (issuer_folded, number_folded, signed_on),
    CHECK (supersedes_id <> id),
    CHECK (valid_to >= valid_from)
);
CREATE INDEX normative_acts_supersedes ON normative_acts (supersedes_id);

-- Exactly six: they are made here and only change.
CREATE TABLE passport_stages (
    stage TEXT NOT NULL PRIMARY KEY
        CHECK (stage IN ('goals', 'indicators', 'monitoring', 'analysis', 'measures', 'evaluation')),
    criteria TEXT NOT NULL,
    started_on DATE,
    done_on DATE,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP,
    CHECK (done_on >= started_on)
);
INSERT INTO passport_stages (stage, criteria)
VALUES ('goals', '[]'), ('indicators', '[]'), ('monitoring', '[]'), ('analysis', '[]'), ('measures', '[]'), ('evaluation', '[]');

CREATE TABLE passport_evidence (
    stage TEXT NOT NULL REFERENCES passport_stages (stage),
    place INTEGER NOT NULL,
    title TEXT NOT NULL,
    url TEXT,
    act_id BIGINT REFERENCES normative_acts (id),
    PRIMARY KEY (stage, place),
    CHECK ((url IS NULL) <> (act_id IS NULL))
);
CREATE INDEX passport_evidence_act ON passport_evidence (act_id);

-- Who holds a seat from when to when; a change of the holder is a new row.
CREATE TABLE working_group_seats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seat INTEGER NOT NULL CHECK (seat BETWEEN 1 AND 13),
    role TEXT NOT NULL CHECK (role IN ('chair', 'deputy_chair', 'secretary', 'member')),
    organisation TEXT NOT NULL,
    position TEXT NOT NULL,
    holder TEXT NOT NULL,
    by_agreement BOOLEAN NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (seat, valid_from),
    CHECK (valid_to >= valid_from)
);
