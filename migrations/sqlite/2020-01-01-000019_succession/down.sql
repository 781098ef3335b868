DROP VIEW municipality_areas;
DROP TABLE former_homes;
DROP INDEX municipalities_successor;
ALTER TABLE municipalities DROP COLUMN successor_id;
