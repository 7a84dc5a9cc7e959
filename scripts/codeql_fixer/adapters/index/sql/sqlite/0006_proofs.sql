-- What is on record about a merged pull request is asked for in every cycle.
CREATE INDEX verifications_by_pull_request ON verifications (repository, pull_request);
