"""Proves merged fixes by the scans that came after them: records the verdicts, and says them at the pull requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.publish import publish
from codeql_fixer.domain.proof import Proof
from codeql_fixer.errors import CodeqlFixerError, PlaceTakenError
from codeql_fixer.policy.proof.proving import proved
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Ledger
from codeql_fixer.ports.pull_requests import PullRequests

if TYPE_CHECKING:
    from codeql_fixer.policy.proof.proving import ProvedMerge


class Prover(Struct, frozen=True, kw_only=True):
    """Proves fixes.

    Args:
        ledger: where verdicts are recorded.
        index: knows what was merged and what the scans say.
        author: of the records.
        pull_requests: where verdicts are said; None for nowhere.
        tell: hears, for people, of pull requests at which they could not be said.
    """

    ledger: Ledger
    index: Index
    author: Author
    pull_requests: PullRequests | None
    tell: Callable[[str], None]

    def prove(self) -> int:
        """Record what is proved since the last time; returns the number of verdicts.

        Two that prove the same write the same record, so that it is there once.

        Raises:
            LedgerNotWrittenError: nothing is recorded.
        """
        self.ledger.append([])
        catch_up(self.ledger, self.index)
        found = proved(self.index.unproved())
        if not found:
            return 0
        try:
            self.ledger.append([self.author.proof(one) for one in found])
        except PlaceTakenError:
            return 0  # somebody else proved one of them just now; the rest is for the next time
        for one in found:
            self._say(one)
        return sum(len(one.targets) for one in found)

    def _say(self, one: ProvedMerge) -> None:
        if self.pull_requests is None:
            return
        fix = one.fix
        try:
            publish(Proof(targets=one.targets), self.pull_requests, fix.repository, number=fix.number, commit="")
        except CodeqlFixerError as error:
            self.tell(f"warning: {fix.repository}#{fix.number}: the verdict could not be said there: {error}")
