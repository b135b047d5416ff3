-- A checkpoint that was imported is of no job; and what it is a model of is told without opening its files. SQLite changes
-- a column by making the table anew; rows keep their rowid, by which the last listed is known.
CREATE TABLE models (
  id TEXT PRIMARY KEY,
  job TEXT REFERENCES jobs (id), -- NULL: imported
  arch TEXT NOT NULL,
  px INTEGER NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  metrics TEXT NOT NULL,
  files TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
INSERT INTO models (rowid, id, job, arch, px, step, epoch, metrics, files, created_at)
  SELECT c.rowid, c.id, c.job, json_extract(j.config, '$.arch'), json_extract(j.config, '$.px'),
    c.step, c.epoch, c.metrics, c.files, c.created_at
  FROM checkpoints c JOIN jobs j ON j.id = c.job;
CREATE TABLE named AS SELECT alias, checkpoint FROM aliases;
DROP TABLE aliases;
DROP TABLE checkpoints;
ALTER TABLE models RENAME TO checkpoints;
CREATE INDEX checkpoints_by_job ON checkpoints (job, id);
CREATE TABLE aliases (
  alias TEXT PRIMARY KEY,
  checkpoint TEXT NOT NULL REFERENCES checkpoints (id)
) STRICT;
INSERT INTO aliases SELECT alias, checkpoint FROM named;
DROP TABLE named;
