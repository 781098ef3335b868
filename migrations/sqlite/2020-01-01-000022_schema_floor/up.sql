-- The newest migration that a server must know to serve this schema. A migration that takes away or changes what older servers
-- use raises it; one that only adds leaves it, and older servers go on serving while nodes are replaced one by one.
CREATE TABLE schema_floor (
    migration TEXT NOT NULL PRIMARY KEY
);
INSERT INTO schema_floor (migration) VALUES ('20200101000022');
