-- What is said at pull requests, and how sessions were sent back to them. Facts are read again.
ALTER TABLE dispatches ADD COLUMN batch_id TEXT NOT NULL DEFAULT '';
ALTER TABLE dispatches ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE pull_requests ADD COLUMN condition TEXT NOT NULL DEFAULT '';
ALTER TABLE pull_requests ADD COLUMN head_commit TEXT NOT NULL DEFAULT '';
ALTER TABLE pull_requests ADD COLUMN merge_commit TEXT NOT NULL DEFAULT '';
CREATE INDEX pull_requests_merged ON pull_requests (merged_at) WHERE state = 'merged';

-- What somebody else's pull request says that it fixes.
CREATE TABLE pull_request_issues (
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (repository, number, fingerprint)
) WITHOUT ROWID;
CREATE INDEX pull_request_issues_by_fingerprint ON pull_request_issues (fingerprint);

-- Merges that were taken back: a fact of its own, which no later look at the pull request can lose.
CREATE TABLE reverts (
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  reverted_by INTEGER,
  PRIMARY KEY (repository, number)
) WITHOUT ROWID;

-- Claim and outcome come in any order.
CREATE TABLE follow_ups (
  round_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  round INTEGER NOT NULL,
  intent_id TEXT NOT NULL,
  events TEXT NOT NULL DEFAULT '',
  claimed_at INTEGER,
  act_before INTEGER,
  ended_at INTEGER,
  status TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  child TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (round_id, attempt)
) WITHOUT ROWID;
CREATE INDEX follow_ups_by_pull_request ON follow_ups (repository, number);
CREATE INDEX follow_ups_by_intent ON follow_ups (intent_id);
CREATE INDEX verifications_by_pull_request ON verifications (repository, pull_request);

DELETE FROM pull_requests;
DELETE FROM proposals;
DELETE FROM sessions;
DELETE FROM cycles;
DELETE FROM dispatch_issues;
DELETE FROM dispatches;
DELETE FROM meta;
