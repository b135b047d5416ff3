-- Who runs a job, and until when that is believed without another sign of life; NULL for a job that nobody runs.
ALTER TABLE jobs ADD COLUMN lease_holder TEXT;
ALTER TABLE jobs ADD COLUMN lease_until TEXT;
