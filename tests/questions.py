"""Questions of triage for tests, with everything that does not matter filled in."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from codeql_fixer.domain.triage import Question
from tests.records import RULE, fingerprint


def question(**members: Any) -> Question:  # noqa: ANN401 - passed on
    """A question."""
    plain = Question(
        repository="acme/shop",
        fingerprint=fingerprint(1),
        rule_id=RULE,
        severity="high",
        family="injection",
        file="shop/app.py",
        start_line=7,
        message="query depends on input",
        deadline="deadline on track",
        appearances=2,
        failures=0,
        points=63,
    )
    return replace(plain, **members)
