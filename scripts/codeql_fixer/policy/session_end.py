"""When a session is over, and how it ended. What it reports is a claim; only a scan proves a fix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.domain.session import PullRequestLink, ReportStatus, SessionState

if TYPE_CHECKING:
    from collections.abc import Collection

    from codeql_fixer.domain.session import Session

_OVER = frozenset({SessionState.FINISHED, SessionState.FAILED, SessionState.STOPPED, SessionState.BUDGET_STOP})
_NOT_PROPOSED = frozenset({"closed"})
_PULL_REQUEST = re.compile(
    r"https?://(?P<host>[^\s/@]+)/(?P<repository>[\w.-]+/[\w.-]+)/pull/(?P<number>[1-9][0-9]{0,8})(?:[/?#]\S*)?"
)


def state_of(session: Session) -> SessionState:
    """What our rules make of a session.

    Services leave a session whose work is done waiting for the next message, often for ever. So it is over when its
    final report is there, or when it waits and its pull request is open.
    """
    if session.state in _OVER - {SessionState.FINISHED}:
        return session.state
    if session.report is not None and session.report.status.is_final:
        return SessionState.FINISHED if session.report.status is ReportStatus.COMPLETED else SessionState.FAILED
    if session.state is SessionState.WAITING and _has_proposal(session):
        return SessionState.FINISHED
    return session.state


def is_over(session: Session) -> bool:
    """True when nothing more is to be expected of it."""
    return state_of(session) in _OVER


def ended_well(session: Session, repository: str, hosts: Collection[str]) -> bool:
    """True when it is over and proposed a change where it was to; see `proposals`."""
    found = proposals(session, repository, hosts).values()
    return state_of(session) is SessionState.FINISHED and any(link.state not in _NOT_PROPOSED for link in found)


def proposals(session: Session, repository: str, hosts: Collection[str]) -> dict[int, PullRequestLink]:
    """The pull requests by number that a session is said to have opened.

    Addresses come from the agent, which has read strangers' text: only those of its own repository count.

    Args:
        session: as its service describes it.
        repository: owner/name of the one that it works on.
        hosts: where that repository may be seen, such as `github.com`.
    """
    links = list(session.pull_requests)
    if session.report is not None and session.report.pull_request_url:
        links.append(PullRequestLink(session.report.pull_request_url))
    found: dict[int, PullRequestLink] = {}
    for link in links:
        place = _PULL_REQUEST.fullmatch(link.url)
        if place and place["host"].lower() in hosts and place["repository"].lower() == repository.lower():
            found.setdefault(int(place["number"]), link)
    return found


def _has_proposal(session: Session) -> bool:
    return any(link.state not in _NOT_PROPOSED for link in session.pull_requests)
