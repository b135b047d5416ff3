-- How often a job's worker, or the server, has died over it since its last checkpoint of a new step.
ALTER TABLE jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
