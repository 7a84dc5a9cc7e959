"""Which proved fixes later sessions see, and how much of each: without secrets, short, the closest ones first."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from codeql_fixer.domain.fix_example import MOST_DIFF
from codeql_fixer.policy.plain_text import clean
from codeql_fixer.policy.secrets import redacted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from codeql_fixer.domain.fix_example import KnownExample, ProvedFix

MOST_SHOWN = 3
OF_A_RULE = 5  # examples of a rule in a repository; more would say the same again
_MOST_READ = 400_000  # characters of a diff; what follows is not looked at
_DIGITS = 20
_SECTION = re.compile(r"^(?=diff --git )", re.MULTILINE)
_GENERATED = re.compile(
    r"(?:^|/)(?:[\w.-]*lock(?:\.json|\.yaml)?|go\.sum|[\w.-]+\.min\.\w+|[\w.-]+\.(?:snap|map|svg))$"
)
_ABOUT_SECRETS = frozenset({"hardcoded-credentials", "hardcoded-secrets", "info-disclosure"})


def example_id(repository: str, pull_request: int, rule_id: str) -> str:
    """The name of the one example of a pull request and rule, whoever writes it."""
    digest = sha256(f"{repository.lower()}\0{pull_request}\0{rule_id}".encode()).hexdigest()
    return f"x-{digest[:_DIGITS]}"


def shown_diff(diff: str, fix: ProvedFix) -> str:
    """What of a pull request is worth showing: at most MOST_DIFF characters, the file of the issue first.

    Secrets go before anything is cut: half a key has no shape. In families that are about secrets all that stands in
    quotes goes. "" where nothing is left.

    Args:
        diff: as `git diff` puts it.
        fix: what the pull request fixed.
    """
    sections = [part for part in _SECTION.split(diff[:_MOST_READ]) if _is_worth_showing(part)]
    sections.sort(key=lambda part: fix.file not in _files_of(part))
    text = clean("\n".join(part.strip("\n") for part in sections), _MOST_READ)
    return _cut(redacted(text, hides_literals=fix.family in _ABOUT_SECRETS))


def chosen(
    examples: Iterable[KnownExample], *, rules: Collection[str], languages: Collection[str], repository: str
) -> tuple[KnownExample, ...]:
    """The few that a prompt shows: of the same rule, then of the same language, then of the same repository.

    Args:
        examples: the newest first; one may come twice.
        rules: that the session is about.
        languages: of the files that it is about.
        repository: owner/name in small letters.
    """
    found = sorted(
        examples,
        key=lambda one: (one.rule_id not in rules, one.language not in languages, one.repository != repository),
    )
    each: dict[tuple[str, int], KnownExample] = {}
    for one in found:  # a pull request that fixed two rules is shown once
        each.setdefault((one.repository, one.pull_request), one)
    return tuple(each.values())[:MOST_SHOWN]


def _is_worth_showing(section: str) -> bool:
    return section.startswith("diff --git ") and not any(_GENERATED.search(file) for file in _files_of(section))


def _files_of(section: str) -> set[str]:
    """Its names before and after."""
    names = section.partition("\n")[0].removeprefix("diff --git ").split(" ")
    return {name.strip('"').removeprefix("a/").removeprefix("b/") for name in names}


def _cut(text: str) -> str:
    """At the end of a line, and it says so."""
    if len(text) <= MOST_DIFF:
        return text
    note = "\n... (cut)"
    return text[: MOST_DIFF - len(note)].rpartition("\n")[0] + note
