CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ingesting', 'ready', 'failed')),
  summary TEXT NOT NULL, -- JSON: counts, splits, channel statistics, fingerprint
  error TEXT, -- JSON
  created_at TEXT NOT NULL
) STRICT;

-- A job outlives its dataset once it has ended, so `dataset` is no foreign key.
CREATE TABLE jobs (
  n INTEGER PRIMARY KEY AUTOINCREMENT, -- place in the queue
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
  dataset TEXT NOT NULL,
  config TEXT NOT NULL, -- JSON, as are metadata, progress, metrics, result and error
  metadata TEXT NOT NULL,
  progress TEXT,
  metrics TEXT,
  result TEXT,
  attempt INTEGER NOT NULL,
  error TEXT,
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT
) STRICT;
CREATE INDEX jobs_by_status ON jobs (status, n);
CREATE INDEX jobs_by_dataset ON jobs (dataset, status);

CREATE TABLE events (
  job TEXT NOT NULL REFERENCES jobs (id),
  seq INTEGER NOT NULL CHECK (seq > 0),
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  job TEXT NOT NULL REFERENCES jobs (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  id TEXT PRIMARY KEY,
  job TEXT NOT NULL REFERENCES jobs (id),
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  metrics TEXT NOT NULL,
  files TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX checkpoints_by_job ON checkpoints (job, id);

CREATE TABLE aliases (
  alias TEXT PRIMARY KEY,
  checkpoint TEXT NOT NULL REFERENCES checkpoints (id)
) STRICT;
