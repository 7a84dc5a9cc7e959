"""Pull requests that nobody will merge as they are: told, and closed where the operator wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.leftover import LeftoverKind
from codeql_fixer.errors import UpstreamError
from codeql_fixer.ports.forge import PullRequest
from tests.records import at, cycle, intent, issue_record, outcome, pull_request_seen, scan
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from codeql_fixer.app.tidy import Tidied
    from codeql_fixer.domain.kinds import AnyRecord

SHOP = "acme/shop"
OPEN = PullRequestState.OPEN


class Shop(Orchestra):
    """A repository with pull request 7 of ours for issue 1, opened at hour 2."""

    def __init__(self, *more: AnyRecord, **members: Any) -> None:  # noqa: ANN401 - passed on
        seen = pull_request_seen(OPEN, 2, intent_id="i-1", session="s-1")
        super().__init__(
            registry(listed(SHOP, **members)),
            scan("1", 0, 1),
            intent("i-1", 1, 1),
            outcome("i-1", 1),
            cycle("c", 2, pull_requests=(seen,)),
            *more,
        )
        self.pull(7)

    def pull(self, number: int, **members: Any) -> None:  # noqa: ANN401 - passed on
        chosen: dict[str, Any] = {"state": OPEN, "created_at": at(2), "updated_at": at(3), **members}
        url = f"https://github.com/{SHOP}/pull/{number}"
        self.hosting.pulls[SHOP, number] = PullRequest(
            repository=SHOP, number=number, url=url, head=f"devin/{number}", base="main", title="t", **chosen
        )

    def tidied(self) -> Tidied:
        return self.tidier().tidy(self.watcher().look().sightings)


def test_tidy__leaves_alone_what_somebody_may_merge() -> None:
    shop = Shop(closes=frozenset(LeftoverKind))

    found = shop.tidied()

    assert (found.warnings, [one.pull.number for one in found.open]) == ((), [7])
    assert shop.pulls.closed == []
    assert shop.tidier().tidy(()).warnings == ()


def test_tidy__tells_and_does_nothing_more_unless_asked_to() -> None:
    shop = Shop(stale_pr_days=3)
    shop.clock.now = at(24 * 4)

    found = shop.tidied()

    assert found.warnings == (f"pull request {SHOP}#7 is stale: nothing happened at it for 3 days",)
    assert ([one.pull.number for one in found.open], shop.pulls.closed) == ([7], [])


def test_tidy__closes_with_a_comment_what_the_operator_wants_closed() -> None:
    shop = Shop(scan("2", 5), closes=frozenset({LeftoverKind.OBSOLETE}))

    found = shop.tidied()

    said = f"pull request {SHOP}#7 is obsolete: all its findings are gone by other means; it was closed"
    assert (found.warnings, found.open, shop.pulls.closed) == ((said,), (), [(SHOP, 7)])
    [body] = shop.pulls.said(SHOP, 7)
    assert "all its findings are gone by other means" in body
    shop.tidied()
    assert len(shop.pulls.said(SHOP, 7)) == 1


def test_tidy__one_whose_finding_lives_on_under_another_name_is_not_obsolete() -> None:
    edited = issue_record(9, message="query 1 depends on input")
    shop = Shop(scan("2", 5, edited), closes=frozenset({LeftoverKind.OBSOLETE}))

    found = shop.tidied()

    assert (found.warnings, shop.pulls.closed) == ((), [])


def test_tidy__the_newer_one_of_two_for_the_same_issue_stays() -> None:
    newer = pull_request_seen(OPEN, 4, intent_id="i-2", session="s-2", number=8)
    shop = Shop(intent("i-2", 3, 1, attempt=2), outcome("i-2", 3, session="s-2"), cycle("n", 4, pull_requests=(newer,)))
    shop.pull(8)

    found = shop.tidied()

    assert found.warnings == (f"pull request {SHOP}#7 is superseded: pull request 8 is about the same findings",)


def test_tidy__one_that_cannot_be_closed_is_told_of_and_stays() -> None:
    shop = Shop(closes=frozenset({LeftoverKind.CONFLICTING}))
    shop.pulls.mergeable[SHOP, 7] = False

    def refuse(_: str, __: int) -> None:
        raise UpstreamError("not now")

    shop.pulls.close = refuse  # type: ignore[method-assign, assignment]
    found = shop.tidied()

    [warning] = found.warnings
    assert warning.endswith("it is in conflict with its base; it could not be closed: not now")
    assert len(found.open) == 1


def test_cycle__warns_of_leftovers_and_answers_nothing_at_what_it_closed() -> None:
    shop = Shop(scan("2", 5), closes=frozenset({LeftoverKind.OBSOLETE}))

    report = shop.runner().run(shop.work())

    assert any("it was closed" in warning for warning in report.warnings)
    assert report.problems == []
