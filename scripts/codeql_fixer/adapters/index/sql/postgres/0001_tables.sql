-- Times are microseconds since 1970 in UTC. Names of repositories have small letters.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE repositories (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE scan_runs (
  id BIGINT PRIMARY KEY,
  record_id TEXT NOT NULL UNIQUE,
  repository_id BIGINT NOT NULL REFERENCES repositories (id),
  recorded_at BIGINT NOT NULL,
  run_id TEXT NOT NULL,
  run_url TEXT NOT NULL,
  scope TEXT NOT NULL,
  is_tracked BIGINT NOT NULL,
  commit_id TEXT NOT NULL,
  tools TEXT NOT NULL,
  issues BIGINT NOT NULL
);
CREATE INDEX scan_runs_by_time ON scan_runs (repository_id, recorded_at, record_id);

CREATE TABLE issues (
  id BIGINT PRIMARY KEY,
  repository_id BIGINT NOT NULL REFERENCES repositories (id),
  fingerprint TEXT NOT NULL,
  fingerprint_version BIGINT NOT NULL,
  tracking TEXT NOT NULL,
  lifecycle TEXT NOT NULL,
  reason TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  family TEXT NOT NULL,
  tier TEXT NOT NULL,
  score DOUBLE PRECISION,
  file TEXT NOT NULL,
  start_line BIGINT,
  message TEXT NOT NULL,
  evidence TEXT NOT NULL,
  occurrence BIGINT NOT NULL,
  tool TEXT NOT NULL,
  category TEXT NOT NULL,
  first_seen_at BIGINT NOT NULL,
  first_run TEXT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  last_run TEXT NOT NULL,
  appearances BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  aliases TEXT NOT NULL,
  fixed_at BIGINT,
  fixed_run TEXT NOT NULL,
  doubt TEXT NOT NULL,
  renamed_to TEXT NOT NULL,
  regressions BIGINT NOT NULL,
  UNIQUE (repository_id, fingerprint)
);
CREATE INDEX issues_by_fingerprint ON issues (fingerprint);
CREATE INDEX issues_by_state ON issues (repository_id, tier, lifecycle);

CREATE TABLE aliases (
  alias TEXT NOT NULL,
  issue_id BIGINT NOT NULL REFERENCES issues (id),
  PRIMARY KEY (alias, issue_id)
);
CREATE INDEX aliases_by_issue ON aliases (issue_id);

CREATE TABLE appearances (
  issue_id BIGINT NOT NULL REFERENCES issues (id),
  scan_run_id BIGINT NOT NULL REFERENCES scan_runs (id),
  start_line BIGINT,
  PRIMARY KEY (issue_id, scan_run_id)
);

CREATE TABLE dispatches (
  intent_id TEXT PRIMARY KEY,
  repository TEXT,
  agent TEXT,
  attempt BIGINT,
  claimed_at BIGINT,
  outcome TEXT,
  outcome_at BIGINT,
  session_id TEXT,
  reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX dispatches_by_repository ON dispatches (repository);
CREATE INDEX dispatches_by_session ON dispatches (session_id);

CREATE TABLE dispatch_issues (
  intent_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (intent_id, fingerprint)
);
CREATE INDEX dispatch_issues_by_fingerprint ON dispatch_issues (fingerprint);

CREATE TABLE sessions (
  session_id TEXT PRIMARY KEY,
  intent_id TEXT NOT NULL,
  status TEXT NOT NULL,
  url TEXT NOT NULL,
  observed_at BIGINT NOT NULL,
  acu_used DOUBLE PRECISION,
  detail TEXT NOT NULL
);

CREATE TABLE pull_requests (
  repository TEXT NOT NULL,
  number BIGINT NOT NULL,
  state TEXT NOT NULL,
  observed_at BIGINT NOT NULL,
  merged_at BIGINT,
  url TEXT NOT NULL,
  session_id TEXT NOT NULL,
  intent_id TEXT NOT NULL,
  PRIMARY KEY (repository, number)
);

CREATE TABLE verifications (
  id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  scan_run_id TEXT NOT NULL,
  pull_request BIGINT,
  session_id TEXT NOT NULL
);

CREATE TABLE verdicts (
  verification_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (verification_id, fingerprint)
);
CREATE INDEX verdicts_by_fingerprint ON verdicts (fingerprint);

CREATE TABLE dismissals (
  id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL,
  owner TEXT NOT NULL,
  comment TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  expires_at BIGINT
);
CREATE INDEX dismissals_by_fingerprint ON dismissals (repository, fingerprint);

CREATE TABLE cycles (
  id TEXT PRIMARY KEY,
  started_at BIGINT NOT NULL,
  finished_at BIGINT NOT NULL,
  ledger_commit TEXT NOT NULL,
  issues_considered BIGINT NOT NULL,
  decisions BIGINT NOT NULL
);

CREATE TABLE damages (path TEXT PRIMARY KEY, repository TEXT NOT NULL, problem TEXT NOT NULL);

-- The words of an issue: whatever stands between letters and digits separates them, as in SQLite's index.
CREATE FUNCTION issue_words(rule_id TEXT, file TEXT, message TEXT) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('simple', regexp_replace(rule_id || ' ' || file || ' ' || message, '[^[:alnum:]]+', ' ', 'g'))
$$;
CREATE INDEX issues_text ON issues USING gin (issue_words(rule_id, file, message));
