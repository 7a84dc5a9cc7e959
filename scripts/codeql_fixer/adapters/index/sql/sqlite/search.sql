-- name: ids_by_words
SELECT t.rowid FROM issues_text t JOIN issues i ON i.id = t.rowid
WHERE issues_text MATCH :words AND i.tracking <> 'renamed' ORDER BY t.rank, t.rowid LIMIT :most;

-- name: add_words!
INSERT INTO issues_text (rowid, rule_id, file, message)
SELECT id, rule_id, file, message FROM issues WHERE id >= :first AND id < :beyond;
