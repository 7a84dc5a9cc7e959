"""A simulation that starts from somebody's index."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.twin.fleet.assumptions import Assumptions
from codeql_fixer.twin.fleet.start import BEGINNING, cost_factor, taken_over
from tests.fleet_model import new_index
from tests.records import at, cycle, fingerprint, intent, issue_record, outcome, pull_request_seen, scan, session_seen


def _known() -> MemoryLedger:
    ledger = MemoryLedger()
    low = issue_record(3, severity_tier=SeverityTier.LOW, cwe_family="xss", file="shop/page.py")
    ledger.append(
        [
            scan("1", 0, 1, 2, low),
            scan("1", 5, 4, target_repo="acme/api"),
            intent("1", 1, 1),
            outcome("1", 1, session="s-1"),
            cycle(
                "1",
                2,
                sessions=(session_seen(SessionState.FINISHED, 2, "s-1"),),
                pull_requests=(pull_request_seen(PullRequestState.MERGED, 2),),
            ),
            scan("2", 3, 2, low),
        ]
    )
    return ledger


def test_taken_over__has_what_is_open_as_old_as_it_is() -> None:
    index = new_index()
    catch_up(_known(), index)

    start = taken_over(index, ["Acme/Shop", "acme/api", "acme/new"], Assumptions(), now=at(10))

    shop, api, new = start.repositories
    assert {flaw.fingerprint for flaw in shop.flaws} == {fingerprint(2), fingerprint(3)}
    assert {flaw.present_since for flaw in shop.flaws} == {BEGINNING - timedelta(hours=10)}
    assert [flaw.present_since for flaw in api.flaws] == [BEGINNING - timedelta(hours=5)]
    assert (new.flaws, shop.size > api.size) == ((), True)


def test_taken_over__measures_where_something_is_known() -> None:
    index = new_index()
    catch_up(_known(), index)
    family = next(row.issue.family for row in index.issues_in("acme/api"))

    assumed = taken_over(index, ["acme/shop", "acme/api"], Assumptions(), now=at(10)).assumptions

    assert assumed.tiers == {SeverityTier.HIGH: 2, SeverityTier.LOW: 1}
    assert {name: one.share for name, one in assumed.families.items()} == {family: 2.0, "xss": 1.0}
    # one attempt that fixed its issue, beside ten as assumed
    before = Assumptions().family(family).fix_probability
    assert before < assumed.family(family).fix_probability < before + 0.1
    assert assumed.family("xss") == replace(Assumptions().family("xss"), share=1.0)


def test_taken_over__an_index_without_open_issues_tells_nothing() -> None:
    start = taken_over(new_index(), ["acme/new"], Assumptions(), now=at(10))

    assert start.assumptions.families == Assumptions().families
    assert start.assumptions.tiers == Assumptions().tiers


@pytest.mark.parametrize(("findings", "factor"), [(1, 1.0), (2, 1.5), (5, 3.0)])
def test_cost_factor__half_more_for_each_further_finding(findings: int, factor: float) -> None:
    assert cost_factor(findings) == factor
