-- name: ids_by_words
SELECT id FROM issues WHERE issue_words(rule_id, file, message) @@ to_tsquery('simple', :words) AND tracking <> 'renamed'
ORDER BY ts_rank(issue_words(rule_id, file, message), to_tsquery('simple', :words)) DESC, id LIMIT :most;

-- name: add_words!
-- The index on issues has them already.
SELECT 1 WHERE :first > :beyond;
