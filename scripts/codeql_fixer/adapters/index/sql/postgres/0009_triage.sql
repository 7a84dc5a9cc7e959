-- What agents make of issues. Its claim is among the dispatches, with no repository and no issue of them: it fixes none.
-- Records come in any order, so an outcome may be there before its claim.
CREATE TABLE triages (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL DEFAULT '',
  ended_at BIGINT
);
CREATE INDEX triages_by_end ON triages (ended_at);

CREATE TABLE triage_issues (
  triage_id TEXT NOT NULL,
  repository TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  formula DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (triage_id, fingerprint)
);
CREATE INDEX triage_issues_by_issue ON triage_issues (repository, fingerprint);

CREATE TABLE triage_scores (
  triage_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  points BIGINT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (triage_id, fingerprint)
);
