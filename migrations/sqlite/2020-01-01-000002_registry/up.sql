-- Municipalities, schools and what is known about them.
CREATE TABLE municipalities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    oktmo TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('district', 'city_okrug', 'municipal_okrug', 'city_district')),
    parent_id BIGINT REFERENCES municipalities (id),
    valid_from DATE,
    valid_to DATE,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    CHECK (valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to)
);
CREATE INDEX municipalities_parent ON municipalities (parent_id);

CREATE TABLE schools (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    short_name TEXT,
    name_folded TEXT NOT NULL,
    municipality_id BIGINT REFERENCES municipalities (id),
    ogrn TEXT,
    inn TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('primary', 'basic', 'secondary', 'gymnasium', 'lyceum', 'evening', 'boarding', 'correctional')),
    locality TEXT NOT NULL CHECK (locality IN ('urban', 'rural')),
    founder TEXT NOT NULL CHECK (founder IN ('municipal', 'state', 'private')),
    status TEXT NOT NULL CHECK (status IN ('open', 'closed', 'reorganised')),
    successor_id BIGINT REFERENCES schools (id),
    opened_on DATE,
    closed_on DATE,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    -- Decision 16: a state school has its own founder and no municipality.
    CHECK (founder <> 'municipal' OR municipality_id IS NOT NULL),
    CHECK (successor_id IS NULL OR status <> 'open')
);
CREATE INDEX schools_municipality ON schools (municipality_id, code);
CREATE INDEX schools_successor ON schools (successor_id);
CREATE INDEX schools_name ON schools (name_folded, id);

CREATE TABLE contexts (
    school_id BIGINT NOT NULL REFERENCES schools (id),
    academic_year INTEGER NOT NULL,
    pupils INTEGER NOT NULL CHECK (pupils >= 0),
    both_parents_higher INTEGER,
    one_parent INTEGER,
    low_income INTEGER,
    parent_out_of_work INTEGER,
    on_register INTEGER,
    special_needs INTEGER,
    non_native_language INTEGER,
    wards INTEGER,
    poor_housing INTEGER,
    import_id BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (school_id, academic_year)
);

-- A procedure is (type, academic year, grade, subject): a few dozen a year, so that a result row stays small.
CREATE TABLE procedures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    academic_year INTEGER NOT NULL,
    assessment TEXT NOT NULL CHECK (assessment IN ('VPR', 'OGE', 'EGE', 'NIKO', 'REGIONAL')),
    grade INTEGER NOT NULL CHECK (grade BETWEEN 1 AND 12),
    subject TEXT NOT NULL,
    UNIQUE (academic_year, assessment, grade, subject)
);

CREATE TABLE results (
    school_id BIGINT NOT NULL REFERENCES schools (id),
    procedure_id BIGINT NOT NULL REFERENCES procedures (id),
    attempt TEXT NOT NULL CHECK (attempt IN ('main', 'resit')),
    programme_grade INTEGER,
    -- Bounds that no school reaches: an import refuses more, and a run packs a result into one number.
    participants INTEGER NOT NULL CHECK (participants BETWEEN 0 AND 20000),
    below_minimum INTEGER NOT NULL CHECK (below_minimum BETWEEN 0 AND participants),
    mean_score INTEGER CHECK (mean_score BETWEEN 0 AND 10000),
    mark2 INTEGER,
    mark3 INTEGER,
    mark4 INTEGER,
    mark5 INTEGER,
    import_id BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (school_id, procedure_id, attempt)
) WITHOUT ROWID;
CREATE INDEX results_procedure ON results (procedure_id, school_id);

CREATE TABLE lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    list_year INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    source TEXT,
    act TEXT,
    act_date DATE,
    note TEXT,
    schools INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (list_year, revision)
);
CREATE TABLE list_entries (
    list_id BIGINT NOT NULL REFERENCES lists (id),
    school_id BIGINT NOT NULL REFERENCES schools (id),
    PRIMARY KEY (list_id, school_id)
);
CREATE INDEX list_entries_school ON list_entries (school_id);

CREATE TABLE staff (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    external_id TEXT NOT NULL UNIQUE,
    school_id BIGINT NOT NULL REFERENCES schools (id),
    role TEXT NOT NULL CHECK (role IN ('head', 'deputy', 'teacher', 'psychologist', 'other')),
    subject TEXT,
    full_name TEXT NOT NULL,
    education TEXT,
    category TEXT,
    experience_years INTEGER,
    birth_year INTEGER,
    fte INTEGER,
    import_id BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX staff_school ON staff (school_id, id);

CREATE TABLE designations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('M1', 'M2_wave1', 'M2_wave2', 'high_result', 'innovation_platform')),
    school_id BIGINT REFERENCES schools (id),
    municipality_id BIGINT REFERENCES municipalities (id),
    act TEXT,
    act_date DATE,
    valid_from DATE,
    valid_to DATE,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    CHECK ((school_id IS NULL) <> (municipality_id IS NULL)),
    UNIQUE (kind, school_id),
    UNIQUE (kind, municipality_id)
);
