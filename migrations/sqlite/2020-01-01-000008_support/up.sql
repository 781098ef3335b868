-- Methodical support given to members of staff: what indicator I2 counts.
CREATE TABLE support_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    form TEXT NOT NULL CHECK (form IN ('course', 'individual_plan', 'consultation', 'mentoring', 'methodical_event', 'internship', 'community')),
    programme TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    completed BOOLEAN NOT NULL,
    import_id BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (staff_id, form, programme, starts_on),
    CHECK (ends_on IS NULL OR starts_on <= ends_on),
    -- It counts from its last day on.
    CHECK (NOT completed OR ends_on IS NOT NULL)
);
