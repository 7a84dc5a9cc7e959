"""Schedules and windows: how long they are."""

from __future__ import annotations

from datetime import timedelta

from codeql_fixer.domain.allowance import Window
from codeql_fixer.domain.schedule import Schedule


def test_schedule__has_an_interval_unless_it_is_never() -> None:
    assert {schedule.value: schedule.interval for schedule in Schedule} == {
        "hourly": timedelta(hours=1),
        "daily": timedelta(days=1),
        "weekly": timedelta(days=7),
        "biweekly": timedelta(days=14),
        "monthly": timedelta(days=30),
        "never": None,
    }


def test_window__has_a_length() -> None:
    assert {window.value: window.length for window in Window} == {
        "15m": timedelta(minutes=15),
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "month": timedelta(days=30),
    }
