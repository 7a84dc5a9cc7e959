"""Wires what is done with a verification beside showing it: the record on the ledger, and the pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.author import Author, address
from codeql_fixer.app.publish import publish
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.bootstrap.hosting import opened
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codeql_fixer.bootstrap.verify import Verified
    from codeql_fixer.domain.evidence import Origin
    from codeql_fixer.domain.record import Producer
    from codeql_fixer.settings import FleetSettings


class ProofRoom:
    """What is done with verdicts.

    Args:
        settings: of the command.
        environ: the environment.
        producer: who writes records.
        tell: hears, for people, what happens.
    """

    def __init__(
        self, settings: FleetSettings, environ: Mapping[str, str], *, producer: Producer, tell: Callable[[str], None]
    ) -> None:
        self._settings, self._environ, self._producer, self._tell = settings, environ, producer, tell

    def record(self, verified: Verified, origin: Origin, *, number: int | None, evidence_sha256: str) -> None:
        """Put the verdicts on the ledger.

        Raises:
            UserError: there is none.
            LedgerNotWrittenError: the record is kept for a replay.
        """
        targets = [one for one in verified.proof.targets if one.rule_id]
        if not targets:
            raise UserError("there is no verdict on any finding of the baseline, and nothing to record")
        author = Author(producer=self._producer, run_id="verify", clock=SystemClock().now)
        record = author.verification(
            origin.repository,
            targets,
            commit=origin.candidate_commit or verified.candidate_commit,
            baseline_commit=origin.baseline_commit or verified.baseline_commit,
            evidence_sha256=evidence_sha256,
            pull_request=number,
            pull_request_url=address(origin.pull_request_url),
            session_id=origin.session_id,
        )
        Fleet(self._settings, self._environ, self._tell).recorder().record([record])
        self._tell(f"verification {record.id} is on the ledger")

    def publish(self, verified: Verified, origin: Origin, *, number: int | None) -> None:
        """Say it at the pull request.

        Raises:
            UserError: there is no token, or it may not write there.
            UpstreamError: the host does not answer.
        """
        if number is None:
            raise UserError("--publish needs --pull-request NUMBER")
        settings = self._settings
        host = opened(settings.ledger.token, settings.github_api_url, state=None, app=settings.github_app)
        commit = origin.candidate_commit or verified.candidate_commit
        url = publish(verified.proof, host.pull_requests, origin.repository, number=number, commit=commit)
        self._tell(f"said at {url}")
