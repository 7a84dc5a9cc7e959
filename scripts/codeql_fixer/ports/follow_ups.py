"""Port of follow-ups: what was said at open pull requests, and how their sessions were sent back to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from codeql_fixer.domain.feedback import Round, StillSeen
    from codeql_fixer.domain.queue import KnownPullRequest


class FollowUps(Protocol):
    """Answers by repository, in small letters, and number of pull requests that were open when somebody last looked."""

    def pull_requests_to_watch(self) -> list[KnownPullRequest]:
        """These pull requests: ours, and those of others for issues of ours."""
        ...

    def merged_pull_requests(self, since: datetime) -> list[KnownPullRequest]:
        """Those that were merged since then."""
        ...

    def pull_requests_of(self, repository: str) -> list[KnownPullRequest]:
        """All that are known of a repository, open or not."""
        ...

    def linked_claims(self) -> Mapping[tuple[str, int], tuple[str, ...]]:
        """The claims that a pull request came of or goes on with."""
        ...

    def rounds(self) -> Mapping[tuple[str, int], tuple[Round, ...]]:
        """What was answered, in the order of the rounds."""
        ...

    def verdict_on(self, key: int) -> StillSeen | None:
        """The last verdict on an issue; None where none was spoken, and where that did not see it any more."""
        ...

    def still_seen(self) -> Mapping[tuple[str, int], tuple[StillSeen, ...]]:
        """What the last verification of a pull request still sees."""
        ...
