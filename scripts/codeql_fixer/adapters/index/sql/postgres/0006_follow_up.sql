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
  number BIGINT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (repository, number, fingerprint)
);
CREATE INDEX pull_request_issues_by_fingerprint ON pull_request_issues (fingerprint);

-- Merges that were taken back: a fact of its own, which no later look at the pull request can lose.
CREATE TABLE reverts (
  repository TEXT NOT NULL,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL,
  reverted_by BIGINT,
  PRIMARY KEY (repository, number)
);

-- Claim and outcome come in any order.
CREATE TABLE follow_ups (
  round_id TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  repository TEXT NOT NULL,
  number BIGINT NOT NULL,
  round BIGINT NOT NULL,
  intent_id TEXT NOT NULL,
  events TEXT NOT NULL DEFAULT '',
  claimed_at BIGINT,
  act_before BIGINT,
  ended_at BIGINT,
  status TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  child TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (round_id, attempt)
);
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
