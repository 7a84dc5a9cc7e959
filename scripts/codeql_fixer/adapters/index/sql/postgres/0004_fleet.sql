-- What the fleet is planned by. Issues of one standing, tier, family, reach and recurrence score alike but for their age, so
-- they stand in one line, oldest first: whoever wants the most important ones reads the fronts of some lines.
ALTER TABLE repositories ADD COLUMN standing TEXT NOT NULL DEFAULT '';
ALTER TABLE issues ADD COLUMN standing TEXT NOT NULL DEFAULT '';
ALTER TABLE issues ADD COLUMN reach BIGINT NOT NULL DEFAULT 0;
ALTER TABLE issues ADD COLUMN recurrence BIGINT
  GENERATED ALWAYS AS (CASE WHEN appearances < 6 THEN appearances ELSE 6 END) STORED;
CREATE INDEX issues_in_line ON issues (standing, tier, family, reach, recurrence, opened_at, id)
  WHERE lifecycle IN ('new', 'recurring', 'regressed') AND standing <> '';
CREATE INDEX issues_of_family ON issues (repository_id, family, tier, recurrence, opened_at, id)
  WHERE lifecycle IN ('new', 'recurring', 'regressed');
CREATE INDEX pull_requests_open ON pull_requests (repository) WHERE state = 'open';

-- A claim is over when nothing came of it, or its session has ended: most are, and nobody reads those again.
ALTER TABLE dispatches ADD COLUMN is_over BIGINT NOT NULL DEFAULT 0;
CREATE INDEX dispatches_going_on ON dispatches (intent_id) WHERE is_over = 0;
CREATE INDEX dispatches_by_family ON dispatches (family, claimed_at);

-- Scans that were asked for; one is running until a scan comes or it takes too long.
CREATE TABLE scan_requests (
  repository TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (repository, at)
);

-- The first observation of each objective.
CREATE TABLE baselines (
  definition TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  issues BIGINT NOT NULL
);

-- Counts that would cost a walk through all issues; renewed for the repositories that a catch-up concerns.
CREATE TABLE open_counts (
  repository TEXT NOT NULL,
  tier TEXT NOT NULL,
  issues BIGINT NOT NULL,
  PRIMARY KEY (repository, tier)
);
CREATE TABLE fix_counts (
  repository TEXT NOT NULL,
  family TEXT NOT NULL,
  day BIGINT NOT NULL,
  fixed BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  PRIMARY KEY (repository, family, day)
);

DELETE FROM appearances;
DELETE FROM aliases;
DELETE FROM issues;
DELETE FROM scan_runs;
DELETE FROM cycles;
DELETE FROM meta;
