"""Dry runs: what is read comes from the real thing, what is written goes nowhere, and somebody hears of it."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.dry_run import DryAgent, DryHosting, DryLedger, DryPullRequests
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.pull_request import CheckReport, Conclusion
from codeql_fixer.domain.session import SessionRequest
from codeql_fixer.ports.forge import PullRequest
from codeql_fixer.ports.hosting import Analysis, Workflow
from codeql_fixer.ports.ledger import Landed
from tests.agents import MemoryAgent
from tests.hosting import MemoryHosting
from tests.pull_requests import MemoryPullRequests, pull_at
from tests.records import at, scan

SHOP = "acme/shop"
REQUEST = SessionRequest(intent_id="i-1", target_repo=SHOP, title="Fix it", prompt="p", family="xss", targets=())


@pytest.fixture
def told() -> list[str]:
    """What was said."""
    return []


def test_ledger__is_read_and_never_written() -> None:
    ledger = MemoryLedger()
    ledger.append([scan("1", 0, 1)])
    tip = ledger.read_since("").tip
    dry = DryLedger(ledger)

    landed = dry.append([scan("2", 1, 1)], expected_tip=tip)
    packed = dry.compact({"telemetry/packs/x": [scan("1", 0, 1)]}, expected_tip=tip)

    assert landed == packed == Landed(tip)
    assert dry.append([scan("2", 1, 1)]) == Landed("")
    assert ledger.read_since("").tip == dry.read_since("").tip == tip
    assert len([*dry.read_under("telemetry/runs/")]) == len([*dry.read_at(tip)]) == 1
    assert [*dry.audit()] == []
    ledger.paused = "audit"
    assert dry.pause() == "audit"


def test_agent__is_asked_and_never_told_to_do_anything(told: list[str]) -> None:
    real = MemoryAgent(lambda: at(1))
    real.create(REQUEST)
    dry = DryAgent(real, told.append)

    created = dry.create(REQUEST)
    dry.send("s-1", "secret words")
    dry.stop("s-1")

    assert (created.session_id, len(real.sessions)) == ("dry-i-1", 1)
    assert told == ["would start with devin: Fix it", "would write to s-1", "would stop s-1"]
    assert dry.get("s-1").state == "queued"
    assert [one.id for one in dry.find_by_tag("cqf:i-1")] == ["s-1"]
    assert [one.id for one in dry.states(["s-1"])] == [one.id for one in dry.ours()] == ["s-1"]
    assert [message.text for message in dry.messages("s-1").messages] == ["p", "I looked at it."]
    assert (dry.name, dry.account, dry.capabilities) == (real.name, real.account, real.capabilities)


def test_hosting__is_asked_and_starts_nothing(told: list[str]) -> None:
    real = MemoryHosting()
    real.commits, real.texts = {SHOP: 7}, {1: b"{}"}
    real.pulls[SHOP, 3] = PullRequest(
        repository=SHOP, number=3, url="", state=PullRequestState.OPEN, head="fix-1", base="main", title="t"
    )
    found = Analysis(id=1, tool="CodeQL", category="", commit="", created_at=at(0), error="", results=0)
    real.analyses[SHOP] = [found]
    dry = DryHosting(real, told.append)
    workflow = Workflow(repository="acme/control", file="scan.yml", ref="main")

    assert dry.trigger(workflow, {"target_repo": SHOP}) == ""

    assert (real.triggered, told) == ([], ["would start scan.yml in acme/control for acme/shop"])
    assert dry.repository(SHOP).name == SHOP
    assert [one.name for one in dry.repositories("acme")] == [SHOP]
    assert dry.commits_since(SHOP, at(0), "main") == 7
    assert [*dry.runs(workflow, since=at(0))] == []
    assert [one.number for one in dry.pull_requests(SHOP, head_prefix="fix-", since=at(0))] == [3]
    assert dry.pull_request(SHOP, 3).head == "fix-1"
    assert dry.newest_analyses(SHOP, "refs/heads/main") == [found]
    assert dry.sarif(SHOP, 1) == b"{}"


def test_pull_requests__are_read_and_never_written(told: list[str]) -> None:
    real = MemoryPullRequests({(SHOP, 1): pull_at(SHOP, 1)})
    real.mergeable[SHOP, 1], real.diffs[SHOP, 1] = True, "diff"
    dry = DryPullRequests(real, told.append)
    report = CheckReport(
        commit="a" * 40, name="codeql-fixer", conclusion=Conclusion.FAILURE, title="Not\nfixed", summary="Why."
    )

    written = (
        dry.comment(SHOP, 1, marker="proof", body="secret words"),
        dry.open_issue(SHOP, marker="plan", title="A plan", body="secret words", labels=["x"]),
        dry.report_check(SHOP, report),
    )
    dry.label(SHOP, 1, add=["b", "a"], remove=["c"])
    dry.label(SHOP, 1, add=[], remove=[])
    dry.close(SHOP, 1)

    assert written == ("", "", "")
    assert told == [
        "would comment on acme/shop#1 (proof, 12 characters)",
        "would open or change an issue of acme/shop (plan): A plan",
        "would report codeql-fixer on acme/shop@aaaaaaaaaaaa: failure: Not fixed",
        "would label acme/shop#1: +a +b -c",
        "would label acme/shop#1: nothing",
        "would close acme/shop#1",
    ]
    assert (dry.is_mergeable(SHOP, 1), dry.reviews(SHOP, 1), dry.checks(SHOP, "a"), dry.diff(SHOP, 1)) == (
        True,
        [],
        [],
        "diff",
    )
    assert (real.threads, real.issues, real.reports, real.closed) == ({}, {}, {}, [])
