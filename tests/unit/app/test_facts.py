"""What decisions have to know, as the index tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.facts import facts_of
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.session import SessionState
from codeql_fixer.policy.dispatching import Limits
from tests.records import at, cycle, intent, outcome, pull_request_seen, scan, session_seen

if TYPE_CHECKING:
    from pathlib import Path


def test_facts__a_session_at_work_counts_as_the_pull_request_that_it_may_open(tmp_path: Path) -> None:
    index, ledger = SqlIndex(SqliteDatabase(tmp_path / "index.sqlite")), MemoryLedger()
    ledger.append(
        [
            scan("1", 0, 1, 2, 3),
            *(
                record
                for name in ("1", "2", "3")
                for record in (intent(name, 1, int(name)), outcome(name, 1, session=f"s-{name}"))
            ),
            cycle(
                "1",
                2,
                sessions=(session_seen(SessionState.FINISHED, 2, "s-1"), session_seen(SessionState.FAILED, 2, "s-2")),
                pull_requests=(pull_request_seen(PullRequestState.OPEN, 2),),
            ),
        ]
    )
    catch_up(ledger, index)

    facts = facts_of(index, Limits(), at(3))

    assert facts.open_pull_requests == {"acme/shop": 2}  # that of the first, and the third one's
