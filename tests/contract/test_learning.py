"""What is learned from the ledger, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cost import FixTime
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.fix_example import ProvedFix
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.verification import Verdict
from tests.records import (
    RULE,
    at,
    cycle,
    fingerprint,
    fix_example,
    intent,
    issue_record,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
    verification,
)

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect

MERGED, OPEN = PullRequestState.MERGED, PullRequestState.OPEN
FINISHED, WORKING = SessionState.FINISHED, SessionState.WORKING


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


@pytest.fixture
def ledger() -> MemoryLedger:
    """An empty ledger."""
    return MemoryLedger()


def _learn(index: SqlIndex, ledger: MemoryLedger, *records: AnyRecord) -> None:
    ledger.append(records)
    catch_up(ledger, index)


def _session(name: str, hours: float, *numbers: int, **members: object) -> list[AnyRecord]:
    """A claim whose session exists."""
    return [intent(name, hours, *numbers, **members), outcome(name, hours, session=f"s-{name}")]


def _merged(name: str, hours: float, number: int) -> AnyRecord:
    """The session of a claim is over, and its pull request is merged."""
    pull = pull_request_seen(MERGED, hours, intent_id=name, number=number, session=f"s-{name}")
    seen = replace(session_seen(FINISHED, hours, f"s-{name}"), acu_used=2.5)
    return cycle(f"c-{name}", hours, sessions=(seen,), pull_requests=(pull,))


def _proved(name: str = "1") -> list[AnyRecord]:
    """Issue 1 is fixed by pull request 7, as a scan proves."""
    return [scan("1", 0, 1, 2), *_session(name, 1, 1), _merged(name, 3, 7), scan("2", 9, 2)]


def test_fix_counts__tell_rule_language_agent_and_versions_apart(index: SqlIndex, ledger: MemoryLedger) -> None:
    other = issue_record(2, rule_id="js/xss", cwe_family="xss", file="web/app.js")
    third = issue_record(3)
    _learn(
        index,
        ledger,
        scan("1", 0, 1, other, third),
        *_session("1", 1, 1, 2, prompt="p1", playbook="injection@1"),
        *_session("2", 2, 3, agent="coder", prompt="p2"),
        _merged("1", 3, 7),
        scan("2", 9, other, third),
    )

    found = {(one.rule_id, one.language, one.agent, one.prompt, one.playbook): one for one in index.fix_counts(at(0))}

    assert {key: (one.fixed, one.failed, one.merged, one.unmerged, one.last_at) for key, one in found.items()} == {
        (RULE, "python", "devin", "p1", "injection@1"): (1, 0, 1, 0, at(1)),
        ("js/xss", "javascript", "devin", "p1", "injection@1"): (0, 1, 1, 0, at(1)),
        (RULE, "python", "coder", "p2", ""): (0, 0, 0, 0, at(2)),
    }
    assert len(index.fix_counts(at(1.5))) == 1
    assert index.fix_counts(at(0), "acme/other") == []
    assert index.fix_counts(at(0), "ACME/Shop") == index.fix_counts(at(0))


def test_fix_counts__what_was_handed_over_counts_once(index: SqlIndex, ledger: MemoryLedger) -> None:
    """One pull request, two sessions at it: the second one brought it to its end."""
    goes_on = pull_request_seen(OPEN, 2, intent_id="2", number=7, session="")
    _learn(
        index,
        ledger,
        scan("1", 0, 1, 2),
        *_session("1", 1, 1),
        *_session("2", 2, 1, agent="coder", parent="1"),
        cycle("c-goes-on", 2, pull_requests=(goes_on,)),
        _merged("1", 3, 7),
        scan("2", 9, 2),
    )

    assert [(one.agent, one.fixed, one.failed, one.merged) for one in index.fix_counts(at(0))] == [("coder", 1, 0, 1)]


def test_rule_counts__are_those_of_everything_else_together(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, *_proved(), *_session("2", 5, 2, agent="coder", prompt="p2"))

    [count] = index.rule_counts(at(0))

    assert (count.family, count.rule_id, count.fixed, count.failed) == ("injection", RULE, 1, 0)
    assert (count.last_at, count.agent, count.prompt) == (at(5), "", "")
    assert [one.fixed for one in index.rule_counts(at(2))] == [0]
    assert index.rule_counts(at(5)) == []


def test_fix_counts__a_claim_that_came_to_nothing_is_no_attempt(index: SqlIndex, ledger: MemoryLedger) -> None:
    """One that nobody has settled yet is the last attempt, however it ends."""
    refused: list[AnyRecord] = [intent("1", 1, 1), outcome("1", 1, status=DispatchStatus.REFUSED, session="")]
    _learn(index, ledger, scan("1", 0, 1, 2), *refused)
    assert index.fix_counts(at(0)) == []

    _learn(index, ledger, intent("2", 5, 2))
    assert [(one.failed, one.last_at) for one in index.fix_counts(at(0))] == [(0, at(5))]


def test_fix_counts__a_fix_that_comes_undone_is_none(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, *_proved())
    assert [(one.fixed, one.failed) for one in index.fix_counts(at(0))] == [(1, 0)]

    _learn(index, ledger, scan("3", 12, 1, 2))
    assert [(one.fixed, one.failed) for one in index.fix_counts(at(0))] == [(0, 1)]


def test_fix_times__from_the_claim_to_the_scan_that_proves_it(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, *_proved())

    assert index.fix_times(at(0)) == [FixTime(family="injection", rule_id=RULE, agent="devin", hours=8.0)]
    assert index.fix_times(at(2)) == index.fix_times(at(0), "acme/other") == []


def test_session_costs__of_what_is_over_at_work_and_unknown(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(
        index,
        ledger,
        *_proved(),
        *_session("2", 2, 2, max_acu=5),
        *_session("3", 3, 2, agent="coder"),
        intent("4", 4, 2),
        intent("5", 5, 2),
        outcome("5", 5, status=DispatchStatus.AMBIGUOUS, session=""),
        intent("6", 6, 2),
        outcome("6", 6, status=DispatchStatus.RELEASED, session=""),
        cycle("c", 7, sessions=(session_seen(WORKING, 7, "s-2"), session_seen(SessionState.FAILED, 7, "s-3"))),
    )

    found = {one.intent_id: one for one in index.session_costs(at(0), "Acme/Shop")}

    assert {name: (one.known_acu, one.is_at_work, one.fixes) for name, one in found.items()} == {
        "1": (2.5, False, 1),
        "2": (None, True, 0),
        "3": (None, False, 0),
        "4": (None, True, 0),
        "5": (None, False, 0),
    }
    assert (found["2"].max_acu, found["3"].agent) == (5, "coder")
    assert index.session_costs(at(9)) == index.session_costs(at(0), "acme/other") == []


def _fixes(index: SqlIndex, *, most: int = 9, of_a_rule: int = 9) -> list[ProvedFix]:
    return index.proved_fixes(at(0), most=most, of_a_rule=of_a_rule)


def test_proved_fixes__by_scans_alone(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, *_proved()[:-1])
    assert _fixes(index) == []  # merged, and not scanned since

    _learn(index, ledger, _proved()[-1])

    assert _fixes(index) == [
        ProvedFix(
            repository="acme/shop",
            fingerprint=fingerprint(1),
            rule_id=RULE,
            family="injection",
            language="python",
            file="shop/app.py",
            pull_repository="acme/shop",
            pull_request=7,
            pull_request_url="",
            intent_id="1",
        )
    ]
    assert index.proved_fixes(at(2), most=9, of_a_rule=9) == []


def test_proved_fixes__by_a_verification_of_that_very_pull_request(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, *_proved()[:-1])
    proof = verification("v-1", 4, verdict=Verdict.VERIFIED_FIXED)
    _learn(index, ledger, replace(proof, pull_request=8), replace(proof, id="v-2", pull_request=None))
    _learn(index, ledger, replace(verification("v-3", 4, verdict=Verdict.UNKNOWN), pull_request=7))
    assert _fixes(index) == []

    _learn(index, ledger, replace(proof, id="v-4", pull_request=7))

    [found] = _fixes(index)
    assert found.verification.endswith("/v-4.json")

    _learn(index, ledger, scan("2", 9, 1, 2))  # it is still there, whatever was verified
    assert _fixes(index) == []


def test_proved_fixes__nobody_elses_and_none_that_is_open(index: SqlIndex, ledger: MemoryLedger) -> None:
    proof = replace(verification("v-1", 4, verdict=Verdict.VERIFIED_FIXED), pull_request=7)
    open_pull = pull_request_seen(OPEN, 3, intent_id="1", session="s-1")
    _learn(index, ledger, scan("1", 0, 1, 2), *_session("1", 1, 1), cycle("c", 3, pull_requests=(open_pull,)), proof)
    assert _fixes(index) == []

    _learn(index, ledger, cycle("d", 5, pull_requests=(pull_request_seen(MERGED, 5, intent_id="x", number=9),)))
    _learn(index, ledger, scan("2", 9, 1))
    assert _fixes(index) == []


def test_proved_fixes__one_for_each_pull_request_and_rule(index: SqlIndex, ledger: MemoryLedger) -> None:
    issues = [issue_record(number) for number in (1, 2, 3, 4)]
    issues[2] = issue_record(3, rule_id="py/xss")
    _learn(
        index,
        ledger,
        scan("1", 0, *issues),
        *_session("1", 1, 1, 2, 3),
        *_session("2", 1, 4),
        _merged("1", 3, 7),
        _merged("2", 4, 8),
        scan("2", 9),
    )

    assert [(one.pull_request, one.rule_id, one.fingerprint) for one in _fixes(index)] == [
        (8, RULE, fingerprint(4)),
        (7, RULE, fingerprint(1)),
        (7, "py/xss", fingerprint(3)),
    ]
    assert len(_fixes(index, most=2)) == 2

    _learn(index, ledger, fix_example("x-1", 10, pull_request=8, fingerprint=fingerprint(4)))
    assert [(one.pull_request, one.rule_id) for one in _fixes(index)] == [(7, RULE), (7, "py/xss")]
    assert [(one.pull_request, one.rule_id) for one in _fixes(index, of_a_rule=1)] == [(7, "py/xss")]


def _found(index: SqlIndex, **asked: object) -> list[str]:
    chosen = {"rule_id": "", "family": "", "owner": "", "repository": "", "most": 9, **asked}
    return [one.id.rpartition("/")[2].removesuffix(".json") for one in index.examples(**chosen)]  # type: ignore[arg-type]


def test_examples__are_asked_for_by_rule_family_owner_and_repository(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(
        index,
        ledger,
        fix_example("a", 1),
        fix_example("b", 2, target_repo="Acme/Api", rule_id="py/other"),
        fix_example("c", 3, target_repo="other/api", family="xss"),
        fix_example("d", 4, diff=""),  # nothing of it can be shown
    )

    assert _found(index) == ["c", "b", "a"]
    assert _found(index, owner="ACME") == ["b", "a"]
    assert _found(index, repository="Acme/Shop") == ["a"]
    assert _found(index, family="xss") == ["c"]
    assert _found(index, rule_id=RULE, owner="acme") == ["a"]
    assert _found(index, most=1) == ["c"]


def test_examples__none_whose_issue_came_back(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, *_proved(), fix_example("a", 10))
    assert (_found(index), index.undone_examples(most=9)) == (["a"], [])

    _learn(index, ledger, scan("3", 12, 1, 2))

    assert _found(index) == []
    assert [one.pull_request for one in index.undone_examples(most=9)] == [7]


def test_examples__of_an_earlier_name_are_those_of_the_repository(connect: Connect, ledger: MemoryLedger) -> None:
    index = SqlIndex(connect(), {"forks/shop": "acme/shop"})
    _learn(index, ledger, fix_example("a", 1, target_repo="forks/Shop"))

    assert _found(index, owner="acme", repository="forks/shop") == ["a"]
