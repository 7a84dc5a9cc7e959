"""Waits that GitHub asks for, calls of a run, and the pace of writes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.adapters.github.limits import CallLimits, Calls, Gate, Halt, Pace, halt_after, halt_asked_for
from codeql_fixer.errors import RateLimitedError
from codeql_fixer.transport.errors import StatusError
from tests.unit.transport.fake_time import FakeTime

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
SPENT = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 600)}
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@pytest.mark.parametrize(
    ("status", "told", "headers", "seconds"),
    [
        (403, 30.0, {"Date": DATE}, 30.0),
        (429, 30.0, {"Date": DATE, **SPENT}, 30.0),  # what it says of this call counts more than the hour's limit
        (403, None, {"Date": DATE, **SPENT}, 601.0),
        (429, None, {"Date": DATE}, 60.0),
        (403, None, {**SPENT}, None),  # without its clock nobody knows when that is
        (403, None, {"Date": DATE, **SPENT, "X-RateLimit-Remaining": "12"}, None),
        (403, None, {"Date": DATE, **SPENT, "X-RateLimit-Reset": "soon"}, None),
        (404, 30.0, {"Date": DATE, **SPENT}, None),
        (500, 30.0, {}, None),
    ],
)
def test_halt__of_a_refusal(*, status: int, told: float | None, headers: dict[str, str], seconds: float | None) -> None:
    error = StatusError("GET /x", status, "Forbidden", retry_after_seconds=told, headers=headers)

    halt = halt_asked_for(error)

    assert (None if halt is None else halt.seconds) == seconds


def test_halt__of_a_refusal_by_its_words() -> None:
    assert halt_asked_for(StatusError("GET /x", 403, SECONDARY)) == Halt(60.0, None)


@pytest.mark.parametrize(
    ("halt", "words"),
    [(Halt(601.0, datetime(2027, 1, 15, 8, 10, tzinfo=UTC)), "until 08:10 UTC"), (Halt(60.4, None), "for 60 s")],
)
def test_halt__in_words(halt: Halt, words: str) -> None:
    assert str(halt) == words


def test_halt__after_the_last_call_of_an_hour() -> None:
    halt = halt_after({"Date": DATE, **SPENT})

    assert halt == Halt(601.0, datetime(2027, 1, 15, 8, 10, 1, tzinfo=UTC))
    assert halt_after({"Date": DATE, **SPENT, "X-RateLimit-Reset": "7"}) == Halt(
        1.0, datetime(2027, 1, 15, 8, 0, 1, tzinfo=UTC)
    )
    assert halt_after({"Date": "yesterday", **SPENT}) is None


@given(st.lists(st.floats(0, 200), max_size=5))
def test_gate__opens_after_the_longest_wait(waits: list[float]) -> None:
    time = FakeTime(luck=0.0)
    gate, begin = Gate(time.timing(), patience_seconds=1000), time.now

    for seconds in waits:
        gate.shut(Halt(seconds, None))
    gate.wait()

    assert time.now == pytest.approx(begin + max(waits, default=0.0))


def test_gate__is_not_worth_a_longer_wait() -> None:
    time = FakeTime()
    gate = Gate(time.timing(), patience_seconds=90)
    gate.shut(Halt(91.0, NOW))

    with pytest.raises(RateLimitedError, match="used up until 08:00 UTC; run again after that"):
        gate.wait()

    assert time.slept == []


def test_calls__are_counted() -> None:
    calls = Calls(2)

    calls.take()
    calls.take()
    calls.give_back()
    calls.take()

    assert calls.left == 0
    with pytest.raises(RateLimitedError, match="the 2 calls"):
        calls.take()


def test_pace__rests_between_two_writes_only() -> None:
    time = FakeTime()
    pace = Pace(time.timing(), CallLimits())

    with pace.turn():
        time.now += 5  # a slow answer
    time.now += 0.25
    with pace.turn():
        pass
    time.now += 3
    with pace.turn():
        pass

    assert time.slept == [0.75]


def test_pace__rests_after_a_write_that_failed() -> None:
    time = FakeTime()
    pace = Pace(time.timing(), CallLimits())

    with pytest.raises(KeyError), pace.turn():
        raise KeyError
    with pace.turn():
        pass

    assert time.slept == [1.0]


def test_pace__lets_one_write_at_a_time() -> None:
    pace, at_once, most = Pace(FakeTime().timing(), CallLimits(writes_per_minute=10_000, writes_per_hour=10_000)), 0, 0

    def write() -> None:
        nonlocal at_once, most
        for _ in range(200):
            with pace.turn():
                at_once += 1
                most = max(most, at_once)
                at_once -= 1

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


def test_pace__keeps_to_so_many_writes_in_a_minute() -> None:
    time = FakeTime()
    pace = Pace(time.timing(), CallLimits(write_seconds=0.0, writes_per_minute=3))

    for _ in range(3):
        time.now += 10
        with pace.turn():
            pass
    for _ in range(3):
        with pace.turn():
            pass

    assert time.slept == [40.0, 10.0, 10.0]  # as each of the first three is a minute ago


def test_pace__ends_where_an_hour_of_writes_is_used_up() -> None:
    time = FakeTime()
    pace = Pace(time.timing(), CallLimits(write_seconds=0.0, writes_per_hour=2))
    for _ in range(2):
        with pace.turn():
            pass

    with pytest.raises(RateLimitedError, match="the 2 writes that GitHub takes in an hour; run again in 60 minutes"):
        pace.turn().__enter__()
    time.now += 3600 - 90
    with pace.turn():
        pass

    assert time.slept == [90.0]
