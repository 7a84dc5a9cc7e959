"""Port of what is learned: what sessions cost and came to, and the fixes that later ones can learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.domain.cost import FixTime, SessionCost
    from codeql_fixer.domain.fix_example import KnownExample, ProvedFix
    from codeql_fixer.domain.queue import FixCount


class Learning(Protocol):
    """Answers what learning asks. Names of repositories are owner/name in any spelling, "" for all."""

    def rule_counts(self, since: datetime) -> list[FixCount]:
        """How attempts ended that were claimed since a moment, by family and rule only: what a plan has to know."""
        ...

    def fix_counts(self, since: datetime, repository: str = "") -> list[FixCount]:
        """How attempts ended that were claimed since a moment, by family, rule, language, agent and version."""
        ...

    def fix_times(self, since: datetime, repository: str = "") -> list[FixTime]:
        """How long proved fixes took that were claimed since a moment, in the order of their claims."""
        ...

    def session_costs(self, since: datetime, repository: str = "") -> list[SessionCost]:
        """All claims since a moment that have a session, or may have one, in their order."""
        ...

    def proved_fixes(self, since: datetime, *, most: int, of_a_rule: int) -> list[ProvedFix]:
        """Fixes claimed since a moment that are proved, merged and no example yet, the last ones first.

        One for each pull request and rule, and none of a rule that has `of_a_rule` examples from its repository.
        """
        ...

    def examples(self, *, rule_id: str, family: str, owner: str, repository: str, most: int) -> list[KnownExample]:
        """The newest examples whose issues have not come back; "" asks for any rule, family, owner or repository."""
        ...

    def undone_examples(self, *, most: int) -> list[KnownExample]:
        """The newest examples whose issues have come back."""
        ...
