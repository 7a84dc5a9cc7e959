"""The outbox of every index: who has still to hear what, in whatever order its records came."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.alert import DeliveryStatus
from tests.records import alert, alert_claim, alert_id, alert_outcome, at

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


def _learn(index: SqlIndex, *records: AnyRecord) -> None:
    ledger = MemoryLedger()
    ledger.append(records)
    catch_up(ledger, index)


def test_undelivered__is_what_nobody_heard_yet_oldest_first(index: SqlIndex) -> None:
    _learn(index, alert(2, 3), alert(1, 2, "mail", "hook"), alert(3, 1), alert_outcome(3, 4))

    found = index.undelivered(most=10)

    assert [(one.alert, one.channel) for one in found] == [
        (alert_id(1), "hook"),
        (alert_id(1), "mail"),
        (alert_id(2), "hook"),
    ]
    assert (found[0].news.title, found[0].noticed_at, found[0].attempts) == ("Family 1 is stopped", at(2), 0)
    assert len(index.undelivered(most=2)) == 2


def test_undelivered__tells_how_the_last_attempt_stands(index: SqlIndex) -> None:
    failed = alert_outcome(1, 2, status=DeliveryStatus.FAILED)
    _learn(index, alert(1, 1), alert_claim(1, 1), failed, alert_claim(1, 5, attempt=2))

    [found] = index.undelivered(most=10)

    assert (found.attempts, found.act_before, found.failed_at, found.reason) == (2, at(6), None, "")


def test_undelivered__knows_why_the_last_attempt_failed(index: SqlIndex) -> None:
    _learn(index, alert(1, 1), alert_claim(1, 1), alert_outcome(1, 2, status=DeliveryStatus.FAILED))

    [found] = index.undelivered(most=10)

    assert (found.attempts, found.act_before, found.failed_at, found.reason) == (1, at(2), at(2), "busy")


@pytest.mark.parametrize("status", [DeliveryStatus.DELIVERED, DeliveryStatus.REFUSED])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_undelivered__what_is_over_stays_so_in_any_order(
    index: SqlIndex, order: tuple[int, ...], status: DeliveryStatus
) -> None:
    records = (alert(1, 1), alert_claim(1, 1), alert_outcome(1, 2, status=status))
    with index.writing() as writer:
        for place in order:
            writer.add_fact(records[place])

    assert index.undelivered(most=10) == []


def test_is_alert_known__also_when_it_was_delivered(index: SqlIndex) -> None:
    _learn(index, alert(1, 1), alert_outcome(1, 2))

    assert index.is_alert_known(alert_id(1))
    assert not index.is_alert_known(alert_id(2))


def test_undelivered__is_empty_when_the_index_is_built_anew(index: SqlIndex) -> None:
    _learn(index, alert(1, 1))
    with index.writing() as writer:
        writer.clear()

    assert index.undelivered(most=10) == []
    assert not index.is_alert_known(alert_id(1))
