-- What was sent to make a job without an Idempotency-Key, hashed: by it the same request, sent again, is known.
ALTER TABLE jobs ADD COLUMN fingerprint TEXT;
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint, n) WHERE fingerprint IS NOT NULL;
