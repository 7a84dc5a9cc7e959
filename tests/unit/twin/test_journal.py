"""The journal of a twin: what time it is for one that starts again."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeql_fixer.twin.clock import TwinClock
from codeql_fixer.twin.devin.journal import Asked, Journal, JournalError

ASKED = Asked(at=5.0, method="POST", path="/v3/x", query={"a": ["b"]}, content_type="", body=b"\x00\xff")


def _journal(path: Path, wall: float, speed: float = 60.0) -> Journal:
    return Journal(path, seed=1, speed=speed, wall=lambda: wall)


def test_journal__that_is_new(tmp_path: Path) -> None:
    assert _journal(tmp_path / "j", 0).resume() == (None, [])


@pytest.mark.parametrize(("wall", "now"), [(100.0, 1007.0), (102.0, 1127.0)])
def test_journal__time_goes_on_while_the_twin_is_dead(tmp_path: Path, *, wall: float, now: float) -> None:
    first = _journal(tmp_path / "j", 100.0)
    first.begin(1000.0)
    first.move(7.0)
    first.keep(ASKED)

    assert _journal(tmp_path / "j", wall).resume() == (now, [ASKED])


def test_journal__counts_from_the_last_start(tmp_path: Path) -> None:
    _journal(tmp_path / "j", 100.0).begin(1000.0)
    _journal(tmp_path / "j", 101.0, speed=1.0).begin(1060.0)

    assert _journal(tmp_path / "j", 111.0).resume() == (1070.0, [])


def test_journal__forgets(tmp_path: Path) -> None:
    journal = _journal(tmp_path / "j", 100.0)
    journal.begin(1000.0)
    journal.keep(ASKED)
    journal.forget(2000.0)

    assert _journal(tmp_path / "j", 100.0).resume() == (2000.0, [])


def test_journal__says_that_it_cannot_be_written() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")

    with pytest.raises(JournalError, match="/dev/full: No space left on device"):
        _journal(full, 0).begin(1.0)


def test_clock__runs_at_its_speed_and_can_be_moved() -> None:
    seconds = iter([10.0, 11.0, 12.0])
    clock = TwinClock(start=1000.0, speed=60.0, monotonic=lambda: next(seconds))

    assert clock.now() == 1060.0
    clock.advance(5.0)
    assert clock.now() == 1125.0
