-- Who a claim and a pull request belong to, and what a person said about claims. Facts are read again.
ALTER TABLE dispatches ADD COLUMN account TEXT NOT NULL DEFAULT '';

-- Which attempts a pull request is said to belong to: all that were ever named, so that none can take it from another.
CREATE TABLE proposals (
  repository TEXT NOT NULL,
  number BIGINT NOT NULL,
  intent_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  PRIMARY KEY (repository, number, intent_id, session_id)
);
CREATE INDEX proposals_by_intent ON proposals (intent_id);
CREATE INDEX proposals_by_session ON proposals (session_id);

-- What a person said about claims of which nobody could tell what became of them.
CREATE TABLE settlements (
  intent_id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  session_id TEXT NOT NULL,
  reason TEXT NOT NULL
);

CREATE VIEW claims AS
SELECT d.intent_id, d.repository, d.agent, d.account, d.attempt, d.claimed_at, d.act_before, d.family, d.max_acu,
  CASE WHEN t.intent_id IS NULL THEN d.outcome WHEN t.session_id <> '' THEN 'adopted' ELSE 'released' END AS outcome,
  COALESCE(t.at, d.outcome_at) AS outcome_at,
  COALESCE(t.session_id, d.session_id) AS session_id,
  COALESCE(t.reason, d.reason) AS reason
FROM dispatches d LEFT JOIN settlements t ON t.intent_id = d.intent_id;

DELETE FROM pull_requests;
DELETE FROM sessions;
DELETE FROM cycles;
DELETE FROM dispatch_issues;
DELETE FROM dispatches;
DELETE FROM pauses;
DELETE FROM meta;
