"""When news are told again."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import Delivery, News
from codeql_fixer.policy.alerting import MOST_AGE, MOST_ATTEMPTS, GiveUp, NotYet, Tell, next_step, retried_before
from tests.records import at

FRESH = Delivery(
    news=News(event=AlertEvent.FAMILY_STOPPED, key="xss", title="Stopped"),
    alert="family_stopped-00000000000000000001",
    noticed_at=at(0),
    channel="hook",
)
FAILED = replace(FRESH, attempts=1, act_before=at(1), failed_at=at(0.5), reason="busy")
CLAIMED = replace(FRESH, attempts=1, act_before=at(1))


def test_next_step__what_nobody_tried_is_tried() -> None:
    assert next_step(FRESH, at(0)) == Tell(1)


def test_next_step__what_nobody_could_tell_for_a_month_is_no_news() -> None:
    assert next_step(FRESH, at(0) + MOST_AGE) == Tell(1)
    assert next_step(FRESH, at(1) + MOST_AGE) == GiveUp("given up: older than 30 days")


def test_retried_before__agrees_with_the_next_step() -> None:
    for attempts, failed_at in enumerate(retried_before(at(50)), start=1):
        one = replace(FRESH, attempts=attempts, failed_at=failed_at)
        assert next_step(one, at(50)) == Tell(attempts + 1)
        assert isinstance(next_step(replace(one, failed_at=failed_at + timedelta(seconds=1)), at(50)), NotYet)


def test_next_step__leaves_the_claimer_alone_until_its_claim_lapses() -> None:
    assert next_step(CLAIMED, at(0.99)) == NotYet(at(1))
    assert next_step(CLAIMED, at(1)) == Tell(2)


def test_next_step__waits_longer_after_each_failure() -> None:
    assert next_step(FAILED, at(0.5)) == NotYet(at(0.5) + timedelta(minutes=5))
    assert next_step(FAILED, at(0.5) + timedelta(minutes=5)) == Tell(2)
    third = replace(FAILED, attempts=3)
    assert next_step(third, at(1)) == NotYet(at(1.5))


def test_next_step__gives_up_in_the_end() -> None:
    last = replace(FAILED, attempts=MOST_ATTEMPTS)

    assert next_step(last, at(0.6)) == GiveUp("given up after 8 attempts: busy")
    silent = replace(CLAIMED, attempts=MOST_ATTEMPTS)
    assert next_step(silent, at(0.6)) == NotYet(at(1))
    assert next_step(silent, at(2)) == GiveUp("given up after 8 attempts: nobody knows what became of the last")


def test_next_step__an_outcome_without_its_claim_is_no_riddle() -> None:
    """Its claim waits in the inbox still."""
    assert next_step(replace(FAILED, act_before=None), at(1)) == Tell(2)


def test_news__has_one_id_whoever_notices() -> None:
    other = replace(FRESH.news, title="Other words")

    assert other.alert == FRESH.news.alert
    assert replace(other, key="sqli").alert != other.alert
    assert replace(other, event=AlertEvent.OBJECTIVE_MET).alert.startswith("objective_met-")
