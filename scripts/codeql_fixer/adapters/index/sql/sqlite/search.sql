-- name: ids_by_words
SELECT t.rowid FROM issues_text t JOIN issues i ON i.id = t.rowid
WHERE issues_text MATCH :words AND i.tracking <> 'renamed' ORDER BY t.rank, t.rowid LIMIT :most;
