"""Asks the host about pull requests that were open when somebody last looked, several repositories at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author, address
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.cycle import PullRequestObservation, PullRequestState
from codeql_fixer.errors import CodeqlFixerError, RateLimitedError
from codeql_fixer.ports.hosting import Hosting
from codeql_fixer.ports.index import Index

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from codeql_fixer.domain.queue import KnownPullRequest
    from codeql_fixer.ports.forge import PullRequest

_AT_A_TIME = 8


class PullRequestWatcher(Struct, frozen=True, kw_only=True):
    """Watches pull requests.

    Args:
        index: knows which were open.
        hosting: says how they are.
        recorder: puts on the ledger what has changed, or keeps it.
        author: of the record.
        tell: hears, for people, of repositories that could not be asked about.
    """

    index: Index
    hosting: Hosting
    recorder: Recorder
    author: Author
    tell: Callable[[str], None]

    def observe(self) -> int:
        """Record every pull request that is not open any more; returns how many those are.

        What cannot be asked about stays as it was: one repository's trouble is no other one's.

        Raises:
            LedgerNotWrittenError: the record is kept.
        """
        by_repository: dict[str, list[KnownPullRequest]] = {}
        for known in self.index.pull_requests_to_watch():
            by_repository.setdefault(known.repository, []).append(known)
        if not by_repository:
            return 0
        with ThreadPoolExecutor(max_workers=_AT_A_TIME, thread_name_prefix="watch") as pool:
            found = [seen for some in pool.map(self._changed, by_repository.values()) for seen in some]
        if found:
            self.recorder.record([self.author.cycle("pulls", pull_requests=found)])
        return len(found)

    def _changed(self, known: Sequence[KnownPullRequest]) -> list[PullRequestObservation]:
        """What has changed in one repository."""
        found = []
        for one in known:
            try:
                pull = self.hosting.pull_request(one.repository, one.number)
            except RateLimitedError as error:
                self.tell(f"warning: {one.repository}: {error}")
                break  # the next cycle asks again
            except CodeqlFixerError as error:
                self.tell(f"warning: pull request {one.repository}#{one.number}: {error}")
                continue
            if pull.state is not PullRequestState.OPEN:
                found.append(_observation(one, pull, self.author.clock()))
        return found


def _observation(known: KnownPullRequest, pull: PullRequest, now: datetime) -> PullRequestObservation:
    return PullRequestObservation(
        target_repo=known.repository,
        number=known.number,
        state=pull.state,
        observed_at=now,
        merged_at=pull.merged_at,
        url=address(pull.url),
        head_commit=pull.head_commit,
        merge_commit=pull.merge_commit,
        session_id=known.session_id,
        intent_id=known.intent_id,
    )
