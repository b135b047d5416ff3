-- Which fields of its config a job was sent with, as JSON pointers in an array; NULL: it was not kept yet.
ALTER TABLE jobs ADD COLUMN given TEXT;
-- Lists are newest first, by whatever they are filtered. The first two still count and look for jobs of a state.
DROP INDEX jobs_by_kind;
DROP INDEX jobs_by_dataset;
CREATE INDEX jobs_by_kind ON jobs (kind, status, id);
CREATE INDEX jobs_by_dataset ON jobs (dataset, status, id);
CREATE INDEX jobs_of_status ON jobs (status, id);
CREATE INDEX jobs_of_kind ON jobs (kind, id);
CREATE INDEX jobs_of_dataset ON jobs (dataset, id);
-- What a job has told besides its figures, which are a row a second.
CREATE INDEX events_told ON events (job, seq) WHERE type <> 'metrics';
-- What an alias named before, which may be gone.
ALTER TABLE aliases ADD COLUMN previous TEXT;
