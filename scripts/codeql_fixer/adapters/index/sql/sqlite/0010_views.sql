-- Claims with all that was put beside them since; who asks needs no second look at the table.
DROP VIEW claims;
CREATE VIEW claims AS
SELECT d.intent_id, d.repository, d.agent, d.account, d.attempt, d.claimed_at, d.act_before, d.family, d.max_acu,
  d.batch_id, d.parent, d.prompt, d.playbook,
  CASE WHEN t.intent_id IS NULL THEN d.outcome WHEN t.session_id <> '' THEN 'adopted' ELSE 'released' END AS outcome,
  COALESCE(t.at, d.outcome_at) AS outcome_at,
  COALESCE(t.session_id, d.session_id) AS session_id,
  COALESCE(t.reason, d.reason) AS reason
FROM dispatches d LEFT JOIN settlements t ON t.intent_id = d.intent_id;

-- Issues as rows.py reads them: what is tracked, the key, then where it is and how it stands.
CREATE VIEW tracked_issues AS
SELECT i.fingerprint, i.fingerprint_version, i.tracking, i.rule_id, i.family, i.tier, i.score, i.file, i.start_line,
  i.message, i.evidence, i.occurrence, i.tool, i.category, i.first_seen_at, i.first_run, i.last_seen_at, i.last_run,
  i.appearances, i.opened_at, i.aliases, i.fixed_at, i.fixed_run, i.doubt, i.renamed_to, i.regressions, i.reach, i.id,
  r.name AS repository, i.lifecycle, i.reason
FROM issues i JOIN repositories r ON r.id = i.repository_id;
