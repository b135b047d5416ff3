-- The checkpoint that a job judges, so that all evaluations of one are found at once. A finetune job's is what it begins with.
ALTER TABLE jobs ADD COLUMN judged TEXT GENERATED ALWAYS AS (
  CASE WHEN kind IN ('knn', 'linear_probe', 'embed') THEN json_extract(config, '$.checkpoint')
    WHEN kind = 'finetune' THEN json_extract(config, '$.init') END
) VIRTUAL;
CREATE INDEX jobs_by_judged ON jobs (judged, n) WHERE judged IS NOT NULL;
