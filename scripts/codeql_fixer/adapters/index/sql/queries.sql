-- name: position
SELECT name, value FROM meta;

-- name: set_position*!
INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: repository^
SELECT id, standing FROM repositories WHERE name = :name;

-- name: add_repository!
INSERT INTO repositories (name) VALUES (:name) ON CONFLICT (name) DO NOTHING;

-- name: known_runs
SELECT s.record_id FROM scan_runs s JOIN repositories r ON r.id = s.repository_id WHERE r.name = :repository;

-- name: last_run^
SELECT s.recorded_at, s.record_id FROM scan_runs s JOIN repositories r ON r.id = s.repository_id
WHERE r.name = :repository ORDER BY s.recorded_at DESC, s.record_id DESC LIMIT 1;

-- name: next_issue_id$
SELECT COALESCE(MAX(id), 0) + 1 FROM issues;

-- name: next_run_id$
SELECT COALESCE(MAX(id), 0) + 1 FROM scan_runs;

-- name: add_runs*!
INSERT INTO scan_runs
  (id, record_id, repository_id, recorded_at, run_id, run_url, scope, is_tracked, commit_id, tools, issues)
VALUES
  (:id, :record_id, :repository_id, :recorded_at, :run_id, :run_url, :scope, :is_tracked, :commit_id, :tools, :issues);

-- name: add_appearances*!
INSERT INTO appearances (issue_id, scan_run_id, start_line) VALUES (:issue, :run, :line);

-- name: add_issues*!
INSERT INTO issues
  (id, repository_id, lifecycle, reason, fingerprint, fingerprint_version, tracking, rule_id, family, tier, score, file,
   start_line, message, evidence, occurrence, tool, category, first_seen_at, first_run, last_seen_at, last_run,
   appearances, opened_at, aliases, fixed_at, fixed_run, doubt, renamed_to, regressions, reach, standing, language)
VALUES
  (:id, :repository_id, :lifecycle, :reason, :fingerprint, :fingerprint_version, :tracking, :rule_id, :family, :tier,
   :score, :file, :start_line, :message, :evidence, :occurrence, :tool, :category, :first_seen_at, :first_run,
   :last_seen_at, :last_run, :appearances, :opened_at, :aliases, :fixed_at, :fixed_run, :doubt,
   :renamed_to, :regressions, :reach, :standing, :language);

-- name: update_issues*!
UPDATE issues SET
  lifecycle = :lifecycle, reason = :reason, tracking = :tracking, rule_id = :rule_id, family = :family, tier = :tier,
  score = :score, file = :file, language = :language, start_line = :start_line, message = :message, first_seen_at = :first_seen_at,
  first_run = :first_run, last_seen_at = :last_seen_at, last_run = :last_run, appearances = :appearances,
  opened_at = :opened_at, tool = :tool, category = :category, fixed_at = :fixed_at, fixed_run = :fixed_run, doubt = :doubt,
  renamed_to = :renamed_to, regressions = :regressions, reach = :reach
WHERE id = :id;

-- name: add_aliases*!
INSERT INTO aliases (alias, issue_id) VALUES (:alias, :issue) ON CONFLICT DO NOTHING;

-- name: save_lifecycles*!
UPDATE issues SET lifecycle = :lifecycle, reason = :reason WHERE id = :id AND (lifecycle, reason) <> (:lifecycle, :reason);

-- name: issues_of
SELECT * FROM tracked_issues WHERE repository = :repository;

-- name: forget_appearances!
DELETE FROM appearances WHERE issue_id IN (
  SELECT i.id FROM issues i JOIN repositories r ON r.id = i.repository_id WHERE r.name = :repository);

-- name: forget_aliases!
DELETE FROM aliases WHERE issue_id IN (
  SELECT i.id FROM issues i JOIN repositories r ON r.id = i.repository_id WHERE r.name = :repository);

-- name: forget_issues!
DELETE FROM issues WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository);

-- name: forget_runs!
DELETE FROM scan_runs WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository);

-- name: add_intent!
INSERT INTO dispatches
  (intent_id, repository, agent, account, attempt, claimed_at, act_before, family, max_acu, batch_id, parent, prompt,
   playbook)
VALUES
  (:intent_id, :repository, :agent, :account, :attempt, :claimed_at, :act_before, :family, :max_acu, :batch_id, :parent,
   :prompt, :playbook)
ON CONFLICT (intent_id) DO UPDATE SET
  repository = excluded.repository, agent = excluded.agent, attempt = excluded.attempt, claimed_at = excluded.claimed_at,
  act_before = excluded.act_before, family = excluded.family, max_acu = excluded.max_acu, account = excluded.account,
  batch_id = excluded.batch_id, parent = excluded.parent, prompt = excluded.prompt, playbook = excluded.playbook
WHERE dispatches.claimed_at IS NULL OR excluded.claimed_at < dispatches.claimed_at;

-- name: add_intent_issues*!
INSERT INTO dispatch_issues (intent_id, fingerprint) VALUES (:intent_id, :fingerprint) ON CONFLICT DO NOTHING;

-- name: add_outcome!
INSERT INTO dispatches (intent_id, outcome, outcome_at, session_id, reason)
VALUES (:intent_id, :outcome, :outcome_at, :session_id, :reason)
ON CONFLICT (intent_id) DO UPDATE SET
  outcome = excluded.outcome, outcome_at = excluded.outcome_at, session_id = excluded.session_id, reason = excluded.reason
WHERE dispatches.outcome_at IS NULL OR excluded.outcome_at < dispatches.outcome_at;

-- name: repository_of_intent$
SELECT repository FROM dispatches WHERE intent_id = :intent_id AND repository IS NOT NULL;

-- name: repositories_of_attempt
SELECT DISTINCT repository FROM dispatches
WHERE (intent_id = :intent_id OR (session_id = :session_id AND session_id <> '')) AND repository IS NOT NULL;

-- name: add_session!
INSERT INTO sessions (session_id, intent_id, status, url, observed_at, acu_used, detail)
VALUES (:session_id, :intent_id, :status, :url, :observed_at, :acu_used, :detail)
ON CONFLICT (session_id) DO UPDATE SET
  intent_id = excluded.intent_id, status = excluded.status, url = excluded.url, observed_at = excluded.observed_at,
  acu_used = excluded.acu_used, detail = excluded.detail
WHERE (excluded.observed_at, excluded.status, excluded.detail) > (sessions.observed_at, sessions.status, sessions.detail);

-- name: add_pull_request!
INSERT INTO pull_requests
  (repository, number, state, observed_at, merged_at, url, session_id, intent_id, condition, head_commit, merge_commit)
VALUES
  (:repository, :number, :state, :observed_at, :merged_at, :url, :session_id, :intent_id, :condition, :head_commit,
   :merge_commit)
ON CONFLICT (repository, number) DO UPDATE SET
  state = excluded.state, observed_at = excluded.observed_at, merged_at = excluded.merged_at, url = excluded.url,
  session_id = excluded.session_id, intent_id = excluded.intent_id, condition = excluded.condition,
  head_commit = excluded.head_commit, merge_commit = excluded.merge_commit
WHERE (excluded.observed_at, excluded.state, excluded.url, excluded.condition)
  > (pull_requests.observed_at, pull_requests.state, pull_requests.url, pull_requests.condition);

-- name: add_pull_request_issues*!
INSERT INTO pull_request_issues (repository, number, fingerprint) VALUES (:repository, :number, :fingerprint)
ON CONFLICT DO NOTHING;

-- name: add_revert!
INSERT INTO reverts (repository, number, at, reverted_by) VALUES (:repository, :number, :at, :reverted_by)
ON CONFLICT (repository, number) DO UPDATE SET at = excluded.at, reverted_by = excluded.reverted_by
WHERE (excluded.at, excluded.reverted_by) > (reverts.at, reverts.reverted_by);

-- name: add_verification!
INSERT INTO verifications (id, repository, recorded_at, scan_run_id, pull_request, session_id)
VALUES (:id, :repository, :recorded_at, :scan_run_id, :pull_request, :session_id) ON CONFLICT DO NOTHING;

-- name: add_verdicts*!
INSERT INTO verdicts (verification_id, fingerprint, verdict, reason)
VALUES (:verification_id, :fingerprint, :verdict, :reason) ON CONFLICT DO NOTHING;

-- name: add_dismissal!
INSERT INTO dismissals (id, repository, fingerprint, reason, owner, comment, recorded_at, expires_at)
VALUES (:id, :repository, :fingerprint, :reason, :owner, :comment, :recorded_at, :expires_at) ON CONFLICT DO NOTHING;

-- name: add_cycle!
INSERT INTO cycles (id, started_at, finished_at, ledger_commit, issues_considered, decisions)
VALUES (:id, :started_at, :finished_at, :ledger_commit, :issues_considered, :decisions) ON CONFLICT DO NOTHING;

-- name: add_proposal!
INSERT INTO proposals (repository, number, intent_id, session_id)
VALUES (:repository, :number, :intent_id, :session_id) ON CONFLICT DO NOTHING;

-- name: repositories_of_pull_request
SELECT DISTINCT d.repository FROM proposals l
JOIN dispatches d ON d.intent_id = l.intent_id OR (l.intent_id = '' AND l.session_id <> '' AND d.session_id = l.session_id)
WHERE l.repository = :repository AND l.number = :number AND d.repository IS NOT NULL
UNION
SELECT x.repository FROM pull_request_issues x WHERE x.repository = :repository AND x.number = :number;

-- name: set_settlement!
INSERT INTO settlements (intent_id, at, session_id, reason) VALUES (:intent_id, :at, :session_id, :reason)
ON CONFLICT (intent_id) DO UPDATE SET at = excluded.at, session_id = excluded.session_id, reason = excluded.reason
WHERE (excluded.at, excluded.session_id, excluded.reason) > (settlements.at, settlements.session_id, settlements.reason);

-- name: attempts_of
WITH linked AS (
  SELECT d.intent_id AS intent_id, l.repository AS repository, l.number AS number
  FROM claims d JOIN proposals l ON l.intent_id = d.intent_id WHERE d.repository = :repository
  UNION
  SELECT d.intent_id, l.repository, l.number
  FROM claims d JOIN proposals l ON l.session_id = d.session_id AND l.intent_id = '' AND l.session_id <> ''
  WHERE d.repository = :repository
)
SELECT di.fingerprint, d.intent_id, d.claimed_at, d.outcome, d.session_id, s.status, p.state, p.merged_at, p.observed_at,
  d.attempt, d.agent, s.observed_at, COALESCE(NULLIF(s.detail, ''), d.reason), v.at,
  (SELECT MAX(f.reason) FROM follow_ups f WHERE f.intent_id = d.intent_id AND f.status = 'asked'), 1, p.repository, p.number
FROM claims d
JOIN dispatch_issues di ON di.intent_id = d.intent_id
LEFT JOIN sessions s ON s.session_id = d.session_id
LEFT JOIN linked k ON k.intent_id = d.intent_id
LEFT JOIN pull_requests p ON p.repository = k.repository AND p.number = k.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE d.repository = :repository AND d.claimed_at IS NOT NULL
UNION ALL
SELECT x.fingerprint, 'pull-request-' || p.number, p.observed_at, 'created', '', NULL, p.state, p.merged_at, p.observed_at,
  0, '', NULL, '', v.at, NULL, 0, p.repository, p.number
FROM pull_request_issues x JOIN pull_requests p ON p.repository = x.repository AND p.number = x.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE x.repository = :repository
ORDER BY 3, 2, 17, 18;

-- name: claims
-- The plus and CROSS JOIN keep SQLite from walking through all claims by time. A triage has no issues.
WITH wanted AS (
  SELECT intent_id FROM dispatches WHERE claimed_at > :since
  UNION
  SELECT intent_id FROM dispatches WHERE is_over = 0
  UNION
  SELECT l.intent_id FROM pull_requests p
  JOIN proposals l ON l.repository = p.repository AND l.number = p.number AND l.intent_id <> ''
  WHERE p.state = 'open'
  UNION
  SELECT d.intent_id FROM pull_requests p
  JOIN proposals l ON l.repository = p.repository AND l.number = p.number AND l.intent_id = '' AND l.session_id <> ''
  JOIN dispatches d ON d.session_id = l.session_id
  WHERE p.state = 'open'
)
SELECT d.intent_id, d.repository, d.agent, d.attempt, d.claimed_at, d.act_before, d.family, d.max_acu, d.outcome,
  COALESCE(d.session_id, ''), s.status, s.acu_used, d.account, d.batch_id, di.fingerprint
FROM wanted w CROSS JOIN claims d
LEFT JOIN dispatch_issues di ON di.intent_id = d.intent_id
LEFT JOIN sessions s ON s.session_id = d.session_id
WHERE d.intent_id = w.intent_id AND +d.claimed_at IS NOT NULL
ORDER BY d.claimed_at, d.intent_id, di.fingerprint;

-- name: mark_over!
UPDATE dispatches SET is_over = CASE WHEN EXISTS (
    SELECT 1 FROM claims d LEFT JOIN sessions s ON s.session_id = d.session_id
    WHERE d.intent_id = dispatches.intent_id AND (d.outcome IS NULL
      OR (d.outcome IN ('created', 'adopted') AND (s.status IS NULL OR s.status IN ('queued', 'working', 'waiting'))))
  ) THEN 0 ELSE 1 END
WHERE repository = :repository;

-- name: acu_of
SELECT s.acu_used FROM claims d JOIN sessions s ON s.session_id = d.session_id
WHERE d.family = :family AND s.acu_used > 0 AND s.status NOT IN ('queued', 'working')
ORDER BY d.claimed_at DESC, d.intent_id LIMIT :most;

-- name: pause_of
SELECT reason, at FROM pauses WHERE repository = :repository AND is_paused = 1;

-- name: set_pause!
INSERT INTO pauses (repository, at, is_paused, reason) VALUES (:repository, :at, :is_paused, :reason)
ON CONFLICT (repository) DO UPDATE SET at = excluded.at, is_paused = excluded.is_paused, reason = excluded.reason
WHERE (excluded.at, excluded.is_paused) >= (pauses.at, pauses.is_paused);

-- name: add_damages*!
INSERT INTO damages (path, repository, problem) VALUES (:path, :repository, :problem)
ON CONFLICT (path) DO UPDATE SET repository = excluded.repository, problem = excluded.problem;

-- name: forget_damages!
DELETE FROM damages;

-- name: forget_damage*!
DELETE FROM damages WHERE path = :path;

-- name: damages
SELECT path, problem FROM damages ORDER BY path;

-- name: repositories
SELECT r.name, COUNT(s.id),
  (SELECT l.record_id FROM scan_runs l WHERE l.repository_id = r.id AND l.is_tracked = 1
   ORDER BY l.recorded_at DESC, l.record_id DESC LIMIT 1),
  MAX(CASE WHEN s.is_tracked = 1 THEN s.recorded_at END)
FROM repositories r LEFT JOIN scan_runs s ON s.repository_id = r.id
WHERE :repository = '' OR r.name = :repository
GROUP BY r.id, r.name ORDER BY r.name;

-- name: status
WITH dismissed AS (
  SELECT id, until FROM (
    SELECT i.id AS id, COALESCE(d.expires_at, :forever) AS until,
      ROW_NUMBER() OVER (PARTITION BY i.id ORDER BY d.recorded_at DESC, d.id DESC) AS place
    FROM dismissals d JOIN repositories r ON r.name = d.repository
    JOIN issues i ON i.repository_id = r.id
      AND (i.fingerprint = d.fingerprint OR i.id IN (SELECT a.issue_id FROM aliases a WHERE a.alias = d.fingerprint))
  ) latest WHERE place = 1
),
present AS (
  SELECT r.name AS name, i.tier AS tier, i.doubt AS doubt, i.opened_at AS opened_at, i.fixed_at AS fixed_at,
    CASE
      WHEN i.tracking <> 'fixed' AND i.lifecycle NOT IN ('fixed', 'verified_fixed')
        AND d.until > :now THEN 'dismissed'
      ELSE i.lifecycle
    END AS state,
    CASE i.tier WHEN 'critical' THEN CAST(:breached_critical AS BIGINT) WHEN 'high' THEN CAST(:breached_high AS BIGINT)
      WHEN 'medium' THEN CAST(:breached_medium AS BIGINT) WHEN 'low' THEN CAST(:breached_low AS BIGINT) END AS breached_before,
    CASE i.tier WHEN 'critical' THEN CAST(:at_risk_critical AS BIGINT) WHEN 'high' THEN CAST(:at_risk_high AS BIGINT)
      WHEN 'medium' THEN CAST(:at_risk_medium AS BIGINT) WHEN 'low' THEN CAST(:at_risk_low AS BIGINT) END AS at_risk_before
  FROM issues i JOIN repositories r ON r.id = i.repository_id LEFT JOIN dismissed d ON d.id = i.id
  WHERE i.tracking <> 'renamed' AND (:repository = '' OR r.name = :repository)
)
SELECT name, tier, state, COUNT(*),
  SUM(CASE WHEN fixed_at IS NULL AND doubt <> '' THEN 1 ELSE 0 END),
  SUM(CASE WHEN fixed_at IS NULL AND state <> 'dismissed' AND opened_at > breached_before AND opened_at <= at_risk_before
      THEN 1 ELSE 0 END),
  SUM(CASE WHEN fixed_at IS NULL AND state <> 'dismissed' AND opened_at <= breached_before THEN 1
      WHEN fixed_at IS NOT NULL AND fixed_at - opened_at >= :now - breached_before THEN 1 ELSE 0 END),
  SUM(CASE WHEN fixed_at IS NOT NULL AND fixed_at - opened_at < :now - breached_before THEN 1 ELSE 0 END)
FROM present GROUP BY name, tier, state ORDER BY name, tier, state;

-- name: issues_by_id
SELECT i.*,
  (SELECT COALESCE(d.expires_at, :forever) FROM dismissals d
   WHERE d.repository = i.repository
     AND (d.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = d.fingerprint))
   ORDER BY d.recorded_at DESC, d.id DESC LIMIT 1)
FROM tracked_issues i WHERE i.id = :id;

-- name: issues_in
SELECT i.*,
  (SELECT COALESCE(d.expires_at, :forever) FROM dismissals d
   WHERE d.repository = i.repository
     AND (d.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = d.fingerprint))
   ORDER BY d.recorded_at DESC, d.id DESC LIMIT 1)
FROM tracked_issues i WHERE i.repository = :repository ORDER BY i.id;

-- name: ids_by_name
SELECT i.id FROM issues i JOIN repositories r ON r.id = i.repository_id
WHERE (:repository = '' OR r.name = :repository) AND i.fingerprint >= :name AND i.fingerprint < :beyond
UNION
SELECT a.issue_id FROM aliases a JOIN issues i ON i.id = a.issue_id JOIN repositories r ON r.id = i.repository_id
WHERE (:repository = '' OR r.name = :repository) AND a.alias >= :name AND a.alias < :beyond
ORDER BY 1;

-- name: appearances_of_issue
SELECT s.recorded_at, s.record_id, s.commit_id, a.start_line FROM appearances a JOIN scan_runs s ON s.id = a.scan_run_id
WHERE a.issue_id = :id ORDER BY s.recorded_at, s.record_id;

-- name: dispatches_of_issue
SELECT d.intent_id, d.agent, d.attempt, d.claimed_at, d.outcome, d.outcome_at, d.session_id, d.reason, s.status, s.url,
  s.observed_at, s.detail
FROM issues i JOIN repositories r ON r.id = i.repository_id
JOIN claims d ON d.repository = r.name
JOIN dispatch_issues di ON di.intent_id = d.intent_id
  AND (di.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = di.fingerprint))
LEFT JOIN sessions s ON s.session_id = d.session_id
WHERE i.id = :id ORDER BY d.claimed_at, d.intent_id;

-- name: pull_requests_of_issue
SELECT DISTINCT p.number, p.state, p.url, p.observed_at, p.merged_at, p.condition, v.at, v.reverted_by
FROM issues i JOIN repositories r ON r.id = i.repository_id
JOIN claims d ON d.repository = r.name
JOIN dispatch_issues di ON di.intent_id = d.intent_id
  AND (di.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = di.fingerprint))
JOIN proposals l ON l.intent_id = d.intent_id OR (l.intent_id = '' AND l.session_id <> '' AND l.session_id = d.session_id)
JOIN pull_requests p ON p.repository = l.repository AND p.number = l.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE i.id = :id
UNION
SELECT p.number, p.state, p.url, p.observed_at, p.merged_at, p.condition, v.at, v.reverted_by
FROM issues i JOIN repositories r ON r.id = i.repository_id
JOIN pull_request_issues x ON x.repository = r.name
  AND (x.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = x.fingerprint))
JOIN pull_requests p ON p.repository = x.repository AND p.number = x.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE i.id = :id ORDER BY 4, 1;

-- name: verdicts_of_issue
SELECT v.recorded_at, x.verdict, x.reason, v.id FROM issues i JOIN repositories r ON r.id = i.repository_id
JOIN verifications v ON v.repository = r.name
JOIN verdicts x ON x.verification_id = v.id
  AND (x.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = x.fingerprint))
WHERE i.id = :id ORDER BY v.recorded_at, v.id;

-- name: dismissals_of_issue
SELECT d.recorded_at, d.reason, d.owner, d.comment, d.expires_at, d.id FROM issues i
JOIN repositories r ON r.id = i.repository_id
JOIN dismissals d ON d.repository = r.name
  AND (d.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = d.fingerprint))
WHERE i.id = :id ORDER BY d.recorded_at, d.id;

-- name: standings
SELECT name, standing FROM repositories ORDER BY name;

-- name: set_standing*!
UPDATE repositories SET standing = :standing WHERE name = :repository;

-- name: set_standing_of_issues*!
UPDATE issues SET standing = :standing WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository);

-- name: next_line^
-- In four steps, since comparing rows of four columns uses an index for the first of them only.
SELECT standing, tier, family, reach FROM (
  SELECT 1 AS step, a.* FROM (SELECT standing, tier, family, reach FROM issues
    WHERE lifecycle IN ('new', 'recurring', 'regressed') AND standing <> ''
      AND standing = :standing AND tier = :tier AND family = :family AND reach > :reach ORDER BY reach LIMIT 1) a
  UNION ALL
  SELECT 2, b.* FROM (SELECT standing, tier, family, reach FROM issues
    WHERE lifecycle IN ('new', 'recurring', 'regressed') AND standing <> ''
      AND standing = :standing AND tier = :tier AND family > :family ORDER BY family, reach LIMIT 1) b
  UNION ALL
  SELECT 3, c.* FROM (SELECT standing, tier, family, reach FROM issues
    WHERE lifecycle IN ('new', 'recurring', 'regressed') AND standing <> ''
      AND standing = :standing AND tier > :tier ORDER BY tier, family, reach LIMIT 1) c
  UNION ALL
  SELECT 4, d.* FROM (SELECT standing, tier, family, reach FROM issues
    WHERE lifecycle IN ('new', 'recurring', 'regressed') AND standing <> ''
      AND standing > :standing ORDER BY standing, tier, family, reach LIMIT 1) d
) next ORDER BY step LIMIT 1;

-- name: in_line
SELECT i.id, r.name, i.opened_at FROM issues i JOIN repositories r ON r.id = i.repository_id
WHERE i.lifecycle IN ('new', 'recurring', 'regressed') AND i.standing <> ''
  AND i.standing = :standing AND i.tier = :tier AND i.family = :family AND i.reach = :reach AND i.recurrence = :recurrence
  AND (i.opened_at, i.id) > (:opened_at, :id) AND i.opened_at <= :until
ORDER BY i.opened_at, i.id LIMIT :most;

-- name: in_own_line
-- Not by standing, which is that of the repository: else SQLite would walk through the line of all that have the same.
SELECT i.id, :repository, i.opened_at FROM issues i
WHERE i.lifecycle IN ('new', 'recurring', 'regressed')
  AND i.repository_id = (SELECT id FROM repositories WHERE name = :repository AND standing = :standing)
  AND i.tier = :tier AND i.family = :family AND i.reach = :reach AND i.recurrence = :recurrence
  AND (i.opened_at, i.id) > (:opened_at, :id) AND i.opened_at <= :until
ORDER BY i.opened_at, i.id LIMIT :most;

-- name: open_of_family
SELECT i.*,
  (SELECT COALESCE(d.expires_at, :forever) FROM dismissals d
   WHERE d.repository = i.repository
     AND (d.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = d.fingerprint))
   ORDER BY d.recorded_at DESC, d.id DESC LIMIT 1)
FROM tracked_issues i
WHERE i.repository = :repository AND i.family = :family AND i.lifecycle IN ('new', 'recurring', 'regressed')
ORDER BY CASE i.tier WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END,
  i.opened_at, i.file, i.start_line, i.fingerprint
LIMIT :most OFFSET :start;

-- name: attempts_of_issue
-- CROSS JOIN keeps SQLite to the order in which tables are named: from the issue to its claims, and never through all.
WITH names AS (
  SELECT r.name AS repository, i.fingerprint AS fingerprint
  FROM issues i JOIN repositories r ON r.id = i.repository_id WHERE i.id = :id
  UNION
  SELECT r.name, a.alias FROM aliases a JOIN issues i ON i.id = a.issue_id JOIN repositories r ON r.id = i.repository_id
  WHERE a.issue_id = :id
),
mine AS (
  SELECT d.intent_id AS intent_id, d.session_id AS session_id
  FROM names n CROSS JOIN dispatch_issues di CROSS JOIN claims d
  WHERE di.fingerprint = n.fingerprint AND d.intent_id = di.intent_id AND d.repository = n.repository
),
linked AS (
  SELECT m.intent_id AS intent_id, l.repository AS repository, l.number AS number
  FROM mine m CROSS JOIN proposals l WHERE l.intent_id = m.intent_id
  UNION
  SELECT m.intent_id, l.repository, l.number
  FROM mine m CROSS JOIN proposals l WHERE l.session_id = m.session_id AND l.intent_id = '' AND l.session_id <> ''
)
SELECT '', d.intent_id, d.claimed_at, d.outcome, d.session_id, s.status, p.state, p.merged_at, p.observed_at,
  d.attempt, d.agent, s.observed_at, COALESCE(NULLIF(s.detail, ''), d.reason), v.at,
  (SELECT MAX(f.reason) FROM follow_ups f WHERE f.intent_id = d.intent_id AND f.status = 'asked'), 1, p.repository, p.number
FROM mine m CROSS JOIN claims d
LEFT JOIN sessions s ON s.session_id = d.session_id
LEFT JOIN linked k ON k.intent_id = d.intent_id
LEFT JOIN pull_requests p ON p.repository = k.repository AND p.number = k.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE d.intent_id = m.intent_id AND d.claimed_at IS NOT NULL
UNION ALL
SELECT '', 'pull-request-' || p.number, p.observed_at, 'created', '', NULL, p.state, p.merged_at, p.observed_at,
  0, '', NULL, '', v.at, NULL, 0, p.repository, p.number
FROM names n CROSS JOIN pull_request_issues x CROSS JOIN pull_requests p
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE x.fingerprint = n.fingerprint AND x.repository = n.repository
  AND p.repository = x.repository AND p.number = x.number
ORDER BY 3, 2, 17, 18;

-- name: pauses
SELECT repository, reason, at FROM pauses WHERE is_paused = 1 ORDER BY repository;

-- name: add_scan_request!
-- Only what no scan has followed is of any use: a fleet asks a thousand times a day.
INSERT INTO scan_requests (repository, at)
SELECT CAST(:repository AS TEXT), CAST(:at AS BIGINT) WHERE NOT EXISTS (
  SELECT 1 FROM scan_runs s JOIN repositories r ON r.id = s.repository_id
  WHERE r.name = :repository AND s.is_tracked = 1 AND s.recorded_at >= :at)
ON CONFLICT DO NOTHING;

-- name: forget_scan_requests!
DELETE FROM scan_requests WHERE repository = :repository AND at <= COALESCE((
  SELECT s.recorded_at FROM scan_runs s JOIN repositories r ON r.id = s.repository_id
  WHERE r.name = :repository AND s.is_tracked = 1 ORDER BY s.recorded_at DESC LIMIT 1), -1);

-- name: scan_facts
SELECT r.name, (SELECT s.recorded_at FROM scan_runs s WHERE s.repository_id = r.id AND s.is_tracked = 1
  ORDER BY s.recorded_at DESC LIMIT 1) FROM repositories r;

-- name: scan_requests
SELECT repository, at FROM scan_requests ORDER BY repository, at;

-- name: open_pull_requests
-- Somebody else's are known as well, and do not count.
SELECT p.repository, COUNT(*) FROM pull_requests p
WHERE p.state = 'open' AND EXISTS (
  SELECT 1 FROM proposals l
  WHERE l.repository = p.repository AND l.number = p.number AND (l.intent_id <> '' OR l.session_id <> ''))
GROUP BY p.repository ORDER BY p.repository;

-- name: files_of
SELECT i.file FROM issues i JOIN repositories r ON r.id = i.repository_id
WHERE r.name = :repository AND i.fingerprint = :fingerprint AND i.file <> ''
UNION
SELECT i.file FROM aliases a JOIN issues i ON i.id = a.issue_id JOIN repositories r ON r.id = i.repository_id
WHERE r.name = :repository AND a.alias = :fingerprint AND i.file <> ''
ORDER BY 1;

-- name: forget_open_counts!
DELETE FROM open_counts WHERE repository = :repository;

-- name: add_open_counts!
INSERT INTO open_counts (repository, tier, issues)
SELECT r.name, i.tier, COUNT(*) FROM issues i JOIN repositories r ON r.id = i.repository_id
WHERE r.name = :repository AND i.lifecycle NOT IN ('fixed', 'verified_fixed') GROUP BY r.name, i.tier;

-- name: open_counts
WITH named AS (
  SELECT d.id AS id, i.id AS issue_id FROM dismissals d JOIN repositories r ON r.name = d.repository
  JOIN issues i ON i.repository_id = r.id AND i.fingerprint = d.fingerprint
  UNION
  SELECT d.id, i.id FROM dismissals d JOIN repositories r ON r.name = d.repository
  JOIN aliases a ON a.alias = d.fingerprint JOIN issues i ON i.id = a.issue_id AND i.repository_id = r.id
),
latest AS (
  SELECT n.issue_id AS issue_id, COALESCE(d.expires_at, :forever) AS until,
    ROW_NUMBER() OVER (PARTITION BY n.issue_id ORDER BY d.recorded_at DESC, d.id DESC) AS place
  FROM named n JOIN dismissals d ON d.id = n.id
)
SELECT repository, tier, SUM(issues) FROM (
  SELECT repository, tier, issues FROM open_counts
  UNION ALL
  SELECT r.name, i.tier, -1 FROM latest l JOIN issues i ON i.id = l.issue_id JOIN repositories r ON r.id = i.repository_id
  WHERE l.place = 1 AND l.until > :now AND i.lifecycle NOT IN ('fixed', 'verified_fixed')
) counted GROUP BY repository, tier HAVING SUM(issues) > 0 ORDER BY repository, tier;

-- name: forget_tries!
DELETE FROM tries WHERE repository = :repository;

-- name: add_tries!
-- An attempt fixed its issue when its pull request was merged and a scan proved it; it failed as policy/cooldown.py says.
-- What was handed over is the work of whoever went on with it, and counts once.
INSERT INTO tries (intent_id, issue_id, repository, family, rule_id, language, agent, prompt, playbook, claimed_at, fixed,
  failed, merged, unmerged, fixed_at)
WITH started AS (
  SELECT d.repository AS repository, d.intent_id AS intent_id, d.session_id AS session_id, s.status AS status,
    d.claimed_at AS claimed_at, d.agent AS agent, d.prompt AS prompt, d.playbook AS playbook
  FROM claims d LEFT JOIN sessions s ON s.session_id = d.session_id
  WHERE d.repository = :repository AND d.claimed_at IS NOT NULL
    AND (d.outcome IS NULL OR d.outcome IN ('created', 'adopted', 'ambiguous'))
    AND d.intent_id NOT IN (
      SELECT w.parent FROM dispatches w CROSS JOIN claims h
      WHERE w.repository = :repository AND w.parent <> '' AND h.intent_id = w.intent_id
        AND h.outcome IN ('created', 'adopted'))
),
tried AS (
  SELECT t.intent_id AS intent_id, i.id AS issue_id
  FROM started t CROSS JOIN dispatch_issues di CROSS JOIN repositories r CROSS JOIN issues i
  WHERE di.intent_id = t.intent_id AND r.name = t.repository
    AND i.repository_id = r.id AND i.fingerprint = di.fingerprint
  UNION
  SELECT t.intent_id, i.id
  FROM started t CROSS JOIN dispatch_issues di CROSS JOIN aliases a CROSS JOIN issues i CROSS JOIN repositories r
  WHERE di.intent_id = t.intent_id AND a.alias = di.fingerprint AND i.id = a.issue_id
    AND r.id = i.repository_id AND r.name = t.repository
),
linked AS (
  SELECT t.intent_id AS intent_id, l.repository AS repository, l.number AS number
  FROM started t CROSS JOIN proposals l WHERE l.intent_id = t.intent_id
  UNION
  SELECT t.intent_id, l.repository, l.number
  FROM started t CROSS JOIN proposals l WHERE l.session_id = t.session_id AND l.intent_id = '' AND l.session_id <> ''
),
pulled AS (
  SELECT k.intent_id AS intent_id, COUNT(*) AS pulls,
    MAX(CASE WHEN p.state = 'open' THEN 1 ELSE 0 END) AS has_open,
    MAX(CASE WHEN p.state = 'merged' AND v.at IS NULL THEN 1 ELSE 0 END) AS has_merged,
    MAX(COALESCE(v.at, p.merged_at, p.observed_at)) AS last_at
  FROM linked k CROSS JOIN pull_requests p
  LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
  WHERE p.repository = k.repository AND p.number = k.number
  GROUP BY k.intent_id
)
SELECT t.intent_id, i.id, t.repository, i.family, i.rule_id, i.language, t.agent, t.prompt, t.playbook, t.claimed_at,
  CASE WHEN i.lifecycle = 'verified_fixed' AND p.has_merged = 1 THEN 1 ELSE 0 END,
  CASE
    WHEN p.pulls IS NULL THEN CASE WHEN t.status IN ('finished', 'failed', 'stopped') THEN 1 ELSE 0 END
    WHEN p.has_open = 1 THEN 0
    WHEN p.has_merged = 1 THEN CASE WHEN i.last_seen_at > p.last_at THEN 1 ELSE 0 END
    ELSE 1
  END,
  CASE WHEN p.has_merged = 1 THEN 1 ELSE 0 END,
  CASE
    WHEN p.pulls IS NULL THEN CASE WHEN t.status IN ('finished', 'failed', 'stopped') THEN 1 ELSE 0 END
    WHEN p.has_open = 1 OR p.has_merged = 1 THEN 0
    ELSE 1
  END,
  i.fixed_at
FROM started t JOIN tried x ON x.intent_id = t.intent_id
JOIN issues i ON i.id = x.issue_id AND i.tracking <> 'renamed'
LEFT JOIN pulled p ON p.intent_id = t.intent_id;

-- name: rule_counts
SELECT family, rule_id, SUM(fixed), SUM(failed), MAX(claimed_at) FROM tries WHERE claimed_at > :since
GROUP BY family, rule_id ORDER BY family, rule_id;

-- name: fix_counts
SELECT family, rule_id, language, agent, prompt, playbook, SUM(fixed), SUM(failed), SUM(merged), SUM(unmerged),
  MAX(claimed_at)
FROM tries WHERE claimed_at > :since AND (:repository = '' OR repository = :repository)
GROUP BY family, rule_id, language, agent, prompt, playbook
ORDER BY family, rule_id, language, agent, prompt, playbook;

-- name: fix_times
SELECT family, rule_id, agent, fixed_at - claimed_at FROM tries
WHERE claimed_at > :since AND fixed = 1 AND fixed_at IS NOT NULL AND (:repository = '' OR repository = :repository)
ORDER BY claimed_at, intent_id, issue_id;

-- name: session_costs
SELECT d.intent_id, d.repository, d.family, d.agent, d.claimed_at, d.outcome, s.status, s.acu_used, d.max_acu,
  (SELECT COALESCE(SUM(t.fixed), 0) FROM tries t WHERE t.intent_id = d.intent_id)
FROM claims d LEFT JOIN sessions s ON s.session_id = d.session_id
WHERE d.claimed_at > :since AND (:repository = '' OR d.repository = :repository)
  AND (d.outcome IS NULL OR d.outcome IN ('created', 'adopted', 'ambiguous'))
ORDER BY d.claimed_at, d.intent_id;

-- name: proved_fixes
-- Proved by the scans, or by a verification of the very pull request. What has come back since proves nothing.
WITH linked AS (
  SELECT t.intent_id AS intent_id, t.issue_id AS issue_id, l.repository AS repository, l.number AS number
  FROM tries t JOIN proposals l ON l.intent_id = t.intent_id WHERE t.claimed_at > :since AND t.merged = 1
  UNION
  SELECT t.intent_id, t.issue_id, l.repository, l.number
  FROM tries t JOIN claims d ON d.intent_id = t.intent_id
  JOIN proposals l ON l.session_id = d.session_id AND l.intent_id = '' AND l.session_id <> ''
  WHERE t.claimed_at > :since AND t.merged = 1
),
proved AS (
  SELECT t.repository AS repository, i.fingerprint AS fingerprint, t.rule_id AS rule_id, t.family AS family,
    t.language AS language, i.file AS file, p.repository AS pull_repository, p.number AS number, p.url AS url,
    t.intent_id AS intent_id, COALESCE(p.merged_at, p.observed_at) AS merged_at, t.fixed AS fixed, i.lifecycle AS lifecycle,
    (SELECT MAX(v.id) FROM verifications v JOIN verdicts x ON x.verification_id = v.id
     WHERE x.fingerprint = i.fingerprint AND x.verdict = 'verified_fixed' AND v.repository = t.repository
       AND v.pull_request = p.number) AS verification
  FROM linked k JOIN tries t ON t.intent_id = k.intent_id AND t.issue_id = k.issue_id
  JOIN issues i ON i.id = t.issue_id
  JOIN pull_requests p ON p.repository = k.repository AND p.number = k.number AND p.state = 'merged'
)
SELECT repository, fingerprint, rule_id, family, language, file, pull_repository, number, url, intent_id,
  COALESCE(verification, '')
FROM proved f
WHERE (fixed = 1 OR (verification IS NOT NULL AND lifecycle NOT IN ('new', 'recurring', 'regressed')))
  AND NOT EXISTS (SELECT 1 FROM fix_examples e
    WHERE e.repository = f.repository AND e.rule_id = f.rule_id AND e.number = f.number)
  AND (SELECT COUNT(*) FROM fix_examples e WHERE e.repository = f.repository AND e.rule_id = f.rule_id) < :of_a_rule
ORDER BY merged_at DESC, repository, number, rule_id, fingerprint;

-- name: add_example!
INSERT INTO fix_examples (id, repository, owner, number, fingerprint, rule_id, family, language, url, recorded_at, diff)
VALUES (:id, :repository, :owner, :number, :fingerprint, :rule_id, :family, :language, :url, :recorded_at, :diff)
ON CONFLICT DO NOTHING;

-- name: undone_examples
SELECT e.id, e.repository, e.rule_id, e.family, e.language, e.number, e.url, e.diff FROM fix_examples e
WHERE EXISTS (SELECT 1 FROM issues i JOIN repositories r ON r.id = i.repository_id
    WHERE r.name = e.repository AND i.fingerprint = e.fingerprint AND i.lifecycle IN ('new', 'recurring', 'regressed'))
ORDER BY e.recorded_at DESC, e.id LIMIT :most;

-- name: examples
SELECT e.id, e.repository, e.rule_id, e.family, e.language, e.number, e.url, e.diff FROM fix_examples e
WHERE e.diff <> '' AND (:family = '' OR e.family = :family) AND (:rule_id = '' OR e.rule_id = :rule_id)
  AND (:owner = '' OR e.owner = :owner) AND (:repository = '' OR e.repository = :repository)
  AND NOT EXISTS (SELECT 1 FROM issues i JOIN repositories r ON r.id = i.repository_id
    WHERE r.name = e.repository AND i.fingerprint = e.fingerprint AND i.lifecycle IN ('new', 'recurring', 'regressed'))
ORDER BY e.recorded_at DESC, e.id LIMIT :most;

-- name: add_triage!
INSERT INTO triages (id) VALUES (:id) ON CONFLICT (id) DO NOTHING;

-- name: add_triage_issues*!
INSERT INTO triage_issues (triage_id, repository, fingerprint, formula)
VALUES (:triage_id, :repository, :fingerprint, :formula) ON CONFLICT DO NOTHING;

-- name: add_triage_outcome!
INSERT INTO triages (id, status, ended_at) VALUES (:id, :status, :ended_at)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at;

-- name: add_triage_scores*!
INSERT INTO triage_scores (triage_id, fingerprint, points, reason) VALUES (:triage_id, :fingerprint, :points, :reason)
ON CONFLICT DO NOTHING;

-- name: triages
SELECT t.id, d.agent, d.account, d.claimed_at, COALESCE(d.session_id, ''), d.outcome, COALESCE(d.reason, ''), t.status
FROM triages t CROSS JOIN claims d
WHERE d.intent_id = t.id AND +d.claimed_at IS NOT NULL AND (t.status = '' OR d.claimed_at > :since) ORDER BY d.claimed_at, t.id;

-- name: asked_in_triage
SELECT fingerprint FROM triage_issues WHERE triage_id = :id ORDER BY fingerprint;

-- name: triaged_issues
-- Of each issue what was said last. CROSS JOIN keeps SQLite from walking through all that was ever asked.
WITH said AS (
  SELECT q.repository AS repository, q.fingerprint AS fingerprint, s.points AS points, s.reason AS reason,
    q.formula AS formula, t.id AS id, t.ended_at AS at,
    ROW_NUMBER() OVER (PARTITION BY q.repository, q.fingerprint ORDER BY t.ended_at DESC, t.id DESC) AS place
  FROM triages t CROSS JOIN triage_scores s CROSS JOIN triage_issues q
  WHERE t.status = 'answered' AND t.ended_at > :since
    AND s.triage_id = t.id AND q.triage_id = t.id AND q.fingerprint = s.fingerprint
)
SELECT i.id, r.name, i.fingerprint, l.points, l.reason, COALESCE(d.agent, ''), l.at, l.formula
FROM said l JOIN repositories r ON r.name = l.repository
JOIN issues i ON i.repository_id = r.id AND i.fingerprint = l.fingerprint
LEFT JOIN dispatches d ON d.intent_id = l.id
WHERE l.place = 1 AND i.lifecycle IN ('new', 'recurring', 'regressed') ORDER BY i.id;

-- name: triaged_tries
-- Attempts of which the end is known, each with the last triage of its issue that counted when it was claimed.
SELECT points, formula, fixed FROM (
  SELECT s.points AS points, q.formula AS formula, y.fixed AS fixed, y.intent_id AS intent_id, y.issue_id AS issue_id,
    ROW_NUMBER() OVER (PARTITION BY y.intent_id, y.issue_id ORDER BY t.ended_at DESC, t.id DESC) AS place
  FROM tries y JOIN issues i ON i.id = y.issue_id
  JOIN triage_issues q ON q.repository = y.repository AND q.fingerprint = i.fingerprint
  JOIN triages t ON t.id = q.triage_id AND t.status = 'answered'
    AND t.ended_at <= y.claimed_at AND t.ended_at > y.claimed_at - :fresh
  JOIN triage_scores s ON s.triage_id = t.id AND s.fingerprint = q.fingerprint
  WHERE y.claimed_at > :since AND (y.fixed = 1 OR y.failed = 1) AND (:repository = '' OR y.repository = :repository)
) judged WHERE place = 1 ORDER BY intent_id, issue_id;

-- name: add_baseline!
INSERT INTO baselines (definition, at, issues) VALUES (:definition, :at, :issues)
ON CONFLICT (definition) DO UPDATE SET at = excluded.at, issues = excluded.issues
WHERE (excluded.at, excluded.issues) < (baselines.at, baselines.issues);

-- name: baselines
SELECT definition, issues FROM baselines ORDER BY definition;

-- name: session_ends
WITH ended AS (
  SELECT d.family AS family, d.intent_id AS intent_id, d.session_id AS session_id, s.observed_at AS at
  FROM claims d JOIN sessions s ON s.session_id = d.session_id
  WHERE d.claimed_at > :since AND d.repository <> '' AND s.status IN ('finished', 'failed', 'stopped')
    AND (:family = '' OR d.family = :family)
)
SELECT e.family, e.at, CASE WHEN EXISTS (
    SELECT 1 FROM proposals l JOIN pull_requests p ON p.repository = l.repository AND p.number = l.number
    WHERE l.intent_id = e.intent_id AND p.state <> 'closed'
  ) OR EXISTS (
    SELECT 1 FROM proposals l JOIN pull_requests p ON p.repository = l.repository AND p.number = l.number
    WHERE l.session_id = e.session_id AND l.intent_id = '' AND p.state <> 'closed'
  ) THEN 1 ELSE 0 END
FROM ended e ORDER BY e.at, e.intent_id;

-- name: open_pull_requests_by_claim
SELECT intent_id, COUNT(*) FROM (
  SELECT d.intent_id AS intent_id, p.repository, p.number FROM pull_requests p
  JOIN proposals l ON l.repository = p.repository AND l.number = p.number
  JOIN dispatches d ON d.intent_id = l.intent_id
  WHERE p.state = 'open'
  UNION
  SELECT d.intent_id, p.repository, p.number FROM pull_requests p
  JOIN proposals l ON l.repository = p.repository AND l.number = p.number AND l.intent_id = '' AND l.session_id <> ''
  JOIN dispatches d ON d.session_id = l.session_id
  WHERE p.state = 'open'
) linked GROUP BY intent_id ORDER BY intent_id;

-- name: pull_requests_to_watch
SELECT p.repository, p.number, MAX(l.intent_id), MAX(l.session_id), MAX(p.state), MAX(p.condition), MAX(p.head_commit),
  MAX(p.merge_commit), MAX(p.url), MAX(p.merged_at), MAX(v.at)
FROM pull_requests p
JOIN proposals l ON l.repository = p.repository AND l.number = p.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE p.state = 'open' GROUP BY p.repository, p.number ORDER BY p.repository, p.number;

-- name: pull_requests_merged_since
SELECT p.repository, p.number, MAX(l.intent_id), MAX(l.session_id), MAX(p.state), MAX(p.condition), MAX(p.head_commit),
  MAX(p.merge_commit), MAX(p.url), MAX(p.merged_at), MAX(v.at)
FROM pull_requests p
JOIN proposals l ON l.repository = p.repository AND l.number = p.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE p.state = 'merged' AND p.merged_at > :since GROUP BY p.repository, p.number ORDER BY p.repository, p.number;

-- name: pull_requests_of
SELECT p.repository, p.number, MAX(l.intent_id), MAX(l.session_id), MAX(p.state), MAX(p.condition), MAX(p.head_commit),
  MAX(p.merge_commit), MAX(p.url), MAX(p.merged_at), MAX(v.at)
FROM pull_requests p
JOIN proposals l ON l.repository = p.repository AND l.number = p.number
LEFT JOIN reverts v ON v.repository = p.repository AND v.number = p.number
WHERE p.repository = :repository GROUP BY p.repository, p.number ORDER BY p.number;

-- name: claims_of_open_pull_requests
SELECT p.repository, p.number, l.intent_id FROM pull_requests p
JOIN proposals l ON l.repository = p.repository AND l.number = p.number AND l.intent_id <> '' WHERE p.state = 'open'
UNION
SELECT p.repository, p.number, d.intent_id FROM pull_requests p
JOIN proposals l ON l.repository = p.repository AND l.number = p.number AND l.intent_id = '' AND l.session_id <> ''
JOIN dispatches d ON d.session_id = l.session_id WHERE p.state = 'open'
ORDER BY 1, 2, 3;

-- name: add_follow_up!
INSERT INTO follow_ups (round_id, attempt, repository, number, round, intent_id, events, claimed_at, act_before)
VALUES (:round_id, :attempt, :repository, :number, :round, :intent_id, :events, :claimed_at, :act_before)
ON CONFLICT (round_id, attempt)
DO UPDATE SET events = excluded.events, claimed_at = excluded.claimed_at, act_before = excluded.act_before;

-- name: add_follow_up_outcome!
INSERT INTO follow_ups (round_id, attempt, repository, number, round, intent_id, ended_at, status, reason, child)
VALUES (:round_id, :attempt, :repository, :number, :round, :intent_id, :ended_at, :status, :reason, :child)
ON CONFLICT (round_id, attempt) DO UPDATE SET
  ended_at = excluded.ended_at, status = excluded.status, reason = excluded.reason, child = excluded.child;

-- name: rounds_of_open_pull_requests
-- All attempts of a round; events of an earlier one stay told.
SELECT f.repository, f.number, f.round_id, f.round, f.attempt, f.events, COALESCE(f.ended_at, f.claimed_at, 0),
  f.act_before, f.status, f.reason, d.outcome
FROM follow_ups f JOIN pull_requests p ON p.repository = f.repository AND p.number = f.number
LEFT JOIN claims d ON d.intent_id = f.child
WHERE p.state = 'open' ORDER BY f.repository, f.number, f.round, f.attempt;

-- name: still_seen_at_open_pull_requests
SELECT v.repository, v.pull_request, v.id, x.fingerprint, x.verdict, x.reason FROM pull_requests p
JOIN verifications v ON v.repository = p.repository AND v.pull_request = p.number
JOIN verdicts x ON x.verification_id = v.id AND x.verdict IN ('still_present', 'moved', 'gamed')
WHERE p.state = 'open' AND v.id = (
  SELECT l.id FROM verifications l WHERE l.repository = v.repository AND l.pull_request = v.pull_request
  ORDER BY l.recorded_at DESC, l.id DESC LIMIT 1)
ORDER BY v.repository, v.pull_request, x.fingerprint;

-- name: follow_ups_of_issue
SELECT DISTINCT f.number, f.round, f.attempt, f.claimed_at, f.ended_at, f.status, f.reason, f.round_id
FROM issues i JOIN repositories r ON r.id = i.repository_id
JOIN claims d ON d.repository = r.name
JOIN dispatch_issues di ON di.intent_id = d.intent_id
  AND (di.fingerprint = i.fingerprint OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = di.fingerprint))
JOIN follow_ups f ON f.intent_id = d.intent_id
WHERE i.id = :id ORDER BY f.number, f.round, f.attempt;

-- name: session_durations
SELECT d.family, s.observed_at - d.claimed_at FROM claims d JOIN sessions s ON s.session_id = d.session_id
WHERE d.claimed_at > :since AND s.status IN ('finished', 'failed') ORDER BY d.family, d.claimed_at, d.intent_id;

-- name: add_alert!
INSERT INTO alerts (id, event, key, repository, title, text, recorded_at, fields)
VALUES (:id, :event, :key, :repository, :title, :text, :recorded_at, :fields) ON CONFLICT DO NOTHING;

-- name: add_alert_members*!
INSERT INTO alert_members (id, alert) VALUES (:id, :alert) ON CONFLICT DO NOTHING;

-- name: add_alert_channel!
INSERT INTO alert_channels (channel, first_at) VALUES (:channel, :at)
ON CONFLICT (channel) DO UPDATE SET first_at = excluded.first_at WHERE excluded.first_at < alert_channels.first_at;

-- name: alert_channels
SELECT channel, first_at FROM alert_channels;

-- name: add_alert_recipient!
INSERT INTO alert_recipients (alert, channel, is_over)
SELECT :alert, :channel, CASE WHEN EXISTS (
  SELECT 1 FROM alert_attempts t
  WHERE t.alert = :alert AND t.channel = :channel AND t.status IN ('delivered', 'refused')
) THEN 1 ELSE 0 END
WHERE true ON CONFLICT DO NOTHING;

-- name: add_alert_claim!
INSERT INTO alert_attempts (alert, channel, attempt, act_before) VALUES (:alert, :channel, :attempt, :act_before)
ON CONFLICT (alert, channel, attempt) DO UPDATE SET act_before = excluded.act_before;

-- name: add_alert_outcome!
INSERT INTO alert_attempts (alert, channel, attempt, ended_at, status, reason)
VALUES (:alert, :channel, :attempt, :ended_at, :status, :reason)
ON CONFLICT (alert, channel, attempt)
DO UPDATE SET ended_at = excluded.ended_at, status = excluded.status, reason = excluded.reason;

-- name: end_alert_recipient!
UPDATE alert_recipients SET is_over = 1 WHERE alert = :alert AND channel = :channel;

-- name: alert_known
SELECT 1 FROM alerts WHERE id = :id UNION ALL SELECT 1 FROM alert_members WHERE id = :id;

-- name: undelivered
SELECT a.id, a.event, a.key, a.repository, a.title, a.text, a.recorded_at, a.fields, r.channel,
  COALESCE(t.attempt, 0), t.act_before, t.ended_at, COALESCE(t.reason, '')
FROM alert_recipients r JOIN alerts a ON a.id = r.alert
LEFT JOIN alert_attempts t ON t.alert = r.alert AND t.channel = r.channel AND t.attempt = (
  SELECT MAX(l.attempt) FROM alert_attempts l WHERE l.alert = r.alert AND l.channel = r.channel
)
WHERE r.is_over = 0 AND r.channel = :channel AND (
  t.attempt IS NULL
  OR (t.ended_at IS NULL AND t.act_before <= :now)
  OR t.ended_at <= CASE t.attempt WHEN 1 THEN CAST(:failed_1 AS BIGINT) WHEN 2 THEN CAST(:failed_2 AS BIGINT)
    WHEN 3 THEN CAST(:failed_3 AS BIGINT) WHEN 4 THEN CAST(:failed_4 AS BIGINT) WHEN 5 THEN CAST(:failed_5 AS BIGINT)
    WHEN 6 THEN CAST(:failed_6 AS BIGINT) WHEN 7 THEN CAST(:failed_7 AS BIGINT) ELSE t.ended_at END
)
ORDER BY a.recorded_at, a.id LIMIT :most;

-- name: scan_started_since
SELECT at, repository || ' ' || at, repository, '', '', '', '', '' FROM scan_requests
WHERE at >= :since ORDER BY at DESC, repository LIMIT :most;

-- name: scan_completed_since
SELECT s.recorded_at, s.record_id, r.name, '', '', '', CAST(s.issues AS TEXT), s.run_url
FROM scan_runs s JOIN repositories r ON r.id = s.repository_id
WHERE s.is_tracked = 1 AND s.recorded_at >= :since ORDER BY s.recorded_at DESC, s.record_id LIMIT :most;

-- name: session_created_since
SELECT d.outcome_at, d.intent_id, COALESCE(d.repository, ''), COALESCE(d.agent, ''), d.family, '', '', COALESCE(s.url, '')
FROM dispatches d LEFT JOIN sessions s ON s.session_id = d.session_id
WHERE d.outcome IN ('created', 'adopted') AND d.outcome_at >= :since AND COALESCE(d.repository, '?') <> ''
ORDER BY d.outcome_at DESC, d.intent_id LIMIT :most;

-- name: session_finished_since
SELECT s.observed_at, s.session_id,
  COALESCE((SELECT MAX(d.repository) FROM dispatches d WHERE d.session_id = s.session_id), ''),
  COALESCE((SELECT MAX(d.family) FROM dispatches d WHERE d.session_id = s.session_id), ''), '', '', s.status, s.url
FROM sessions s
WHERE s.status IN ('finished', 'failed', 'stopped', 'budget_stop') AND s.observed_at >= :since
  AND NOT EXISTS (SELECT 1 FROM triages t WHERE t.id = s.intent_id)
ORDER BY s.observed_at DESC, s.session_id LIMIT :most;

-- name: pr_opened_since
SELECT p.observed_at, p.repository || '#' || p.number, p.repository, '', CAST(p.number AS TEXT), '', '', p.url
FROM pull_requests p WHERE p.state = 'open' AND p.observed_at >= :since
ORDER BY p.observed_at DESC, p.repository, p.number LIMIT :most;

-- name: fix_verified_since
SELECT i.fixed_at, i.fingerprint || ' by ' || i.fixed_run, r.name, i.rule_id, i.file, i.tier, '', ''
FROM issues i JOIN repositories r ON r.id = i.repository_id
WHERE i.lifecycle = 'verified_fixed' AND i.fixed_at >= :since AND i.tracking <> 'renamed'
ORDER BY i.fixed_at DESC, i.id LIMIT :most;

-- name: missed_deadlines
-- One that was dismissed may be so no more: the last word counts.
SELECT i.opened_at + :allowed, r.name || ' ' || i.fingerprint || ' ' || i.opened_at, r.name, i.rule_id, i.file, i.tier, '', ''
FROM issues i JOIN repositories r ON r.id = i.repository_id
WHERE i.tier = :tier AND i.opened_at >= :opened_since AND i.opened_at <= :opened_until
  AND i.fixed_at IS NULL AND i.tracking <> 'renamed'
  AND COALESCE((SELECT COALESCE(d.expires_at, :forever) FROM dismissals d
    WHERE d.repository = r.name AND (d.fingerprint = i.fingerprint
      OR EXISTS (SELECT 1 FROM aliases a WHERE a.issue_id = i.id AND a.alias = d.fingerprint))
    ORDER BY d.recorded_at DESC, d.id DESC LIMIT 1), 0) <= :now
ORDER BY i.opened_at DESC, i.id LIMIT :most;

-- name: needs_human_since
-- An issue needs a person from the last thing that happened to its attempts, or from the scan that found it after a merge.
-- The last claim names the episode: what is told of that may change, and who tells it.
WITH people AS (
  SELECT i.id AS id, r.name AS repository, i.fingerprint AS fingerprint
  FROM issues i JOIN repositories r ON r.id = i.repository_id WHERE i.lifecycle = 'needs_human'
),
named AS (
  SELECT id, repository, fingerprint FROM people
  UNION
  SELECT p.id, p.repository, a.alias FROM people p CROSS JOIN aliases a WHERE a.issue_id = p.id
),
tried AS (
  SELECT DISTINCT n.id AS id, d.intent_id AS intent_id, d.session_id AS session_id, d.claimed_at AS claimed_at,
    d.outcome_at AS outcome_at
  FROM named n CROSS JOIN dispatch_issues di CROSS JOIN claims d
  WHERE di.fingerprint = n.fingerprint AND d.intent_id = di.intent_id AND d.repository = n.repository
    AND d.claimed_at IS NOT NULL
),
linked AS (
  SELECT t.id AS id, l.repository AS repository, l.number AS number
  FROM tried t CROSS JOIN proposals l WHERE l.intent_id = t.intent_id
  UNION
  SELECT t.id, l.repository, l.number
  FROM tried t CROSS JOIN proposals l WHERE l.session_id = t.session_id AND l.intent_id = '' AND l.session_id <> ''
),
times AS (
  SELECT id, COALESCE(outcome_at, claimed_at) AS at FROM tried
  UNION ALL
  SELECT t.id, s.observed_at FROM tried t CROSS JOIN sessions s WHERE s.session_id = t.session_id
  UNION ALL
  SELECT k.id, COALESCE(p.merged_at, p.observed_at) FROM linked k CROSS JOIN pull_requests p
  WHERE p.repository = k.repository AND p.number = k.number
),
last AS (SELECT id, MAX(at) AS at FROM times GROUP BY id),
since AS (
  SELECT l.id AS id, CASE WHEN EXISTS (
      SELECT 1 FROM linked k CROSS JOIN pull_requests p
      WHERE k.id = l.id AND p.repository = k.repository AND p.number = k.number AND p.state = 'merged'
        AND COALESCE(p.merged_at, p.observed_at) = l.at
    ) THEN COALESCE((
      SELECT MIN(s.recorded_at) FROM appearances a JOIN scan_runs s ON s.id = a.scan_run_id
      WHERE a.issue_id = l.id AND s.recorded_at > l.at
    ), l.at) ELSE l.at END AS at
  FROM last l
)
SELECT w.at, i.fingerprint || ' after ' || (
    SELECT t.intent_id FROM tried t WHERE t.id = i.id ORDER BY t.claimed_at DESC, t.intent_id DESC LIMIT 1
  ), r.name, i.rule_id, i.file, i.tier, i.reason, ''
FROM since w JOIN issues i ON i.id = w.id JOIN repositories r ON r.id = i.repository_id
WHERE w.at >= :since ORDER BY w.at DESC, i.id LIMIT :most;

-- name: unproved
SELECT i.*,
  p.repository, p.number, p.url, COALESCE(p.merged_at, p.observed_at), d.intent_id, d.session_id, di.fingerprint
FROM pull_requests p
JOIN proposals l ON l.repository = p.repository AND l.number = p.number
JOIN claims d ON d.intent_id = l.intent_id OR (l.intent_id = '' AND l.session_id <> '' AND d.session_id = l.session_id)
JOIN dispatch_issues di ON di.intent_id = d.intent_id
JOIN tracked_issues i ON i.repository = d.repository
  AND (i.fingerprint = di.fingerprint OR i.id IN (SELECT a.issue_id FROM aliases a WHERE a.alias = di.fingerprint))
WHERE p.state = 'merged' AND i.tracking <> 'renamed'
  AND (CASE WHEN i.tracking = 'fixed' THEN i.fixed_at >= COALESCE(p.merged_at, p.observed_at)
       ELSE i.last_seen_at > COALESCE(p.merged_at, p.observed_at) END)
  AND NOT EXISTS (
    SELECT 1 FROM verifications v JOIN verdicts x ON x.verification_id = v.id
    WHERE v.repository = p.repository AND v.pull_request = p.number AND v.scan_run_id <> ''
      AND x.fingerprint = di.fingerprint)
ORDER BY p.repository, p.number, di.fingerprint, i.id;
