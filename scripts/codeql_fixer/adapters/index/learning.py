"""What the index tells about costs, about how attempts ended, and about fixes to learn from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from codeql_fixer.adapters.index.rows import micros, parse_time
from codeql_fixer.domain.claim import is_at_work
from codeql_fixer.domain.cost import FixTime, SessionCost
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.fix_example import KnownExample, ProvedFix
from codeql_fixer.domain.queue import FixCount
from codeql_fixer.domain.session import SessionState

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.adapters.index.rows import Row

_MICROS_PER_HOUR = 3_600_000_000


class LearningQuestions(ABC):
    """The part of an index that answers ports/learning.py."""

    @abstractmethod
    def _ask(self, query: str, **parameters: object) -> list[Row]: ...

    @abstractmethod
    def _named(self, repository: str) -> str: ...

    def rule_counts(self, since: datetime) -> list[FixCount]:
        """How attempts ended, by family and rule."""
        return [
            FixCount(family=family, rule_id=rule_id, fixed=int(fixed), failed=int(failed), last_at=parse_time(last_at))
            for family, rule_id, fixed, failed, last_at in self._ask("rule_counts", since=micros(since))
        ]

    def fix_counts(self, since: datetime, repository: str = "") -> list[FixCount]:
        """How attempts ended."""
        rows = self._ask("fix_counts", since=micros(since), repository=self._named(repository))
        return [
            FixCount(
                family=row[0],
                rule_id=row[1],
                language=row[2],
                agent=row[3],
                prompt=row[4],
                playbook=row[5],
                fixed=int(row[6]),
                failed=int(row[7]),
                merged=int(row[8]),
                unmerged=int(row[9]),
                last_at=parse_time(row[10]),
            )
            for row in rows
        ]

    def fix_times(self, since: datetime, repository: str = "") -> list[FixTime]:
        """How long proved fixes took."""
        rows = self._ask("fix_times", since=micros(since), repository=self._named(repository))
        return [
            FixTime(family=family, rule_id=rule_id, agent=agent, hours=micro / _MICROS_PER_HOUR)
            for family, rule_id, agent, micro in rows
        ]

    def session_costs(self, since: datetime, repository: str = "") -> list[SessionCost]:
        """What sessions cost."""
        rows = self._ask("session_costs", since=micros(since), repository=self._named(repository))
        return [_session_cost(row) for row in rows]

    def proved_fixes(self, since: datetime, *, most: int, of_a_rule: int) -> list[ProvedFix]:
        """Fixes that are no examples yet."""
        found: dict[tuple[str, int, str], ProvedFix] = {}
        for row in self._ask("proved_fixes", since=micros(since), of_a_rule=of_a_rule):
            fix = ProvedFix(**dict(zip(ProvedFix.__struct_fields__, row, strict=True)))
            found.setdefault((fix.repository, fix.pull_request, fix.rule_id), fix)
            if len(found) == most:
                break
        return list(found.values())

    def examples(self, *, rule_id: str, family: str, owner: str, repository: str, most: int) -> list[KnownExample]:
        """Fixes to learn from."""
        rows = self._ask(
            "examples",
            rule_id=rule_id,
            family=family,
            owner=owner.lower(),
            repository=self._named(repository),
            most=most,
        )
        return [KnownExample(**dict(zip(KnownExample.__struct_fields__, row, strict=True))) for row in rows]

    def undone_examples(self, *, most: int) -> list[KnownExample]:
        """Fixes that came undone."""
        rows = self._ask("undone_examples", most=most)
        return [KnownExample(**dict(zip(KnownExample.__struct_fields__, row, strict=True))) for row in rows]


def _session_cost(row: Row) -> SessionCost:
    outcome = DispatchStatus(row[5]) if row[5] else None
    session = SessionState(row[6]) if row[6] else None
    return SessionCost(
        intent_id=row[0],
        repository=row[1],
        family=row[2],
        agent=row[3],
        claimed_at=parse_time(row[4]),
        is_at_work=is_at_work(outcome, session),
        acu_used=row[7],
        max_acu=row[8],
        fixes=int(row[9]),
    )
