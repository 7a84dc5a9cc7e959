-- News of what happened, asked for by time: each index has what a cycle reads, and nothing else.
CREATE INDEX scan_runs_by_news ON scan_runs (recorded_at) WHERE is_tracked = 1;
CREATE INDEX dispatches_by_outcome ON dispatches (outcome_at) WHERE outcome IN ('created', 'adopted');
CREATE INDEX sessions_by_end ON sessions (observed_at) WHERE status IN ('finished', 'failed', 'stopped', 'budget_stop');
CREATE INDEX issues_by_proof ON issues (fixed_at) WHERE lifecycle = 'verified_fixed';
CREATE INDEX issues_by_deadline ON issues (tier, opened_at) WHERE fixed_at IS NULL AND tracking <> 'renamed';
CREATE INDEX issues_for_people ON issues (id) WHERE lifecycle = 'needs_human';

ALTER TABLE alerts ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';

-- What is asked is what one channel has still to hear, however much waits for others.
DROP INDEX alert_recipients_waiting;
CREATE INDEX alert_recipients_waiting ON alert_recipients (channel, alert) WHERE is_over = 0;

-- Alerts that are told as part of another one.
CREATE TABLE alert_members (id TEXT PRIMARY KEY, alert TEXT NOT NULL);

-- Since when a channel is on record, by itself or by an alert for it: news from long before are none.
CREATE TABLE alert_channels (channel TEXT PRIMARY KEY, first_at BIGINT NOT NULL);
INSERT INTO alert_channels (channel, first_at)
SELECT r.channel, MIN(a.recorded_at) FROM alert_recipients r JOIN alerts a ON a.id = r.alert GROUP BY r.channel;
