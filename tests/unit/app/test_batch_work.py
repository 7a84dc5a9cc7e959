"""Batches as work for agents: what the index adds to them, who gets them, and what exactly is ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.batch_work import BatchWork, Routers, Target
from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.learning import Sharing
from codeql_fixer.domain.route import AgentKind, AgentProfile, NoRoute, Route, Routing
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.policy.dispatching import Dispatch, Limits
from codeql_fixer.ports.agent import Capabilities
from tests.agents import MemoryAgent
from tests.builders import issue
from tests.commands import ROOT
from tests.dispatching import facts
from tests.records import (
    at,
    cycle,
    dismissal,
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
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.session import SessionRequest

SECRET = "hunter2"  # noqa: S105 - made up
CODER = AgentProfile(name="coder", kind=AgentKind.COMMAND, is_paid=True, command=("coder",))
ROUTING = Routing(profiles=(*Routing().profiles, CODER), default=("devin", "coder"))


class _Plain(MemoryAgent):
    """An agent that takes no files."""

    name = "coder"
    capabilities = Capabilities(is_paid=True, tells_cost=False, takes_messages=False, takes_attachments=False)


def _failed(number: int, hours: float, detail: str, *issues: int, agent: str = "devin") -> list[AnyRecord]:
    """An attempt at some issues that came to nothing."""
    session = f"s-{number}"
    seen = replace(session_seen(SessionState.FAILED, hours + 1, session), intent_id=f"i-{number}", detail=detail)
    return [
        intent(f"i-{number}", hours, *issues, attempt=number, agent=agent),
        outcome(f"i-{number}", hours, session=session),
        cycle(f"c-{number}", hours + 1, sessions=(seen,)),
    ]


@pytest.fixture
def index(tmp_path: Path) -> SqlIndex:
    """An index without records."""
    return SqlIndex(SqliteDatabase(tmp_path / "index.sqlite"))


def _work(index: SqlIndex, *records: AnyRecord, **members: Any) -> BatchWork:  # noqa: ANN401 - passed on
    """One batch with issues 1 and 2 that a scan has seen, and what else the ledger says."""
    ledger = MemoryLedger()
    ledger.append([scan("1", 0, 1, 2), *records])
    catch_up(ledger, index)
    agents = {"devin": MemoryAgent(lambda: at(0)), "coder": _Plain(lambda: at(0))}
    playbooks = Playbooks(ROOT / "playbooks")
    given = {
        "batches": (Batch("B001", "injection", (issue(1), issue(2, line=20))),),
        "target": Target(repository="acme/shop", base_branch="main", run_id="7"),
        "routers": Routers(routing=ROUTING, agents=agents, has_codemod=lambda _: False),
        "index": index,
        "briefs": BriefWriter(NoCheckout(), target_repo="acme/shop", default_branch="main", run_id="7"),
        "renderer": JinjaRenderer(playbooks),
        "excerpt": lambda batch: ",".join(found.id for found in batch.issues).encode(),
        "playbook_of": playbooks.name_of,
        "secrets": {"DB_PASSWORD": SECRET},
    }
    return BatchWork(**{**given, **members})


def _ordered(work: BatchWork, *numbers: int, agent: str = "devin", **claim: Any) -> SessionRequest:  # noqa: ANN401
    """What is ordered for the issues with these numbers."""
    [candidate] = work.candidates(facts(), Limits())
    wanted = {fingerprint(number) for number in numbers}
    candidate = replace(candidate, issues=tuple(one for one in candidate.issues if one.fingerprint in wanted))
    route = work.route(candidate, 0)
    assert isinstance(route, Route)
    dispatch = Dispatch(candidate=candidate, route=route, attempt=1, max_acu=None)
    return work.request(dispatch, intent("i-1", 0, *numbers, agent=agent, **claim))


# --- candidates


def test_candidates__have_what_the_index_knows(index: SqlIndex) -> None:
    work = _work(index, intent("i-1", 1, 1), outcome("i-1", 1), dismissal("d-1", 2, number=2, expires=50))

    [candidate] = work.candidates(facts(), Limits())

    first, second = candidate.issues
    assert (candidate.key, candidate.repository, candidate.family, candidate.tier) == (
        *("B001", "acme/shop", "injection", "high"),
    )
    assert (first.lifecycle, [attempt.intent_id for attempt in first.attempts]) == (
        Lifecycle.SESSION_DISPATCHED,
        ["i-1"],
    )
    assert (second.attempts, second.dismissed_until) == ((), at(50))


def test_candidates__know_an_issue_by_a_name_that_it_gave_up(index: SqlIndex) -> None:
    edited = issue_record(9, message="query 1 depends on input")  # a scan without the code names findings otherwise
    work = _work(index, scan("2", 1, edited, 2))

    [candidate] = work.candidates(facts(), Limits())

    [first, _] = candidate.issues
    assert first.fingerprint == fingerprint(1)
    assert first.tracked is not None
    assert first.tracked.fingerprint == fingerprint(9)
    assert first.lifecycle is Lifecycle.RECURRING


def test_candidates__are_there_for_issues_that_the_index_does_not_know(index: SqlIndex) -> None:
    work = _work(index, batches=(Batch("B001", "injection", (issue(9),)),))

    [candidate] = work.candidates(facts(), Limits())

    [unknown] = candidate.issues
    assert (unknown.fingerprint, unknown.tracked, unknown.attempts) == (fingerprint(9), None, ())


def test_candidates__know_nothing_of_other_repositories(index: SqlIndex) -> None:
    elsewhere = scan("1", 0, 1, target_repo="acme/other")
    work = _work(index, elsewhere, intent("i-1", 1, 1, target_repo="acme/other"), outcome("i-1", 1))

    [candidate] = work.candidates(facts(), Limits())

    assert [found.attempts for found in candidate.issues] == [(), ()]


# --- routes


def test_route__goes_to_another_agent_after_one_has_failed(index: SqlIndex) -> None:
    work = _work(index, *_failed(1, 1, "no", 1))

    [candidate] = work.candidates(facts(), Limits())
    fresh = replace(candidate, issues=candidate.issues[1:])
    routes = [work.route(one, 0) for one in (candidate, fresh)]

    assert [route.agent for route in routes if isinstance(route, Route)] == ["coder", "devin"]


def test_route__asks_only_agents_that_are_here(index: SqlIndex) -> None:
    work = _work(index)
    work = replace(work, routers=replace(work.routers, agents={}))

    [candidate] = work.candidates(facts(), Limits())

    assert isinstance(work.route(candidate, 0), NoRoute)


# --- requests


def test_request__says_all_that_the_session_needs(index: SqlIndex) -> None:
    request = _ordered(_work(index), 1, 2, max_acu=5, mode="fast")

    assert request.title == "Fix 2 injection findings in acme/shop [B001]"
    assert request.tags == ("codeql-fixer", "family:injection", "tier:high", "repo:acme/shop", "run:7")
    assert (request.tag, request.base_branch, request.playbook) == ("cqf:i-1", "main", "injection")
    assert (request.max_acu, request.mode, dict(request.secrets)) == (5, "fast", {"DB_PASSWORD": SECRET})
    assert [(file.name, file.content) for file in request.attachments] == [("B001.sarif", b"CQLF-R1-0001,CQLF-R1-0002")]
    assert [(target.id, target.start_line, target.fingerprint) for target in request.targets] == [
        ("CQLF-R1-0001", 10, fingerprint(1)),
        ("CQLF-R1-0002", 20, fingerprint(2)),
    ]
    for number in (1, 2):
        assert f"Fixes-Finding: {fingerprint(number)} CQLF-R1-000{number}" in request.prompt


def test_request__is_about_the_issues_that_were_claimed_and_no_other(index: SqlIndex) -> None:
    request = _ordered(_work(index), 2)

    assert request.title == "Fix 1 injection finding in acme/shop [B001]"
    assert [target.id for target in request.targets] == ["CQLF-R1-0002"]
    assert fingerprint(1) not in request.prompt
    assert request.attachments[0].content == b"CQLF-R1-0002"


def test_request__sends_files_only_to_agents_that_take_them(index: SqlIndex) -> None:
    assert _ordered(_work(index), 1, agent="coder").attachments == ()


def test_request__keeps_secrets_out_of_words(index: SqlIndex) -> None:
    work = _work(index)
    request = _ordered(work, 1)

    assert SECRET not in f"{work!r}{request!r}{request.prompt}{request.title}{request.tags}{request.attachments}"


def test_request__says_what_the_last_three_attempts_came_to(index: SqlIndex) -> None:
    """Each once, also where it was about several issues; one that could not be started is none."""
    records = [record for number in range(1, 5) for record in _failed(number, number * 10, f"reason {number}.", 1, 2)]
    records += [intent("i-9", 90, 1, attempt=9), outcome("i-9", 90, status=DispatchStatus.REFUSED, session="")]

    prompt = _ordered(_work(index, *records), 1, 2).prompt

    assert [prompt.count(f"reason {number}.") for number in range(1, 5)] == [0, 1, 1, 1]
    assert prompt.index("reason 2.") < prompt.index("reason 3.") < prompt.index("reason 4.")


def test_request__says_what_scans_still_saw_after_a_merge(index: SqlIndex) -> None:
    merged = pull_request_seen(PullRequestState.MERGED, 3, intent_id="i-9", session="s-9")
    verdict = replace(verification("v-1", 5, verdict=Verdict.MOVED), intent_id="i-9")
    moved = replace(verdict, verdicts=(replace(verdict.verdicts[0], reason="it is in shop/other.py now"),))
    work = _work(
        index,
        intent("i-9", 1, 1),
        outcome("i-9", 1, session="s-9"),
        cycle("c-9", 3, pull_requests=(merged,)),
        scan("2", 4, 1, 2),
        moved,
    )

    prompt = _ordered(work, 1, 2).prompt

    assert "was merged, and the scan of 2026-03-01 04:00 UTC still reports it at shop/app.py:2" in prompt
    assert "(moved: it is in shop/other.py now)" in prompt
    assert prompt.count("still reports it") == 1  # the other issue was not in that attempt


def test_request__cuts_long_words_of_agents_and_scanners(index: SqlIndex) -> None:
    long = "x" * 2000
    batch = Batch("B001", "injection", (issue(1, message=f"line\nbreak {'m' * 900}"),))

    request = _ordered(_work(index, *_failed(1, 1, long, 1), batches=(batch,)), 1)

    assert "x" * 1500 in request.prompt
    assert "x" * 1501 not in request.prompt
    [target] = request.targets
    assert "\n" not in target.message
    assert target.message.startswith("line break mmm")
    assert "m" * 300 not in target.message


def test_request__has_whole_tags_of_one_line(index: SqlIndex) -> None:
    """A tag that was cut could not be looked up by."""
    longest = f"{'o' * 39}/{'n' * 100}"

    tags = _ordered(_work(index, target=Target(repository=longest, base_branch="", run_id="7\n8")), 1, 2).tags

    assert tags[3:] == (f"repo:{longest}", "run:7 8")


@pytest.mark.parametrize(
    ("sharing", "shown"),
    [
        (Sharing.OFF, []),
        (Sharing.REPOSITORY, ["+own"]),
        (Sharing.OWNER, ["+own", "+same owner"]),
        (Sharing.FLEET, ["+own", "+same owner", "+stranger"]),
    ],
)
def test_request__shows_proved_fixes_as_far_as_they_may_travel(
    index: SqlIndex, sharing: Sharing, shown: list[str]
) -> None:
    work = _work(
        index,
        fix_example("x-1", 1, diff="+own", fingerprint=fingerprint(9)),
        fix_example("x-2", 4, diff="+same owner", target_repo="acme/api"),
        fix_example("x-3", 3, diff="+stranger", target_repo="other/api"),
        target=Target(repository="Acme/Shop", base_branch="main", run_id="7", sharing=sharing),
    )

    prompt = _ordered(work, 1).prompt

    assert [line for line in prompt.splitlines() if line in {"+own", "+same owner", "+stranger"}] == shown
    assert ("## Fixes that were proved" in prompt) == bool(shown)


def test_request__shows_three_fixes_at_most_those_of_the_rule_first(index: SqlIndex) -> None:
    examples = [
        fix_example(
            f"x-{number}",
            number,
            diff=f"+{number}",
            pull_request=number,
            rule_id=rule,
            fingerprint=fingerprint(9),
        )
        for number, rule in ((1, "py/sql-injection"), (2, "py/other"), (3, "py/other"), (4, "py/other"))
    ]
    target = Target(repository="acme/shop", base_branch="main", run_id="7", sharing=Sharing.OWNER)

    prompt = _ordered(_work(index, *examples, target=target), 1).prompt

    assert [line for line in prompt.splitlines() if line in {"+1", "+2", "+3", "+4"}] == ["+1", "+4", "+3"]
