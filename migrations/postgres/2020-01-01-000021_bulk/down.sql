DROP TABLE import_lines;
ALTER TABLE imports DROP COLUMN by_line;
