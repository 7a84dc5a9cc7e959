"""The corpus of traps and honest fixes: nothing is called fixed that is not, and honest work is not doubted."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from tests.proof.cases import FIXED, GAMED, MOVED, STILL, UNKNOWN
from tests.proof.corpus import PAGE, WAITING, false_fixes, few_worlds, share
from tests.proof.gaming import gaming
from tests.proof.honest import honest
from tests.proof.traps import traps
from tests.proof.trial import trials
from tests.proof.variations import all_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.proof.cases import Case, World
    from tests.proof.trial import Outcome

_IS_WHOLE = bool(os.environ.get("CODEQL_FIXER_NEEDS_ALL"))  # noqa: TID251 - tests
_SMALL = 150_000  # bytes of a published scan that is quick to vary


@cache
def _outcomes(cases: Callable[[World], Iterable[Case]]) -> list[Outcome]:
    """A sample that has every kind, or everything where .ci/run asks for it."""
    return list(trials(cases, None if _IS_WHOLE else few_worlds()))


def _told(outcomes: list[Outcome]) -> str:
    """The first few of them, for whoever has to mend something."""
    return "\n".join(
        f"{one.case.kind} ({one.case.world.name}, {one.way}): {one.verdicts}, {one.reasons[:1]}"
        for one in outcomes[:10]
    )


def _kinds(cases: Callable[[World], Iterable[Case]]) -> set[str]:
    return {one.case.kind for one in _outcomes(cases)}


def test_corpus__no_trap_is_called_fixed() -> None:
    outcomes = _outcomes(traps)

    assert not false_fixes(outcomes), _told(false_fixes(outcomes))
    wrong = [one for one in outcomes if not one.is_right]
    assert not wrong, _told(wrong)


def test_corpus__gaming_is_told() -> None:
    outcomes = _outcomes(gaming)

    false = [one for one in false_fixes(outcomes) if one.case.kind not in WAITING]
    assert not false, _told(false)
    found = [one for one in outcomes if one.case.is_gaming and one.case.kind not in WAITING]
    missed = [one for one in found if set(one.verdicts) != {GAMED}]
    assert len(missed) <= 0.05 * len(found), _told(missed)
    waiting = {one.case.kind for one in outcomes if set(one.verdicts) != {GAMED}}
    assert waiting >= set(WAITING), f"no longer missed, take it off the list: {set(WAITING) - waiting}"


def test_corpus__honest_fixes_are_believed() -> None:
    outcomes = _outcomes(honest)

    verdicts = [verdict for one in outcomes for verdict in one.verdicts]
    wrong = _told([one for one in outcomes if not one.is_right])
    assert all(one.verdicts for one in outcomes)
    assert share(verdicts, {UNKNOWN}) <= 0.02, wrong
    assert share(verdicts, {GAMED}) <= 0.03, wrong
    assert share(verdicts, {STILL, MOVED}) == 0, wrong


def test_corpus__is_as_large_as_the_page_says() -> None:
    dishonest, fixes = _kinds(traps) | _kinds(gaming), _kinds(honest)

    assert len(dishonest) >= 35
    assert len(fixes) >= 35
    page = PAGE.read_text(encoding="utf-8")
    missing = [kind for kind in sorted(dishonest | fixes) if f"| {kind} |" not in page]
    assert not missing, f"not on the page: {missing}; run `python -m tests.proof.corpus`"


def test_corpus__published_scans_with_one_thing_changed(shared: Path) -> None:
    outcomes = list(all_of(shared / "sarif/public", lambda path: _IS_WHOLE or path.stat().st_size <= _SMALL))

    assert len(outcomes) >= 200
    false = [(name, one.kind) for name, one, verdicts in outcomes if FIXED in verdicts and FIXED not in one.expected]
    assert not false
    removed = Counter(verdicts == (FIXED,) for _, one, verdicts in outcomes if one.expected == (FIXED,))
    assert removed[False] <= 0.02 * removed.total()
    doubted = [
        (name, one.kind, Counter(verdicts))
        for name, one, verdicts in outcomes
        if not verdicts or share(verdicts, {UNKNOWN, *one.expected}) < 1
    ]
    assert not doubted


def test_corpus__what_waits_has_a_reason() -> None:
    assert all(WAITING.values())
    assert set(WAITING) <= _kinds(gaming)
