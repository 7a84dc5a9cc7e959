"""What a session writes for people: commit message and pull request. Strangers' text in it is shown, never obeyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.local_agent.repository import INTENT_TRAILER
from codeql_fixer.domain.session import IssueResult
from codeql_fixer.policy.plain_text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.adapters.local_agent.gates import GateResult
    from codeql_fixer.domain.session import FixTarget, IssueReport, SessionRequest

_TITLE, _CELL = 100, 120


def title_of(request: SessionRequest) -> str:
    """The title of commit and pull request, on one line."""
    return one_line(request.title, _TITLE).strip() or f"Fix {counted(len(request.targets), 'issue')}"


def commit_message(request: SessionRequest, claimed: Sequence[IssueReport]) -> str:
    """Title, what is claimed, and trailers that name the intent and each issue that the commit claims to fix."""
    targets = _fixed(request, claimed)
    lines = [f"- {one_line(target.rule_id, _CELL)} in {one_line(target.file, _CELL)}" for target in targets]
    body = "Claims to fix, which a scan has to confirm:\n\n" + "\n".join(lines) + "\n\n" if lines else ""
    return f"{title_of(request)}\n\n{body}{_trailers(request, targets)}\n"


def pull_request_body(
    request: SessionRequest, claimed: Sequence[IssueReport], results: Sequence[GateResult] | None
) -> str:
    """Markdown: the issues with what is claimed about each, and what the gates said, None where that is not known."""
    reports = {report.id: report for report in claimed}
    rows = []
    for target in request.targets:
        report = reports[target.id]
        place = f"{target.file}:{target.start_line}" if target.start_line else target.file
        cells = (_code(target.id), _code(target.rule_id), _code(place), report.result.value, _plain(report.note))
        rows.append(f"| {' | '.join(cells)} |")
    table = ["| issue | rule | place | claim | note |", "|---|---|---|---|---|", *rows]
    checks = [f"- {_code(result.words)}" for result in results or ()]
    unknown = "The branch was pushed by an earlier run; what its gates said is not known."
    checks = [unknown] if results is None else checks or ["No gates were found or configured."]
    intro = "Proposed by CodeQL Fixer's local agent. A claim is not a proof: the next scan of the merged code decides."
    trailers = _trailers(request, _fixed(request, claimed))
    return "\n".join([intro, "", *table, "", "Gates, on exactly this commit:", "", *checks, "", trailers, ""])


def _fixed(request: SessionRequest, claimed: Sequence[IssueReport]) -> list[FixTarget]:
    fixed = {report.id for report in claimed if report.result is IssueResult.FIXED}
    return [target for target in request.targets if target.id in fixed]


def _trailers(request: SessionRequest, targets: Sequence[FixTarget]) -> str:
    """As prompts ask every agent for them (telemetry/README.md), and the intent."""
    named = (f"Fixes-Finding: {one_line(f'{target.fingerprint} {target.id}', _CELL)}" for target in targets)
    return "\n".join([*named, f"{INTENT_TRAILER}: {request.intent_id}"])


def _code(text: str) -> str:
    """A code span that nothing inside can end, in a table cell."""
    return f"`{_one(text).replace('`', chr(39)).replace('|', '¦')}`"


def _plain(text: str) -> str:
    """Words of ours, perhaps with a stranger's name in them."""
    cleaned = _one(text)
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>()#+!|@" else letter for letter in cleaned)


def _one(text: str) -> str:
    return one_line(text, _CELL) or " "
