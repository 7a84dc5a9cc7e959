"""Allowances: whose uses they count, what they say, and from when on there is room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit, Window
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.policy.allowances import Allowances, Use, uses_of
from tests.dispatching import claim
from tests.records import at

FLEET, TAG, REPOSITORY, FAMILY, AGENT = ScopeKind
SESSIONS, ACU, OPEN = Unit
HOUR, DAY = Window.HOUR, Window.DAY
CREATED, FINISHED = DispatchStatus.CREATED, SessionState.FINISHED
NOW = 100.0


def _use(hours: float = NOW, **members: Any) -> Use:  # noqa: ANN401 - passed on
    known: dict[str, Any] = {"repository": "acme/shop", "tags": frozenset({"pay", "web"}), "family": "xss"}
    return Use(at=at(hours), **{**known, "agent": "devin", **members})


def _allowance(limit: int, kind: ScopeKind = FLEET, **members: Any) -> Allowance:  # noqa: ANN401 - passed on
    return Allowance(**{"kind": kind, "unit": SESSIONS, "limit": limit, "window": HOUR, **members})


OTHERS = (
    _use(99.5),
    _use(99.6, repository="acme/other", tags=frozenset({"web"}), family="ssrf", agent="basic"),
    _use(99.7, repository="Acme/Shop", tags=frozenset({"pay"}), agent="basic"),
    _use(99.0),  # just left the window
)


@pytest.mark.parametrize(
    ("kind", "name", "limit", "reason"),
    [
        (FLEET, "", 3, "fleet: 3 of 3 sessions per hour are used or promised"),
        (REPOSITORY, "", 2, "repo acme/shop: 2 of 2 sessions per hour are used or promised"),
        (REPOSITORY, "acme/shop", 2, "repo acme/shop: 2 of 2 sessions per hour are used or promised"),
        (REPOSITORY, "acme/other", 0, ""),
        (TAG, "", 2, "tag pay: 2 of 2 sessions per hour are used or promised"),
        (TAG, "web", 2, "tag web: 2 of 2 sessions per hour are used or promised"),
        (TAG, "mobile", 0, ""),
        (FAMILY, "", 2, "family xss: 2 of 2 sessions per hour are used or promised"),
        (AGENT, "devin", 1, "agent devin: 1 of 1 sessions per hour are used or promised"),
        (AGENT, "basic", 0, ""),
    ],
)
def test_problem__counts_what_is_in_the_scope(kind: ScopeKind, name: str, *, limit: int, reason: str) -> None:
    full = Allowances([_allowance(limit, kind, name=name)], OTHERS, now=at(NOW)).problem(_use())
    roomy = Allowances([_allowance(limit + 1, kind, name=name)], OTHERS, now=at(NOW)).problem(_use())

    assert (full.reason if full else "") == reason
    assert roomy is None


@pytest.mark.parametrize(
    ("acu", "free_at"),
    [
        (1.5, None),  # fits
        (2.0, 110),  # when the 4 of then are out of the day
        (5.5, 110),
        (6.0, 111),
        (9.0, 112),
        (9.5, "never"),
        (0.0, None),  # what costs nothing needs no room
    ],
)
def test_problem__says_when_there_is_room(acu: float, free_at: float | str | None) -> None:
    before = [_use(hours, acu=acu) for hours, acu in ((86, 4.0), (87, 0.5), (88, 3.0))]
    room = Allowances([_allowance(9, unit=ACU, window=DAY)], before, now=at(NOW))

    found = room.problem(_use(acu=acu))

    assert (found is None) == (free_at is None)
    if found:
        assert found.free_at == (None if free_at == "never" else at(float(str(free_at))))
        assert found.used == 7.5


def test_problem__of_open_pull_requests_ends_by_an_event() -> None:
    """However long they are open."""
    only = [_allowance(2, REPOSITORY, unit=OPEN, window=None)]
    before = [_use(-1000, open_prs=1), _use(-2000, open_prs=0), _use(99, open_prs=1)]

    found = Allowances(only, before, now=at(NOW)).problem(_use())

    assert found
    assert (found.used, found.free_at) == (2, None)
    assert found.reason == "repo acme/shop: 2 of 2 open pull requests are used or promised"
    assert Allowances(only, before[:2], now=at(NOW)).problem(_use()) is None


def test_problem__names_the_allowance_that_holds_longest() -> None:
    hour, day, opened = _allowance(1), _allowance(1, window=DAY), _allowance(1, unit=OPEN, window=None)

    assert _holds([hour, day]) == day
    assert _holds([day, hour]) == day
    assert _holds([opened, day, hour]) == opened


def _holds(allowances: list[Allowance]) -> Allowance | None:
    found = Allowances(allowances, [_use(99.5)], now=at(NOW)).problem(_use())
    return found.allowance if found else None


def test_problem__counts_what_was_used_by_a_clock_that_is_ahead() -> None:
    assert Allowances([_allowance(1)], [_use(100.1)], now=at(NOW)).problem(_use())


def test_problem__not_about_times_of_which_nothing_is_kept() -> None:
    with pytest.raises(ValueError, match="nothing before 2026-03-05 04:00:00"):
        Allowances([], now=at(NOW)).problem(_use(99))


def test_take__counts_from_now_on() -> None:
    room = Allowances([_allowance(2)], now=at(NOW))
    for hours in (100.5, 100.2):  # in any order
        assert room.problem(_use(hours)) is None
        room.take(_use(hours))

    found = room.problem(_use(100.6))
    assert found
    assert found.free_at == at(101.2)


def test_uses_of__holds_what_a_claim_may_cost_until_that_is_known() -> None:
    claims = [
        claim("i-1", 1, 1, max_acu=5, family="xss"),  # nobody knows what became of it
        claim("i-2", 2, 2, max_acu=5, outcome=DispatchStatus.REFUSED),
        claim("i-3", 3, 3, max_acu=5, outcome=CREATED, session=FINISHED, acu_used=1.5),
        claim("i-4", 4, 4, outcome=CREATED, session=FINISHED, repository="acme/other"),
    ]
    tags = {"acme/shop": frozenset({"pay"})}

    found = list(uses_of(claims, tags_of=lambda name: tags.get(name, frozenset()), open_prs={"i-3": 2}))

    assert [(use.at, use.acu, use.open_prs) for use in found] == [(at(1), 5, 1), (at(3), 1.5, 2), (at(4), 0, 0)]
    assert [(use.repository, use.tags) for use in found[1:]] == [
        ("acme/shop", frozenset({"pay"})),
        ("acme/other", frozenset()),
    ]
    assert (found[0].family, found[0].agent) == ("xss", "devin")


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(1, 8)), max_size=12),
    st.integers(1, 8),
    st.lists(st.tuples(st.sampled_from([Window.QUARTER, HOUR]), st.integers(1, 12)), min_size=1, max_size=3),
)
def test_problem__names_the_exact_time(
    before: list[tuple[int, int]], acu: int, limits: list[tuple[Window, int]]
) -> None:
    """A microsecond earlier there is no room, and then there is, if nothing else happens."""
    uses = [_use(NOW - minutes / 60, acu=amount / 2) for minutes, amount in before]
    allowances = [_allowance(limit, unit=ACU, window=window) for window, limit in limits]
    wanted = _use(acu=acu / 2)

    found = Allowances(allowances, uses, now=at(NOW)).problem(wanted)

    if found and found.free_at:
        later = Allowances(allowances, uses, now=at(NOW))
        assert later.problem(replace(wanted, at=found.free_at)) is None
        assert later.problem(replace(wanted, at=max(found.free_at - timedelta(microseconds=1), at(NOW))))
