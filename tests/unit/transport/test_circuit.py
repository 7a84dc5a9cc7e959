"""The circuit breaker: when it opens, whom it lets through, and what closes it."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest

from codeql_fixer.transport.circuit import Circuit, CircuitLimits
from codeql_fixer.transport.errors import CircuitOpenError, HttpError, NoAnswerError, StatusError
from tests.unit.transport.fake_time import FakeTime

OUTAGE = NoAnswerError("no answer", may_have_acted=True, is_transient=True)


def _circuit(time: FakeTime, **limits: float) -> Circuit:
    chosen = CircuitLimits(failures=3, over_seconds=limits.get("over_seconds", 0.0), open_seconds=10)
    return Circuit("example.com", chosen, monotonic=lambda: time.now)


def _call(circuit: Circuit, error: BaseException | None = None) -> None:
    with pytest.raises(type(error)) if error else nullcontext(), circuit.call():
        if error:
            raise error


def _is_open(circuit: Circuit) -> bool:
    try:
        _call(circuit)
    except CircuitOpenError:
        return True
    return False


def _fail(circuit: Circuit, times: int = 3, error: HttpError = OUTAGE) -> None:
    for _ in range(times):
        _call(circuit, error)


def test_circuit__opens_after_failures_in_a_row() -> None:
    circuit = _circuit(FakeTime())

    _fail(circuit)

    with pytest.raises(CircuitOpenError, match=r"example\.com failed 3 times in a row .*\(no answer\)"):
        _call(circuit)


def test_circuit__tells_nobody_what_the_server_said_to_others() -> None:
    """It may quote a secret that is theirs."""
    circuit = _circuit(FakeTime())

    _fail(circuit, error=StatusError("POST /x", 500, "no good value: s3cr3t"))

    with pytest.raises(CircuitOpenError, match=r"\(POST /x: 500\)$"):
        _call(circuit)


@pytest.mark.parametrize(
    "between",
    [
        None,
        StatusError("GET /x", 404, ""),  # an answer, if not the wished one
        StatusError("GET /x", 429, ""),  # busy, not down
    ],
)
def test_circuit__an_answer_starts_the_count_again(between: HttpError | None) -> None:
    circuit = _circuit(FakeTime())

    _fail(circuit, 2)
    _call(circuit, between)
    _fail(circuit, 2)

    assert not _is_open(circuit)


def test_circuit__a_blink_of_the_server_is_no_outage() -> None:
    time = FakeTime()
    circuit = _circuit(time, over_seconds=2.0)

    _fail(circuit, 50)
    with circuit.call():
        pass
    _fail(circuit, 50)
    time.now += 2
    _fail(circuit, 1)

    assert _is_open(circuit)


def test_circuit__lets_one_call_through_after_a_while() -> None:
    time = FakeTime()
    circuit = _circuit(time)
    _fail(circuit)
    time.now += 10

    with circuit.call():
        assert _is_open(circuit)  # everybody else waits for the outcome

    assert not _is_open(circuit)


def test_circuit__a_failed_probe_opens_it_again() -> None:
    time = FakeTime()
    circuit = _circuit(time)
    _fail(circuit)
    time.now += 10

    _fail(circuit, 1)

    time.now += 9
    assert _is_open(circuit)
    time.now += 1
    assert not _is_open(circuit)


def test_circuit__an_interrupted_probe_does_not_block_the_next() -> None:
    time = FakeTime()
    circuit = _circuit(time)
    _fail(circuit)
    time.now += 10

    _call(circuit, KeyboardInterrupt())

    assert not _is_open(circuit)


def test_circuit__threads_get_one_probe_between_them() -> None:
    time = FakeTime()
    circuit = _circuit(time)
    _fail(circuit)
    time.now += 10
    start, end = threading.Barrier(8), threading.Barrier(9)
    admitted: list[bool] = []

    def probe() -> None:
        start.wait()
        try:
            with circuit.call():
                admitted.append(True)
                end.wait()  # all others were turned away while this one was under way
        except CircuitOpenError:
            admitted.append(False)
            end.wait()

    threads = [threading.Thread(target=probe) for _ in range(8)]
    for thread in threads:
        thread.start()
    end.wait()
    for thread in threads:
        thread.join()

    assert sorted(admitted) == [False] * 7 + [True]
