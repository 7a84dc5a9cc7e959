"""The bounded part of `make faults` that everybody runs: zero sessions too many, zero claims lost."""

from __future__ import annotations

import os

import pytest

from tests.faults.run import many

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_dispatch__under_fire_pays_once_and_loses_nothing() -> None:
    faults = int(os.environ.get("FAULTS", "100"))  # noqa: TID251 - tests

    kinds, failures, _ = many(faults)

    assert failures == []
    assert kinds.total() >= faults
    assert {"kill", "fail", "http"} <= kinds.keys()
