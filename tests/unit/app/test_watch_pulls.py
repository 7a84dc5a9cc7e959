"""Pull requests that were open when somebody last looked."""

from __future__ import annotations

from codeql_fixer.domain.cycle import Cycle, PullRequestState
from codeql_fixer.errors import RateLimitedError, UpstreamError
from codeql_fixer.ports.forge import PullRequest
from tests.records import at, cycle, intent, outcome, pull_request_seen, scan
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
