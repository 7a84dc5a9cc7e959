"""Sessions and claims as values."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import FixTarget, SessionRequest
from tests.dispatching import claim, session


def test_session_request__shows_no_secret() -> None:
    target = FixTarget(id="1", fingerprint="a" * 20, rule_id="r", family="xss", file="a.py", start_line=1, message="m")
    request = SessionRequest(
        intent_id="i-1",
        target_repo="acme/shop",
        title="t",
        prompt="p",
        family="xss",
        targets=(target,),
        secrets={"NPM_TOKEN": "geheim"},
    )

    assert request.tag == "cqf:i-1"
    assert "geheim" not in repr(request)


def test_session__names_its_intent() -> None:
    assert session(tags=("other", "cqf:i-1")).intent_id == "i-1"
    assert session(tags=("other",)).intent_id == ""


@pytest.mark.parametrize(("outcome", "is_settled"), [(None, False), *((status, True) for status in DispatchStatus)])
def test_claim__is_settled_by_any_outcome(outcome: DispatchStatus | None, *, is_settled: bool) -> None:
    assert claim("i-1", 0, 1, outcome=outcome).is_settled == is_settled
