"""Publishes a verification where people look: at the pull request, and as a check on its commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.pull_request import CheckReport
from codeql_fixer.policy.proof.report import CHECK_NAME, MARKER, Label, comment_of, conclusion_of, label_of, title_of

if TYPE_CHECKING:
    from codeql_fixer.domain.proof import Proof
    from codeql_fixer.ports.pull_requests import PullRequests


def publish(proof: Proof, pull_requests: PullRequests, repository: str, *, number: int, commit: str) -> str:
    """Say it, or say it anew where it was said before; returns the address of the comment.

    Args:
        proof: the verdicts.
        pull_requests: where to say it.
        repository: owner/name.
        number: of the pull request.
        commit: that was scanned, "" for no check.

    Raises:
        CodeqlFixerError: not all of it could be said; saying it again adds nothing twice.
    """
    url = pull_requests.comment(repository, number, marker=MARKER, body=comment_of(proof))
    label = label_of(proof)
    others = [one.value for one in Label if one is not label]
    pull_requests.label(repository, number, add=[label.value], remove=others)
    if commit:
        report = CheckReport(
            commit=commit,
            name=CHECK_NAME,
            conclusion=conclusion_of(proof),
            title=title_of(proof),
            summary=comment_of(proof),
        )
        pull_requests.report_check(repository, report)
    return url
