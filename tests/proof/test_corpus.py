"""The corpus of traps and honest fixes: nothing is called fixed that is not, and honest work is not doubted."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.proof.cases import FIXED, GAMED, MOVED, STILL, UNKNOWN
from tests.proof.corpus import PAGE, WAITING, false_fixes, few_worlds, kinds, share
from tests.proof.gaming import gaming
from tests.proof.honest import honest
from tests.proof.traps import traps
from tests.proof.trial import trials
from tests.proof.variations import all_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.trial import Outcome

_WORLDS = None if os.environ.get("CODEQL_FIXER_NEEDS_ALL") else few_worlds()  # noqa: TID251 - tests


def _told(outcomes: list[Outcome]) -> str:
    """The first few of them, for whoever has to mend something."""
    return "\n".join(
        f"{one.case.kind} ({one.case.world.name}, {one.way}): {one.verdicts}, {one.reasons[:1]}"
        for one in outcomes[:10]
    )


def test_corpus__no_trap_is_called_fixed() -> None:
    outcomes = list(trials(traps, _WORLDS))

    assert not false_fixes(outcomes), _told(false_fixes(outcomes))
    wrong = [one for one in outcomes if not one.is_right]
    assert not wrong, _told(wrong)


def test_corpus__gaming_is_told() -> None:
    outcomes = list(trials(gaming, _WORLDS))

    false = [one for one in false_fixes(outcomes) if one.case.kind not in WAITING]
    assert not false, _told(false)
    found = [one for one in outcomes if one.case.is_gaming and one.case.kind not in WAITING]
    missed = [one for one in found if set(one.verdicts) != {GAMED}]
    assert len(missed) <= 0.05 * len(found), _told(missed)
    waiting = {one.case.kind for one in outcomes if set(one.verdicts) != {GAMED}}
    assert waiting >= set(WAITING), f"no longer missed, take it off the list: {set(WAITING) - waiting}"


def test_corpus__honest_fixes_are_believed() -> None:
    outcomes = list(trials(honest, _WORLDS))

    verdicts = [verdict for one in outcomes for verdict in one.verdicts]
    wrong = _told([one for one in outcomes if not one.is_right])
    assert all(one.verdicts for one in outcomes)
    assert share(verdicts, {UNKNOWN}) <= 0.02, wrong
    assert share(verdicts, {GAMED}) <= 0.03, wrong
    assert share(verdicts, {STILL, MOVED}) == 0, wrong


def test_corpus__is_as_large_as_the_page_says() -> None:
    found = kinds()

    assert len(found["Traps"] | found["Gaming"]) >= 35
    assert len(found["Honest fixes"]) >= 35
    page = PAGE.read_text(encoding="utf-8")
    missing = [kind for part in found.values() for kind in sorted(part) if f"| {kind} |" not in page]
    assert not missing, f"not on the page: {missing}; run `python -m tests.proof.corpus`"


def test_corpus__published_scans_with_one_thing_changed(shared: Path) -> None:
    outcomes = list(all_of(shared / "sarif/public"))

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


@pytest.mark.parametrize("kind", sorted(WAITING))
def test_corpus__what_waits_has_a_reason(kind: str) -> None:
    assert WAITING[kind]
    assert kind in kinds()["Gaming"]
