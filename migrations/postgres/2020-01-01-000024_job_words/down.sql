ALTER TABLE jobs DROP COLUMN problem_detail_ru;
