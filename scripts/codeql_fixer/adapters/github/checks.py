"""Checks of a commit: what others say of it, and our own check.

GitHub has two kinds. Check runs are made by Apps, commit statuses by anybody. Ours is a check run where the token is
an App's that may write them, else a status.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.github.limits import FORBIDDEN
from codeql_fixer.adapters.github.paths import part, repository_path
from codeql_fixer.adapters.github.refusals import NOT_FOUND, told
from codeql_fixer.adapters.github.wire_of_reviews import (
    CheckRun,
    CommitStatus,
    parse_annotation,
    parse_base,
    parse_check_run,
    parse_protection,
    parse_rule,
    parse_status,
)
from codeql_fixer.domain.pull_request import Check, CheckState, Conclusion
from codeql_fixer.policy.logs import tail
from codeql_fixer.transport.errors import HttpError, StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codeql_fixer.adapters.github.identity import Identity
    from codeql_fixer.adapters.github.joblog import JobLogs
    from codeql_fixer.adapters.github.library import Library
    from codeql_fixer.domain.pull_request import CheckReport

_READ = "scope repo, or the permissions Checks: read and Commit statuses: read"
_WRITE = "scope repo:status, or the permission Checks: write or Commit statuses: write"
_OURS = "codeql-fixer"
_ACTIONS = "github-actions"
_LOGS_READ, _ANNOTATIONS_READ, _ENTRIES_READ = 20, 50, 3000
_SUMMARY, _DESCRIPTION = 65_000, 140
_STATES = {Conclusion.SUCCESS: "success", Conclusion.NEUTRAL: "success", Conclusion.FAILURE: "failure"}


_Found = tuple[str, datetime, CheckRun | CommitStatus]


class _Required(Struct, frozen=True):
    """Names of checks that are required; `is_whole` where all that could require one was seen."""

    names: frozenset[str]
    is_whole: bool

    def has(self, name: str) -> bool | None:
        """Whether that one is, None where nobody tells."""
        if name in self.names:
            return True
        return False if self.is_whole else None


class Checks:
    """Reads and writes them; threads may share it.

    Args:
        library: knows how calls are written.
        logs: of jobs of GitHub Actions.
        identity: who we are.
    """

    def __init__(self, library: Library, logs: JobLogs, identity: Callable[[], Identity]) -> None:
        self._library, self._logs, self._identity = library, logs, identity

    def of(self, repository: str, commit: str) -> list[Check]:
        """The newest of each name on a commit, by name, without our own.

        The log of what failed is the end of the job's log where GitHub Actions ran it and its log can be read, else
        what the check says of itself, with its annotations; of more than twenty failed ones, the others have none.
        """
        base = repository_path(repository)
        with told(f"checks of {commit[:12]} of {repository}", permission=_READ):
            newest: dict[str, tuple[datetime, CheckRun | CommitStatus]] = {}
            others: list[_Found] = [*self._others_runs(base, commit), *self._others_statuses(base, commit)]
            for name, at, found in others:
                if name not in newest or at > newest[name][0]:
                    newest[name] = (at, found)
            required = self._required(base, commit) if newest else _Required(frozenset(), is_whole=False)
            failed = [name for name in sorted(newest) if _state(newest[name][1]) is CheckState.FAILED]
            logged = set(failed[:_LOGS_READ])
            return [
                _check(found, required.has(name), self._log(base, found) if name in logged else "")
                for name, (_, found) in sorted(newest.items())
            ]

    def report(self, repository: str, report: CheckReport) -> str:
        """Put our own check on a commit, in the place of the one of that name."""
        with told(f"a check of {report.commit[:12]} of {repository}", permission=_WRITE):
            if self._identity().is_app:
                try:
                    return self._report_run(repository_path(repository), report)
                except StatusError as error:
                    if error.status != FORBIDDEN:
                        raise
            return self._report_status(repository_path(repository), report)

    def _others_runs(self, base: str, commit: str) -> Iterator[tuple[str, datetime, CheckRun]]:
        for run in self._runs(base, commit, {"filter": "latest"}):
            if not self._is_our_run(run):
                yield run.name, run.at, run

    def _others_statuses(self, base: str, commit: str) -> Iterator[tuple[str, datetime, CommitStatus]]:
        for status in self._statuses(base, commit):
            if not (_is_our_name(status.context) and self._identity().wrote(status.creator)):
                yield status.context, status.created_at, status

    def _runs(self, base: str, commit: str, parameters: dict[str, str]) -> Iterator[CheckRun]:
        path = f"{base}/commits/{part(commit)}/check-runs"
        entries = self._library.pages(path, parameters, member="check_runs")
        yield from map(parse_check_run, islice(entries, _ENTRIES_READ))

    def _statuses(self, base: str, commit: str) -> Iterator[CommitStatus]:
        """Newest first."""
        entries = self._library.pages(f"{base}/commits/{part(commit)}/statuses", {})
        yield from map(parse_status, islice(entries, _ENTRIES_READ))

    def _is_our_run(self, run: CheckRun, name: str = "") -> bool:
        """True for what we made: another App may use the same words, and has another name."""
        login = self._identity().login
        is_marked = run.external_id == _external_id(name or run.name)
        is_by_us = not login or run.app is None or login.lower() == f"{run.app.slug}[bot]".lower()
        return is_marked and is_by_us

    def _required(self, base: str, commit: str) -> _Required:
        """What has to pass before the open pull requests of a commit can be merged, as far as it is told."""
        entries = self._library.pages(f"{base}/commits/{part(commit)}/pulls", {})
        branches = sorted(filter(None, {parse_base(entry) for entry in entries}))
        names, is_whole = set[str](), bool(branches)
        for branch in branches:
            for read in (self._protected, self._ruled):
                try:
                    names |= read(base, part(branch))
                except StatusError as error:
                    if error.status not in {FORBIDDEN, NOT_FOUND}:
                        raise
                    is_whole = False
        return _Required(frozenset(names), is_whole=is_whole)

    def _protected(self, base: str, branch: str) -> frozenset[str]:
        return parse_protection(self._library.get(f"{base}/branches/{branch}"))

    def _ruled(self, base: str, branch: str) -> frozenset[str]:
        rules = map(parse_rule, self._library.pages(f"{base}/rules/branches/{branch}", {}))
        return frozenset[str]().union(*rules)

    def _log(self, base: str, found: CheckRun | CommitStatus) -> str:
        if isinstance(found, CommitStatus):
            return tail(found.description or "")
        if found.app and found.app.slug == _ACTIONS and (log := self._logs.read(base, found.id)):
            return log
        output = found.output
        words = [output.title, output.summary, output.text, *self._annotations(base, found)]
        return tail("\n".join(filter(None, words)))

    def _annotations(self, base: str, run: CheckRun) -> list[str]:
        if not run.output.annotations_count:
            return []
        entries = self._library.pages(f"{base}/check-runs/{run.id}/annotations", {})
        found = map(parse_annotation, islice(entries, _ANNOTATIONS_READ))
        return [f"{one.path}:{one.start_line}: {one.annotation_level or ''}: {one.message or ''}" for one in found]

    def _report_run(self, base: str, report: CheckReport) -> str:
        content = {
            "name": report.name,
            "status": "completed",
            "conclusion": report.conclusion,
            "external_id": _external_id(report.name),
            "output": {"title": report.title, "summary": report.summary[:_SUMMARY]},
        }
        known = self._our_run(base, report)
        if known is not None:
            return parse_check_run(self._library.patch(f"{base}/check-runs/{known.id}", content)).html_url or ""
        try:
            made = parse_check_run(self._library.post(f"{base}/check-runs", {**content, "head_sha": report.commit}))
        except HttpError as error:
            found = self._our_run(base, report) if error.may_have_acted else None
            if found is None:
                raise
            made = found
        return made.html_url or ""

    def _our_run(self, base: str, report: CheckReport) -> CheckRun | None:
        runs = self._runs(base, report.commit, {"check_name": report.name, "filter": "latest"})
        return next((run for run in runs if self._is_our_run(run, report.name)), None)

    def _report_status(self, base: str, report: CheckReport) -> str:
        """A status, unless the newest one says the same; one more changes nothing but GitHub's count of them."""
        name = report.name if _is_our_name(report.name) else f"{_OURS}: {report.name}"
        state, words = _STATES[report.conclusion], report.title[:_DESCRIPTION]

        def known() -> CommitStatus | None:
            for status in self._statuses(base, report.commit):
                if status.context == name and self._identity().wrote(status.creator):
                    is_same = (status.state, status.description or "") == (state, words)
                    return status if is_same else None
            return None

        found = known()
        if found is None:
            content = {"state": state, "context": name, "description": words}
            try:
                found = parse_status(self._library.post(f"{base}/statuses/{part(report.commit)}", content))
            except HttpError as error:
                found = known() if error.may_have_acted else None
                if found is None:
                    raise
        return found.target_url or ""


def _check(found: CheckRun | CommitStatus, is_required: bool | None, log: str) -> Check:  # noqa: FBT001 - private
    if isinstance(found, CheckRun):
        number, name, url = str(found.id), found.name, found.html_url
    else:
        number, name, url = f"status-{found.id}", found.context, found.target_url
    return Check(id=number, name=name, state=_state(found), is_required=is_required, url=url or "", log=log)


def _state(found: CheckRun | CommitStatus) -> CheckState:
    return found.state if isinstance(found, CheckRun) else found.how


def _is_our_name(name: str) -> bool:
    return name.lower().startswith(_OURS)


def _external_id(name: str) -> str:
    return f"{_OURS}:{name}"
