"""The summary, as a person reads it. tests/security shows that strangers' text is words in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.app.summary import sessions_section, summary_of
from codeql_fixer.domain.batch import Batch, Batching, LeftOut
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.finding import Reading, SetAside
from codeql_fixer.domain.fix_work import FixWork
from codeql_fixer.domain.sessions import HeldSummary, SessionsSummary, SessionSummary
from tests.builders import issue, scan_run

if TYPE_CHECKING:
    from codeql_fixer.domain.issue import Issue


def _summary(*issues: Issue, warnings: tuple[str, ...] = (), commit: str = "") -> str:
    rest = issues[2:]
    work = FixWork(
        reading=Reading([], [], 0, SetAside(), []),
        issues=issues,
        batching=Batching(
            (Batch("B001", "injection", issues[:2]),) if issues else (),
            (LeftOut("xss", rest, "too many"),) if rest else (),
        ),
        counts=scan_run().counts,
        exclusions={},
    )
    record = replace(scan_run(), warnings=warnings, commit=commit)
    return summary_of(work, record, server_url="https://github.example")


def test_summary__of_nothing_is_short() -> None:
    text = _summary()

    assert text.startswith("## CodeQL Fixer: 0 issues in 0 batches\n")
    assert "###" not in text


def test_summary__has_tables_by_family_and_tier_and_links_to_the_commit() -> None:
    text = _summary(
        issue(1, score=9.5, file="a b/c.py"), issue(2), issue(3, score=2.0, family="xss", file=""), commit="c0ffee"
    )

    assert "| injection | 1 | 1 |  |  | 2 |" in text
    assert "| xss |  |  |  | 1 | 1 |" in text
    assert "| **all** | 1 | 1 |  | 1 | **3** |" in text
    assert "[a b/c.py:10](https://github.example/acme/shop/blob/c0ffee/a%20b/c.py#L10)" in text
    assert "| CQLF-R1-0003 | low 2 | py/sql-injection | no file |" in text
    assert "| B001 | injection | critical 9.5 | 2 |" in text
    assert "Left out: 1 issue, too many." in text


def test_summary__shows_twenty_issues_and_twenty_warnings() -> None:
    text = _summary(*(issue(number) for number in range(1, 31)), warnings=tuple(f"w{number}" for number in range(30)))

    assert "### The 20 most severe" in text
    assert text.count("| CQLF-R1-") == 20
    assert "### Warnings (30)" in text
    assert text.count("\n- w") == 20


def test_summary__of_one_issue_says_so() -> None:
    text = _summary(issue(1, line=None))

    assert "### The issue\n" in text
    assert "[shop/app.py](https://github.example/acme/shop/blob/HEAD/shop/app.py)" in text


def test_sessions_section__tells_what_was_started_and_what_was_not() -> None:
    started = SessionSummary(
        batch_id="B001",
        intent_id="i-1",
        agent="devin",
        reason="no rule matches",
        issues=2,
        status=DispatchStatus.CREATED,
        session_id="devin-1",
        session_url="https://app.devin.ai/sessions/1",
        state="finished",
        pull_requests=("https://github.com/acme/shop/pull/7", "javascript:alert(1)"),
    )
    unknown = replace(started, batch_id="B002", status=None, session_id="", session_url="", state="", pull_requests=())
    held = HeldSummary(action="wait", reason="it rests | until [then](x)", issues=3)

    text = sessions_section(SessionsSummary(sessions=(started, unknown), held=(held,), paused="wave 1: <b>no</b>"))

    assert "### Sessions: 1 started, 0 refused" in text
    assert "[devin-1](https://app.devin.ai/sessions/1)" in text
    assert "[7](https://github.com/acme/shop/pull/7)" in text
    assert "](javascript" not in text
    assert "Of 1 claim nobody can tell yet" in text
    assert "3 issues: it rests \\| until \\[then\\]\\(x\\)" in text
    assert "<b>" not in text
