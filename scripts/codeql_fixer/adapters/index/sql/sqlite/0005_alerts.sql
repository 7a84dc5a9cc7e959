-- The outbox. Records come in any order: an outcome may be there before its claim, and both before their alert.
CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  event TEXT NOT NULL,
  key TEXT NOT NULL,
  repository TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  recorded_at BIGINT NOT NULL
);

-- Who is to hear of it. It is over when it was delivered or is not wanted: most are, and nobody reads those again.
CREATE TABLE alert_recipients (
  alert TEXT NOT NULL,
  channel TEXT NOT NULL,
  is_over BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (alert, channel)
);
CREATE INDEX alert_recipients_waiting ON alert_recipients (alert, channel) WHERE is_over = 0;

CREATE TABLE alert_attempts (
  alert TEXT NOT NULL,
  channel TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  act_before BIGINT,
  ended_at BIGINT,
  status TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (alert, channel, attempt)
);
