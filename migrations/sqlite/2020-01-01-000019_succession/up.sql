-- Districts become okrugs and join others: whoever looks at an earlier day finds the municipality that was there.
ALTER TABLE municipalities ADD COLUMN successor_id BIGINT REFERENCES municipalities (id)
    CHECK (successor_id IS NULL OR valid_to IS NOT NULL);
CREATE INDEX municipalities_successor ON municipalities (successor_id);

-- Where a school was before. Several districts may join one okrug, so the way back does not follow from the successors.
CREATE TABLE former_homes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    school_id BIGINT NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
    municipality_id BIGINT NOT NULL REFERENCES municipalities (id) ON DELETE CASCADE,
    left_at TIMESTAMP NOT NULL
);
CREATE INDEX former_homes_school ON former_homes (school_id, id);
CREATE INDEX former_homes_municipality ON former_homes (municipality_id);

-- What lies in the area of a municipality: itself, the districts of a city, and all whose successor it is, one after another.
CREATE VIEW municipality_areas (area_id, municipality_id) AS
WITH RECURSIVE below (area_id, municipality_id) AS (
    SELECT parent_id, id FROM municipalities WHERE parent_id IS NOT NULL
    UNION
    SELECT successor_id, id FROM municipalities WHERE successor_id IS NOT NULL
    UNION
    SELECT below.area_id, m.id FROM below
    JOIN municipalities m ON m.parent_id = below.municipality_id OR m.successor_id = below.municipality_id
)
SELECT id, id FROM municipalities
UNION ALL
SELECT area_id, municipality_id FROM below;
