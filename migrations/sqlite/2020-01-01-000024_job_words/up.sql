-- Why a job failed is told in the language of the reader: problem_detail holds the English words.
ALTER TABLE jobs ADD COLUMN problem_detail_ru TEXT;

-- What has been done in this database once and for all: the stages of the demonstration region.
CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    made_at TIMESTAMP NOT NULL
);
