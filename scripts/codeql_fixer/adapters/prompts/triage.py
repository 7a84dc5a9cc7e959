"""Puts issues before an agent that is to say how much they matter; strangers' text reaches the prompt only as Data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from codeql_fixer.adapters.prompts.data import Data
from codeql_fixer.adapters.prompts.renderer import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.triage import Question

_TEMPLATE = Path(__file__).with_name("templates") / "triage.md.j2"
_MOST_MESSAGE = 400


class TriageRenderer:
    """TriageWriter with the packaged template."""

    def __init__(self) -> None:
        # No autoescape: prompts are Markdown, and escaped quotes in code would be wrong code.
        environment = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        self._template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))

    def prompt(self, questions: Sequence[Question]) -> str:
        """The prompt of one session. Each part has a bound, so nothing is ever cut off at the end."""
        return "\n".join(tidy(self._template.render({"questions": [_view(one) for one in questions]}))) + "\n"


def _view(question: Question) -> dict[str, Any]:
    """Every string that is not Data is ours or was checked against a pattern."""
    line = "" if question.start_line is None else f":{question.start_line}"
    return {
        "fingerprint": question.fingerprint,
        "points": question.points,
        "severity": question.severity,
        "family": Data(question.family),
        "repository": question.repository,
        "deadline": question.deadline,
        "appearances": question.appearances,
        "failures": question.failures,
        "rule": Data(question.rule_id),
        "place": Data(f"{question.file or 'no file'}{line}"),
        "message": Data(question.message[:_MOST_MESSAGE]),
    }
