-- What is learned. Claims say by which versions agents were told, issues in which language they are: read again.
ALTER TABLE issues ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE dispatches ADD COLUMN prompt TEXT NOT NULL DEFAULT '';
ALTER TABLE dispatches ADD COLUMN playbook TEXT NOT NULL DEFAULT '';

DROP VIEW claims;
CREATE VIEW claims AS
SELECT d.intent_id, d.repository, d.agent, d.account, d.attempt, d.claimed_at, d.act_before, d.family, d.max_acu,
  d.prompt, d.playbook,
  CASE WHEN t.intent_id IS NULL THEN d.outcome WHEN t.session_id <> '' THEN 'adopted' ELSE 'released' END AS outcome,
  COALESCE(t.at, d.outcome_at) AS outcome_at,
  COALESCE(t.session_id, d.session_id) AS session_id,
  COALESCE(t.reason, d.reason) AS reason
FROM dispatches d LEFT JOIN settlements t ON t.intent_id = d.intent_id;

-- What became of each attempt at an issue; renewed for the repositories that a catch-up concerns. It takes the place of
-- counts by family and day.
DROP TABLE fix_counts;
CREATE TABLE tries (
  intent_id TEXT NOT NULL,
  issue_id BIGINT NOT NULL,
  repository TEXT NOT NULL,
  family TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  language TEXT NOT NULL,
  agent TEXT NOT NULL,
  prompt TEXT NOT NULL,
  playbook TEXT NOT NULL,
  claimed_at BIGINT NOT NULL,
  fixed BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  merged BIGINT NOT NULL,
  unmerged BIGINT NOT NULL,
  fixed_at BIGINT,
  PRIMARY KEY (intent_id, issue_id)
);
CREATE INDEX tries_by_repository ON tries (repository);
-- A plan reads all of it, and nothing else of the table.
CREATE INDEX tries_by_rule ON tries (family, rule_id, claimed_at, fixed, failed);
CREATE INDEX tries_merged ON tries (claimed_at) WHERE merged = 1;

CREATE TABLE fix_examples (
  id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  owner TEXT NOT NULL,
  number BIGINT NOT NULL,
  fingerprint TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  family TEXT NOT NULL,
  language TEXT NOT NULL,
  url TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  diff TEXT NOT NULL
);
CREATE INDEX fix_examples_of_family ON fix_examples (family, recorded_at);
CREATE INDEX fix_examples_of_repository ON fix_examples (repository, rule_id);

DELETE FROM meta;
