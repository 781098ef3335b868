-- Why a job failed is told in the language of the reader: problem_detail holds the English words.
ALTER TABLE jobs ADD COLUMN problem_detail_ru TEXT;
