"""What must hold of a played fleet, counted at the twins and on the ledger."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.fsck import fsck
from codeql_fixer.domain.alert import DeliveryStatus
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import TAG_PREFIX
from codeql_fixer.domain.tracked import Lifecycle
from tests.fleet import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from codeql_fixer.domain.tracked import TrackedIssue
    from tests.fleet.book import Book
    from tests.fleet.cycles import Machine
    from tests.fleet.world import World

_DAY = 86_400.0
_LONGEST = timedelta(days=2)
_STARTED = frozenset({DispatchStatus.CREATED, DispatchStatus.ADOPTED})
_IS_SURE = re.compile("answered|not tried")  # it did not arrive; with any other failure nobody can tell
_GONE = frozenset({Lifecycle.FIXED, Lifecycle.VERIFIED_FIXED})


def after_round(world: World) -> None:
    """What holds at every moment."""
    bugs = [path.read_text() for path in world.folder.glob("bug-*.txt")]
    assert not bugs, bugs[0]
    world.book.read()
    sessions = world.devin.sessions()
    _sessions_have_claims(sessions, world.book)
    _one_at_a_time(sessions, world)
    _limits_hold(sessions, world)
    _scans_do_not_overlap(world)
    _alerts_are_told_once(world)


def _intent_of(session: dict[str, Any]) -> str:
    [name] = [tag.removeprefix(TAG_PREFIX) for tag in session["tags"] if tag.startswith(TAG_PREFIX)]
    return str(name)


def _sessions_have_claims(sessions: Sequence[dict[str, Any]], book: Book) -> None:
    by_intent = Counter(map(_intent_of, sessions))
    assert not [name for name, count in by_intent.items() if count > 1], f"two sessions for one claim: {by_intent}"
    assert by_intent.keys() <= book.intents.keys(), "a session without a claim"
    for name, outcome in book.outcomes.items():
        is_paid = name in by_intent
        assert is_paid or outcome.status not in _STARTED, f"{name} is {outcome.status}, and nobody knows its session"
        assert not is_paid or outcome.status in _STARTED, f"{name} is paid and {outcome.status}"


def _one_at_a_time(sessions: Sequence[dict[str, Any]], world: World) -> None:
    """An issue has one session that is at work or whose pull request is open."""
    busy: Counter[tuple[str, int]] = Counter()
    for session in sessions:
        proposal = world.proposals.get(session["session_id"])
        is_proposed = proposal.is_open if proposal else bool(session["pull_request_url"])
        if session["is_live"] or is_proposed:
            intent = world.book.intents[_intent_of(session)]
            busy.update((intent.target_repo, number) for number in world.book.findings_of(intent))
    twice = [name for name, count in busy.items() if count > 1]
    assert not twice, f"two sessions at a time for {twice}"


def _limits_hold(sessions: Sequence[dict[str, Any]], world: World) -> None:
    stats = world.devin.stats()
    assert stats["max_live_sessions"] <= places.AT_ONCE
    tagged = {f"repo:{one.name.lower()}" for one in world.places if one.number % 3 == 0}

    def group(of: Callable[[str], bool]) -> Callable[[dict[str, Any]], Iterable[str]]:
        return lambda session: [tag.lower() for tag in session["tags"] if of(tag.lower())]

    _most_a_day(sessions, places.SESSIONS_PER_DAY, lambda _: ["the fleet"])
    _most_a_day(sessions, places.PER_REPOSITORY, group(lambda tag: tag.startswith("repo:")))
    _most_a_day(sessions, places.PER_FAMILY, group(lambda tag: tag.startswith("family:")))
    _most_a_day(
        [one for one in sessions if tagged.intersection(map(str.lower, one["tags"]))],
        places.PER_TAG,
        lambda _: ["tag pci"],
    )
    open_ones = Counter(one.repository for one in world.proposals.values() if one.is_open)
    assert max(open_ones.values(), default=0) <= places.OPEN_PULL_REQUESTS, f"too many are open: {open_ones}"
    left_alone = {f"repo:{one.name.lower()}" for one in world.places if one.number % 11 == 7}
    wrong = [one for one in sessions if left_alone.intersection(map(str.lower, one["tags"]))]
    assert not wrong, f"nobody asked for a session there: {wrong}"


def _most_a_day(
    sessions: Sequence[dict[str, Any]], limit: int, groups_of: Callable[[dict[str, Any]], Iterable[str]]
) -> None:
    """At most so many start in any 24 hours."""
    times: dict[str, list[float]] = defaultdict(list)
    for session in sorted(sessions, key=lambda one: float(one["created_at"])):
        for name in groups_of(session):
            recent = times[name] = [at for at in times[name] if at > session["created_at"] - _DAY]
            recent.append(session["created_at"])
            assert len(recent) <= limit, f"{name}: {len(recent)} sessions in a day, {limit} may be"


def _scans_do_not_overlap(world: World) -> None:
    """No time passes between a start and this look, so a scan that was started beside another one is seen."""
    running = Counter(
        run["inputs"]["target_repo"].lower() for run in world.github.runs() if run["status"] != "completed"
    )
    twice = [name for name, count in running.items() if count > 1]
    assert not twice, f"scanned twice at once: {twice}"


def _alerts_are_told_once(world: World) -> None:
    """Twice only where somebody was killed before he could say that it had arrived, and never without a record."""
    book, hook = world.book, world.hook
    assert not hook.forged, f"alerts that nobody signed: {hook.forged}"
    taken = Counter(hook.accepted())
    assert not taken.keys() - book.alerts.keys(), f"alerts without a record: {taken.keys() - book.alerts.keys()}"
    meant = Counter(name for alert in book.alerts.values() for name in {alert.id, *alert.covers})
    again = [name for name, times in meant.items() if times > 1]
    assert not again, f"news that are told on their own and as part of another alert: {again}"
    for alert, times in taken.items():
        said = [one for one in book.alert_outcomes.values() if one.alert == alert]
        arrived = sum(one.status is DeliveryStatus.DELIVERED for one in said)
        in_doubt = sum(one.alert == alert for one in book.alert_claims.values()) - len(said)
        # One whose answer was lost is in doubt as well: it is on record as failed.
        in_doubt += sum(one.status is DeliveryStatus.FAILED and not _IS_SURE.search(one.reason) for one in said)
        assert arrived <= 1, f"{alert} was delivered {arrived} times"
        assert times <= arrived + in_doubt, f"{alert} was told {times} times, with {in_doubt} attempts in doubt"


def judge(world: World, machines: Sequence[Machine]) -> int:
    """What holds at the end; returns how many issues are verified to be fixed."""
    book = world.book
    book.read()
    left_open = book.intents.keys() - book.outcomes.keys()
    assert not left_open, f"claims without an end: {left_open}"
    untold = book.alerts.keys() - set(world.hook.accepted())
    assert not untold, f"alerts that nobody heard: {untold}"
    paid = {_intent_of(session) for session in world.devin.sessions()}
    told = {name for name, outcome in book.outcomes.items() if outcome.status in _STARTED}
    assert paid == told, f"sessions that the ledger does not know: {paid ^ told}"
    now = world.now()
    records, faults = fsck(world.ledger, now)
    assert not faults, faults
    assert records == len(book.records)
    rebuilt = SqlIndex(SqliteDatabase(world.folder / "rebuilt.sqlite"), machines[0].index().names)
    catch_up(world.ledger, rebuilt, is_rebuild=True)
    stuck = [claim for claim in rebuilt.claims(now) if claim.is_at_work and now - claim.claimed_at > _LONGEST]
    assert not stuck, f"sessions that take a place for ever: {stuck}"
    undelivered = [(one.alert, one.reason) for one in rebuilt.undelivered("webhook", now + timedelta(days=3), most=99)]
    assert not undelivered, f"alerts whose arrival is on no record: {undelivered}"
    wanted = picture(rebuilt)
    for machine in machines:
        index = machine.index()
        catch_up(world.ledger, index)
        found = picture(index)
        for name, value in wanted.items():
            assert found[name] == value, f"{machine.name}: {name} differs from a rebuild"
    return _lifecycles_are_right(world, rebuilt)


def picture(index: SqlIndex) -> dict[str, object]:
    """All that an index says, without its own keys."""
    ever = datetime(2000, 1, 1, tzinfo=UTC)
    names = [row.name for row in index.repositories()]
    return {
        "repositories": index.repositories(),
        "issues": {
            name: sorted((_text_of(row.issue), row.lifecycle.value, row.reason) for row in index.issues_in(name))
            for name in names
        },
        "attempts": {name: index.attempts(name) for name in names},
        "claims": sorted(index.claims(ever), key=lambda claim: claim.intent_id),
        "scans": index.scans(),
        "open counts": index.open_counts(ever),
        "fix counts": index.fix_counts(ever),
        "open pull requests": index.open_pull_requests(),
        "ends": index.session_ends(ever),
        "baselines": index.baselines(),
    }


def _text_of(issue: TrackedIssue) -> str:
    """An issue as a text, without the key that the index gave it."""
    return repr(replace(issue, key=0))


def fixes_that_a_scan_looked_at(world: World) -> int:
    """How many issues are gone by a merge of ours, and a scan since has said so."""
    world.book.read()
    return sum(
        one.findings[number].is_our_fix
        for one in world.places
        for number in world.book.ever_found(one.name) - (world.book.found_last(one.name) or set())
    )


def _lifecycles_are_right(world: World, index: SqlIndex) -> int:
    """What a merge of ours fixed and a scan looked at since is verified, and nothing else is."""
    verified = 0
    for one in world.places:
        found_last = world.book.found_last(one.name)
        rows = {int(row.issue.message.split()[1]): row for row in index.issues_in(one.name.lower())}
        assert rows.keys() == world.book.ever_found(one.name), f"{one.name}: issues that are not there, or unknown ones"
        for number, row in rows.items():
            what = f"{one.name}, finding {number}: {row.lifecycle} ({row.reason})"
            if number in (found_last or set()):
                assert row.lifecycle not in _GONE, f"{what}, and the last scan found it"
                continue
            is_ours = one.findings[number].is_our_fix
            expected = Lifecycle.VERIFIED_FIXED if is_ours else Lifecycle.FIXED
            assert row.lifecycle is expected, f"{what}, and it is {expected}"
            verified += is_ours
    return verified
