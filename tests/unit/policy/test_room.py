"""What limits leave, and how it is shown."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit, Window
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.policy.dispatching import Limits, RepositoryLimits
from codeql_fixer.policy.room import Full, Room, longest_window
from tests.dispatching import REPOSITORY, candidate, candidate_issue, claim, facts
from tests.records import at

OVER = {"outcome": DispatchStatus.CREATED, "session": SessionState.FINISHED, "session_id": "s-1"}
HOURLY = Allowance(kind=ScopeKind.FLEET, unit=Unit.SESSIONS, limit=3, window=Window.HOUR)
OPEN = Allowance(kind=ScopeKind.REPOSITORY, name="acme/shop", unit=Unit.OPEN_PULL_REQUESTS, limit=9)


def test_used__names_every_limit_that_holds() -> None:
    own = RepositoryLimits(max_sessions=4, max_open_prs=2)
    limits = Limits(
        max_acu_in_period=50, allowances=(HOURLY, OPEN), repositories={REPOSITORY: own}, started=(REPOSITORY,)
    )
    known = facts(2, claim("a", 1.5, 1, max_acu=5), open_pull_requests={REPOSITORY: 1})

    found = {name: (used, most) for name, used, most in Room(known, limits).used("Acme/Shop")}

    assert found == {
        "sessions of this run": (0, 25),
        "sessions in 24 h": (1, 100),
        "sessions at work": (1, 100),
        "ACU in 24 h": (5, 50),
        "fleet: sessions per hour": (1, 3),
        "repo acme/shop: open_prs": (1, 9),
        "sessions of the repository": (1, 4),
        "pull requests of the repository, open or on the way": (1, 2),
    }


def test_spent__are_the_fleets_limits_over_a_stretch_of_time() -> None:
    limits = Limits(max_in_period=2, max_acu_in_period=50, allowances=(HOURLY, OPEN))

    found = [(one.name, one.used, one.limit, one.period) for one in Room(facts(2, claim("a", 1.5, 1)), limits).spent()]

    day, hour = timedelta(hours=24), timedelta(hours=1)
    assert found == [
        ("sessions in 24 h", 1, 2, day),
        ("ACU in 24 h", 0, 50, day),
        ("fleet: sessions per hour", 1, 3, hour),
    ]
    assert [one.name for one in Room(facts(), Limits()).spent()] == ["sessions in 24 h"]


def test_used__leaves_out_what_is_not_limited() -> None:
    names = [name for name, _, _ in Room(facts(), Limits()).used(REPOSITORY)]

    assert names == ["sessions of this run", "sessions in 24 h", "sessions at work", "sessions of the repository"]


def test_used__shows_a_repository_what_is_its_own() -> None:
    """Not what another one has used, nor what is for others only."""
    each = Allowance(kind=ScopeKind.REPOSITORY, unit=Unit.SESSIONS, limit=5, window=Window.DAY)
    tagged = replace(each, kind=ScopeKind.TAG, name="pci")
    family = replace(each, kind=ScopeKind.FAMILY)
    limits = Limits(
        allowances=(each, replace(each, name="acme/other"), tagged, family),
        repositories={"acme/other": RepositoryLimits(tags=frozenset({"pci"}))},
    )
    claims = [claim(f"i-{number}", 1, number, repository="acme/other", family="xss", **OVER) for number in (1, 2)]
    room = Room(facts(2, *claims), limits)

    own = [(name, used) for name, used, _ in room.used(REPOSITORY) if ":" in name]
    others = [(name, used) for name, used, _ in room.used("acme/other") if ":" in name]

    assert own == [("repo: sessions per day", 0), ("family: sessions per day", 2)]
    assert others == [*((name, used) for name, used, _ in room.fleet() if ":" in name)]
    assert [used for _, used in others] == [2, 2, 2, 2]


def test_for_any__says_when_the_period_has_room_again() -> None:
    room = Room(facts(20, claim("a", 1, 1, **OVER), claim("b", 3, 2, **OVER)), Limits(max_in_period=2))

    full = room.for_any()

    assert full == Full(
        reason="2 sessions in 24 h are the limit, and were started", until=at(1) + timedelta(hours=24), for_all=True
    )


def test_for_session__an_allowance_refuses_until_it_has_room() -> None:
    once = replace(HOURLY, limit=1)
    room = Room(facts(2, claim("a", 1.5, 1, **OVER)), Limits(allowances=(once,)))

    full = room.for_session(candidate("B1", candidate_issue(2)), "devin", None)

    assert full == Full(reason="fleet: 1 of 1 sessions per hour are used or promised", until=at(2.5))
    assert room.for_session(candidate("B1", candidate_issue(2)), "devin", None) == full


def test_for_session__acu_that_nothing_frees_have_no_time() -> None:
    room = Room(facts(), Limits(max_acu_in_period=5))

    assert room.for_session(candidate("B1", candidate_issue(1)), "devin", 6) == Full(
        reason="0 of 5 ACU are spent or promised"
    )


def test_take__uses_up_every_limit() -> None:
    room = Room(facts(), Limits(allowances=(replace(HOURLY, limit=1),), keeps_files_apart=True))
    first, second = (candidate(f"B{number}", candidate_issue(number)) for number in (1, 2))

    room.take(first, "devin", 3)

    assert room.for_repository(second) == Full(reason="a session is at work on shop/app.py")
    assert room.for_session(second, "devin", None) is not None
    assert {fingerprint for _, fingerprint in room.busy} == {issue.fingerprint for issue in first.issues}


def test_longest_window__covers_every_allowance() -> None:
    monthly = replace(HOURLY, window=Window.MONTH)

    assert longest_window(Limits()) == timedelta(hours=24)
    assert longest_window(Limits(allowances=(HOURLY, OPEN, monthly))) == timedelta(days=30)


def test_limits__know_a_repository_by_its_earlier_names() -> None:
    own = RepositoryLimits(max_sessions=1)
    limits = Limits(repositories={REPOSITORY: own}, aliases={"acme/old": REPOSITORY}, started=("acme/other",))

    assert limits.of("Acme/OLD") == own
    assert limits.known_as("Acme/Other") == "acme/other"
