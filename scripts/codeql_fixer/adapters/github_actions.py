"""The surroundings inside a GitHub Actions job: step outputs, step summary, annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec
from msgspec import Struct

from codeql_fixer.domain.scan_run import ScanScope
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.domain.sessions import SessionsSummary

# GitHub shows ten annotations of a kind per step and takes a summary of 1 MiB (docs: workflow commands).
_MOST_PER_KIND = 10
_MAX_SUMMARY_BYTES = 1 << 20
_KINDS = {SeverityTier.CRITICAL: "error", SeverityTier.HIGH: "error", SeverityTier.MEDIUM: "warning"}
_MAX_MESSAGE = 500
_PULL_REQUEST_EVENTS = frozenset({"pull_request", "pull_request_target", "merge_group"})


def scanned_ref(environ: Mapping[str, str]) -> tuple[str, ScanScope]:
    """The ref that the job is about, and whether it is the default branch, by the event that started the job."""
    ref = environ.get("GITHUB_REF", "")
    if environ.get("GITHUB_EVENT_NAME", "") in _PULL_REQUEST_EVENTS or ref.startswith("refs/pull/"):
        return ref, ScanScope.PULL_REQUEST
    default = _default_branch(environ.get("GITHUB_EVENT_PATH", ""))
    if not ref or not default:
        return ref, ScanScope.UNKNOWN
    return ref, ScanScope.DEFAULT_BRANCH if ref == f"refs/heads/{default}" else ScanScope.OTHER_BRANCH


def _default_branch(event_path: str) -> str:
    """The default branch that the event's payload names, "" when it does not."""
    try:
        event = msgspec.json.decode(Path(event_path).read_bytes(), type=_Event)
    except (OSError, msgspec.DecodeError):
        return ""
    return event.repository.default_branch


class _EventRepository(Struct, frozen=True):
    default_branch: str = ""


class _Event(Struct, frozen=True):
    repository: _EventRepository = _EventRepository()


class ActionsReporter:
    """Reporter of a job.

    Args:
        output_dir: where the results are, for the steps that follow.
        output: path in `GITHUB_OUTPUT`, "" for none.
        step_summary: path in `GITHUB_STEP_SUMMARY`, "" for none.
        annotations: stream that the runner reads commands from; None when the target is another repository,
            whose files the job's page cannot show.
    """

    def __init__(self, *, output_dir: str, output: str, step_summary: str, annotations: TextIO | None) -> None:
        self._output_dir, self._output = output_dir, output
        self._step_summary, self._annotations = step_summary, annotations

    def report(self, work: FixWork, run: ScanRun, *, sessions: SessionsSummary, summary: str) -> None:
        """Append outputs and summary, print annotations."""
        outputs = outputs_of(run, sessions, self._output_dir)
        _append(self._output, "".join(f"{name}={value}\n" for name, value in outputs.items()))
        _append(self._step_summary, summary.encode()[:_MAX_SUMMARY_BYTES].decode(errors="ignore"))
        if self._annotations:
            shown = dict.fromkeys(("error", "warning", "notice"), 0)
            for issue in work.issues:
                kind = _KINDS.get(issue.severity.tier, "notice")
                shown[kind] += 1
                if shown[kind] <= _MOST_PER_KIND and issue.finding.file:
                    print(_annotation(kind, issue), file=self._annotations)


def outputs_of(run: ScanRun, sessions: SessionsSummary, output_dir: str) -> dict[str, str]:
    """The action's outputs. No value holds a line break: numbers, checked texts, and addresses made into one line."""
    urls = [session.session_url for session in sessions.sessions if session.has_session and session.session_url]
    return {
        "total_issues": str(run.counts.issues),
        "total_batches": str(run.counts.batches),
        "left_out": str(run.counts.left_out),
        "sessions_created": str(sessions.created),
        "sessions_failed": str(sessions.failed),
        "session_urls": ",".join(one_line(url, _MAX_MESSAGE) for url in urls),
        "run_label": run.run_label,
        "mode": run.mode,
        "output_dir": output_dir,
    }


def _annotation(kind: str, issue: Issue) -> str:
    finding = issue.finding
    place = {"file": finding.file, "title": f"{issue.id} {finding.rule.id}"}
    if finding.start_line:
        place["line"] = str(finding.start_line)
        place["endLine"] = str(finding.locations[0].end_line or finding.start_line)
    named = ",".join(f"{name}={_property(value)}" for name, value in place.items())
    return f"::{kind} {named}::{_escape(one_line(finding.text, _MAX_MESSAGE))}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escape(one_line(text, _MAX_MESSAGE)).replace(":", "%3A").replace(",", "%2C")


def _append(path: str, text: str) -> None:
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error
