"""Pull requests that were open when somebody last looked."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from codeql_fixer.domain.cycle import Cycle, PullRequestState
from codeql_fixer.errors import RateLimitedError, UpstreamError
from codeql_fixer.ports.forge import PullRequest
from tests.records import at, cycle, fingerprint, intent, outcome, pull_request_seen, scan
from tests.unit.app.orchestrators import Orchestra, listed, registry

SHOP = "acme/shop"


def _fleet(*numbers: int) -> Orchestra:
    seen = tuple(
        pull_request_seen(PullRequestState.OPEN, 2, number=number, intent_id="i-1", session="s-1") for number in numbers
    )
    return Orchestra(
        registry(listed(SHOP)),
        scan("1", 0, 1),
        intent("i-1", 1, 1),
        outcome("i-1", 1),
        *([cycle("c", 2, pull_requests=seen)] if seen else []),
    )


def _is(fleet: Orchestra, number: int, state: PullRequestState) -> None:
    fleet.hosting.pulls[SHOP, number] = PullRequest(
        repository=SHOP,
        number=number,
        url=f"https://github.com/{SHOP}/pull/{number}",
        state=state,
        head="fix",
        base="main",
        title="t",
        merged_at=at(5) if state is PullRequestState.MERGED else None,
    )


def test_observe__records_what_is_not_open_any_more() -> None:
    fleet = _fleet(1, 2, 3)
    for number, state in enumerate((PullRequestState.OPEN, PullRequestState.MERGED, PullRequestState.CLOSED), start=1):
        _is(fleet, number, state)

    assert fleet.watcher().observe() == 3

    record = fleet.records(Cycle)[-1]
    assert {(seen.number, seen.state, seen.condition) for seen in record.pull_requests} == {
        (1, "open", "waiting"),
        (2, "merged", None),
        (3, "closed", None),
    }
    assert {(seen.intent_id, seen.session_id) for seen in record.pull_requests} == {("i-1", "s-1")}
    fleet.learn()
    assert fleet.index.open_pull_requests() == {SHOP: 1}
    count = len(fleet.records(Cycle))
    assert fleet.watcher().observe() == 0
    assert len(fleet.records(Cycle)) == count


def test_observe__asks_nobody_when_none_is_open() -> None:
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, 1))

    assert (fleet.watcher().observe(), fleet.hosting.calls) == (0, [])


def test_observe__one_that_cannot_be_asked_about_hides_no_other() -> None:
    fleet = _fleet(1, 2)
    _is(fleet, 2, PullRequestState.CLOSED)
    fleet.hosting.faults[SHOP] = [UpstreamError("no list"), UpstreamError("half an answer")]

    assert fleet.watcher().observe() == 1
    assert fleet.told == [
        f"warning: pull requests of {SHOP}: no list",
        f"warning: pull request {SHOP}#1: half an answer",
    ]


def test_observe__a_rate_limit_ends_the_asking() -> None:
    fleet = _fleet(1, 2)
    fleet.hosting.faults[SHOP] = [RateLimitedError("until 10:00")]

    assert fleet.watcher().observe() == 0
    assert fleet.hosting.calls == [("pulls", SHOP)]
    assert fleet.told == [f"warning: {SHOP}: until 10:00"]


def _proposed(fleet: Orchestra, number: int, **members: Any) -> None:  # noqa: ANN401 - passed on
    """A pull request in the host that nobody told us of."""
    chosen: dict[str, Any] = {
        "state": PullRequestState.OPEN,
        "head": "devin/1",
        "title": "t",
        "head_repository": SHOP,
        **members,
    }
    url = f"https://github.com/{SHOP}/pull/{number}"
    fleet.hosting.pulls[SHOP, number] = PullRequest(repository=SHOP, number=number, url=url, base="main", **chosen)


def _seen(fleet: Orchestra) -> list[tuple[int, str, str | None]]:
    fleet.learn()
    return [
        (seen.number, seen.intent_id, seen.linked_by)
        for record in fleet.records(Cycle)
        for seen in record.pull_requests
    ]


def test_observe__finds_what_no_session_reported() -> None:
    fleet = _fleet()
    _proposed(fleet, 4, head="cqf/i-1")
    _proposed(fleet, 5, head="cqf/i-1", head_repository="stranger/shop")
    _proposed(fleet, 6, title="Something else")

    assert (fleet.watcher().observe(), fleet.watcher().observe()) == (1, 1)
    assert _seen(fleet) == [(4, "i-1", "branch"), (4, "i-1", "branch")]  # the index has not read it yet
    assert fleet.watcher().observe() == 0


def test_observe__somebody_else_may_fix_it() -> None:
    fleet = _fleet(1)
    _is(fleet, 1, PullRequestState.OPEN)
    _proposed(fleet, 8, body=f"Fixes-Finding: {fingerprint(1)} CQLF-1")

    assert len(fleet.watcher().look().sightings) == 1  # theirs is not ours to answer

    assert (8, "", "body") in _seen(fleet)
    fleet.hosting.pulls[SHOP, 8] = replace(fleet.hosting.pulls[SHOP, 8], state=PullRequestState.CLOSED)
    fleet.clock.sleep(60)
    assert fleet.watcher().observe() == 1
    fleet.learn()
    assert fleet.watcher().observe() == 0


def test_observe__a_revert_takes_a_merge_back_once() -> None:
    fleet = _fleet(1)
    _is(fleet, 1, PullRequestState.MERGED)
    fleet.watcher().observe()
    fleet.learn()
    _proposed(
        fleet,
        9,
        state=PullRequestState.MERGED,
        title='Revert "Fix it"',
        body=f"Reverts {SHOP}#1",
        merged_at=at(9),
    )

    assert fleet.watcher().observe() == 1
    fleet.learn()
    [row] = fleet.index.issues(fingerprint(1), SHOP)
    assert (row.lifecycle, row.reason) == ("new", "its fix was reverted")
    assert fleet.watcher().observe() == 0


def test_observe__a_revert_that_is_only_proposed_takes_nothing_back() -> None:
    fleet = _fleet(1)
    _is(fleet, 1, PullRequestState.MERGED)
    fleet.watcher().observe()
    fleet.learn()
    _proposed(fleet, 9, title='Revert "Fix it"', body=f"Reverts {SHOP}#1")

    assert fleet.watcher().observe() == 0


def test_observe__costs_nothing_where_nothing_is_at_work() -> None:
    other = "acme/web"
    fleet = Orchestra(
        registry(listed(SHOP, other)),
        scan("1", 0, 1),
        scan("1", 0, 1, target_repo=other),
        intent("i-1", 1, 1),
        outcome("i-1", 1),
    )

    fleet.watcher().observe()

    assert fleet.hosting.calls == [("pulls", SHOP)]


def test_observe__records_a_condition_when_it_changes() -> None:
    fleet = _fleet(1)
    _is(fleet, 1, PullRequestState.OPEN)
    fleet.pulls.mergeable[SHOP, 1] = False

    conditions = []
    for is_mergeable in (False, False, True):
        fleet.pulls.mergeable[SHOP, 1] = is_mergeable
        fleet.clock.sleep(60)
        fleet.watcher().observe()
        fleet.learn()
        conditions.append(fleet.index.pull_requests_to_watch()[0].condition)

    assert conditions == ["conflicting", "conflicting", "waiting"]
    assert len(fleet.records(Cycle)) == 3  # the one that it began with among them


def test_look__what_cannot_be_read_of_one_is_told_and_hides_no_other() -> None:
    fleet = _fleet(1, 2)
    for number in (1, 2):
        _is(fleet, number, PullRequestState.OPEN)
    fleet.pulls.faults = [UpstreamError("half an answer")]

    assert [one.pull.number for one in fleet.watcher().look().sightings] == [2]
    assert fleet.told == [f"warning: what is said at {SHOP}#1: half an answer"]
    fleet.pulls.faults = [RateLimitedError("until 10:00")]
    assert fleet.watcher().look().sightings == ()


def test_look__without_somebody_who_reads_reviews_only_states_are_known() -> None:
    fleet = _fleet(1)
    _is(fleet, 1, PullRequestState.OPEN)

    seen = replace(fleet.watcher(), pulls=None).look()

    assert (seen.recorded, seen.sightings) == (0, ())


def test_look__what_nobody_foresaw_is_the_trouble_of_one_pull_request() -> None:
    fleet = _fleet(1, 2)
    for number in (1, 2):
        _is(fleet, number, PullRequestState.OPEN)
    fleet.pulls.faults = [TypeError("no such shape")]

    assert [one.pull.number for one in fleet.watcher().look().sightings] == [2]
    assert fleet.told == [f"warning: what is said at {SHOP}#1: TypeError: no such shape"]


def test_look__what_nobody_foresaw_is_the_trouble_of_one_repository() -> None:
    fleet = _fleet(1)
    fleet.hosting.faults[SHOP] = [KeyError("number")]

    assert fleet.watcher().look().sightings == ()
    assert fleet.told == [f"warning: pull requests of {SHOP}: KeyError: 'number'"]
