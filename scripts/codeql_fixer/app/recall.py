"""Recalls proved fixes for a session: what was done about the same rule, or else about its family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.learning import Sharing
from codeql_fixer.policy.examples import MOST_SHOWN, chosen
from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from codeql_fixer.domain.batch import Batch
    from codeql_fixer.domain.fix_example import KnownExample
    from codeql_fixer.ports.learning import Learning

_MOST_RULES = 5  # of a batch that are asked for one by one; it is about one family anyway
_OF_FAMILY = 20


def recalled(index: Learning, batch: Batch, *, repository: str, sharing: Sharing) -> tuple[KnownExample, ...]:
    """The examples for a batch.

    Args:
        index: knows them.
        batch: what is to be fixed.
        repository: owner/name of the one it is in.
        sharing: whose examples may be shown there.
    """
    if sharing is Sharing.OFF:
        return ()
    repository = repository.lower()
    owner = repository.partition("/")[0] if sharing is Sharing.OWNER else ""
    whose = repository if sharing is Sharing.REPOSITORY else ""
    rules = dict.fromkeys(issue.finding.rule.id for issue in batch.issues)
    found: list[KnownExample] = []
    for rule_id, most in [*((rule, MOST_SHOWN) for rule in [*rules][:_MOST_RULES]), ("", _OF_FAMILY)]:
        found += index.examples(rule_id=rule_id, family=batch.family, owner=owner, repository=whose, most=most)
    languages = {language_of(issue.finding.file) for issue in batch.issues}
    return chosen(found, rules=rules, languages=languages, repository=repository)
