-- Times are microseconds since 1970 in UTC. Names of repositories have small letters.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE repositories (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE scan_runs (
  id INTEGER PRIMARY KEY,
  record_id TEXT NOT NULL UNIQUE,
  repository_id INTEGER NOT NULL REFERENCES repositories (id),
  recorded_at INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  run_url TEXT NOT NULL,
  scope TEXT NOT NULL,
  is_tracked INTEGER NOT NULL,
  commit_id TEXT NOT NULL,
  tools TEXT NOT NULL,
  issues INTEGER NOT NULL
);
CREATE INDEX scan_runs_by_time ON scan_runs (repository_id, recorded_at, record_id);

CREATE TABLE issues (
  id INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL REFERENCES repositories (id),
  fingerprint TEXT NOT NULL,
  fingerprint_version INTEGER NOT NULL,
  tracking TEXT NOT NULL,
  lifecycle TEXT NOT NULL,
  reason TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  family TEXT NOT NULL,
  tier TEXT NOT NULL,
  score REAL,
  file TEXT NOT NULL,
  start_line INTEGER,
  message TEXT NOT NULL,
  evidence TEXT NOT NULL,
  occurrence INTEGER NOT NULL,
  tool TEXT NOT NULL,
  category TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  first_run TEXT NOT NULL,
  last_seen_at INTEGER NOT NULL,
  last_run TEXT NOT NULL,
  appearances INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  aliases TEXT NOT NULL,
  fixed_at INTEGER,
  fixed_run TEXT NOT NULL,
  doubt TEXT NOT NULL,
  renamed_to TEXT NOT NULL,
  regressions INTEGER NOT NULL,
  UNIQUE (repository_id, fingerprint)
);
CREATE INDEX issues_by_fingerprint ON issues (fingerprint);
CREATE INDEX issues_by_state ON issues (repository_id, tier, lifecycle);

CREATE TABLE aliases (
  alias TEXT NOT NULL,
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  PRIMARY KEY (alias, issue_id)
) WITHOUT ROWID;
CREATE INDEX aliases_by_issue ON aliases (issue_id);

CREATE TABLE appearances (
  issue_id INTEGER NOT NULL REFERENCES issues (id),
  scan_run_id INTEGER NOT NULL REFERENCES scan_runs (id),
  start_line INTEGER,
  PRIMARY KEY (issue_id, scan_run_id)
) WITHOUT ROWID;

CREATE TABLE dispatches (
  intent_id TEXT PRIMARY KEY,
  repository TEXT,
  agent TEXT,
  attempt INTEGER,
  claimed_at INTEGER,
  outcome TEXT,
  outcome_at INTEGER,
  session_id TEXT,
  reason TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX dispatches_by_repository ON dispatches (repository);
CREATE INDEX dispatches_by_session ON dispatches (session_id);

CREATE TABLE dispatch_issues (
  intent_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (intent_id, fingerprint)
) WITHOUT ROWID;
CREATE INDEX dispatch_issues_by_fingerprint ON dispatch_issues (fingerprint);

CREATE TABLE sessions (
  session_id TEXT PRIMARY KEY,
  intent_id TEXT NOT NULL,
  status TEXT NOT NULL,
  url TEXT NOT NULL,
  observed_at INTEGER NOT NULL,
  acu_used REAL,
  detail TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE pull_requests (
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  observed_at INTEGER NOT NULL,
  merged_at INTEGER,
  url TEXT NOT NULL,
  session_id TEXT NOT NULL,
  intent_id TEXT NOT NULL,
  PRIMARY KEY (repository, number)
) WITHOUT ROWID;

CREATE TABLE verifications (
  id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  scan_run_id TEXT NOT NULL,
  pull_request INTEGER,
  session_id TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE verdicts (
  verification_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (verification_id, fingerprint)
) WITHOUT ROWID;
CREATE INDEX verdicts_by_fingerprint ON verdicts (fingerprint);

CREATE TABLE dismissals (
  id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL,
  owner TEXT NOT NULL,
  comment TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX dismissals_by_fingerprint ON dismissals (repository, fingerprint);

CREATE TABLE cycles (
  id TEXT PRIMARY KEY,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  ledger_commit TEXT NOT NULL,
  issues_considered INTEGER NOT NULL,
  decisions INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE damages (path TEXT PRIMARY KEY, repository TEXT NOT NULL, problem TEXT NOT NULL) WITHOUT ROWID;

CREATE VIRTUAL TABLE issues_text USING fts5 (
  rule_id, file, message, content = 'issues', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 0"
);
-- New issues come in bulk (`add_words`): a trigger for each would take ten times as long.
CREATE TRIGGER issues_text_delete AFTER DELETE ON issues BEGIN
  INSERT INTO issues_text (issues_text, rowid, rule_id, file, message)
  VALUES ('delete', old.id, old.rule_id, old.file, old.message);
END;
CREATE TRIGGER issues_text_update AFTER UPDATE OF rule_id, file, message ON issues
WHEN (old.rule_id, old.file, old.message) IS NOT (new.rule_id, new.file, new.message) BEGIN
  INSERT INTO issues_text (issues_text, rowid, rule_id, file, message)
  VALUES ('delete', old.id, old.rule_id, old.file, old.message);
  INSERT INTO issues_text (rowid, rule_id, file, message) VALUES (new.id, new.rule_id, new.file, new.message);
END;
