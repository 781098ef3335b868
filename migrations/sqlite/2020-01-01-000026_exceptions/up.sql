-- An assignment by hand of a subject that the rules of the model do not hold.
ALTER TABLE assignments ADD COLUMN exception BOOLEAN NOT NULL DEFAULT FALSE;
