-- How a dataset is to be made of its archive, as JSON: an ingest that a crash cut short is done again by them.
ALTER TABLE datasets ADD COLUMN settings TEXT NOT NULL DEFAULT '{"short_side": 256, "max_rejected": 0.01}';
