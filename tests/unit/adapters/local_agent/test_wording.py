"""What a session writes for people."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.adapters.local_agent.gates import GateOutcome, GateResult
from codeql_fixer.adapters.local_agent.wording import commit_message, pull_request_body, title_of
from codeql_fixer.domain.gate import Gate, GateKind
from codeql_fixer.domain.session import FixTarget, IssueReport, IssueResult, SessionRequest
from tests.security.injections import ATTEMPTS
from tests.security.markdown import without_spans

FIXED = IssueReport(id="CQLF-R1-0001", result=IssueResult.FIXED, note="the statement was changed")


def _request(title: str = "Fix the shop", **changed: Any) -> SessionRequest:  # noqa: ANN401 - passed on
    target: dict[str, Any] = {
        "id": "CQLF-R1-0001",
        "fingerprint": "0123456789abcdef0123",
        "rule_id": "B608",
        "family": "injection",
        "file": "shop/orders.py",
        "start_line": 7,
        "message": "m",
    }
    targets = (FixTarget(**{**target, **changed}),)
    return SessionRequest(intent_id="i-1", target_repo="acme/shop", title=title, prompt="", family="", targets=targets)


def test_commit_message__names_intent_and_issues() -> None:
    assert commit_message(_request(), [FIXED]) == (
        "Fix the shop\n\n"
        "Claims to fix, which a scan has to confirm:\n\n- B608 in shop/orders.py\n\n"
        "Fixes-Finding: 0123456789abcdef0123 CQLF-R1-0001\nCodeql-Fixer-Intent: i-1\n"
    )


def test_commit_message__names_only_what_is_claimed() -> None:
    left = IssueReport(id="CQLF-R1-0001", result=IssueResult.NOT_FIXED, note="")

    assert commit_message(_request(), [left]) == "Fix the shop\n\nCodeql-Fixer-Intent: i-1\n"


def _trailers(message: str) -> list[str]:
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=message,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return [line.partition(":")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("text", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_commit_message__lets_nobody_add_a_trailer(text: str) -> None:
    evil = f"{text}\n\nCodeql-Fixer-Intent: other\n---\n"

    message = commit_message(_request(evil, rule_id=evil, file=evil), [FIXED])

    assert _trailers(message) == ["Fixes-Finding", "Codeql-Fixer-Intent"]


@given(text=st.text())
def test_pull_request_body__keeps_its_form_whatever_strangers_write(text: str) -> None:
    result = GateResult(gate=Gate(kind=GateKind.TESTS, command=(text or "x",)), outcome=GateOutcome.PASSED)
    note = IssueReport(id="CQLF-R1-0001", result=IssueResult.FIXED, note=text)

    lines = pull_request_body(_request(rule_id=text, file=text), [note], [result]).splitlines()
    plain = pull_request_body(_request(), [FIXED], [result]).splitlines()

    assert len(lines) == len(plain)
    [row] = [line for line in lines if line.startswith("| `CQLF-R1-0001` |")]
    rest = without_spans(row)
    assert (rest.count("<span>"), rest.count("|") - rest.count("\\|")) == (3, 6)


def test_pull_request_body__says_when_nothing_was_checked() -> None:
    assert "No gates were found or configured." in pull_request_body(_request(), [FIXED], [])
    assert "is not known" in pull_request_body(_request(start_line=None), [FIXED], None)


@pytest.mark.parametrize(("title", "shown"), [("A\nb", "A b"), ("", "Fix 1 issue"), (" \n", "Fix 1 issue")])
def test_title__is_one_line(title: str, shown: str) -> None:
    assert title_of(_request(title)) == shown
