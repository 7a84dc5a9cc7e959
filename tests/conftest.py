"""Fixtures of all tests: no network (pytest-socket), no write to the real home, the shared corpus where it is."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

# A job in the background ignores interrupts, and so would every command that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("soak", max_examples=int(os.environ.get("EXAMPLES", "20000")), deadline=None)  # noqa: TID251 - tests
settings.register_profile("everyday", deadline=None)  # machines are shared: time proves nothing
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))  # noqa: TID251 - tests

SHARED = Path(os.environ.get("CODEQL_FIXER_SHARED") or Path(__file__).parents[2] / "shared")  # noqa: TID251 - tests


@pytest.fixture(autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own for every test, which has to be empty afterwards: nothing of ours writes there."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    yield
    assert not list(home.iterdir()), "the test wrote to the home directory"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data beside the project; its absence is a failure where .ci/run runs and a skip elsewhere."""
    if not SHARED.is_dir():
        if os.environ.get("CODEQL_FIXER_NEEDS_ALL"):  # noqa: TID251 - tests
            pytest.fail(f"{SHARED} is missing, and .ci/run has to have it")
        pytest.skip("the reference data is not here; set CODEQL_FIXER_SHARED to its folder")
    return SHARED


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A server of Debian's package, skipped where it is not installed; .ci/run installs it."""
    programs = postgres.programs()
    if programs is None:
        if os.environ.get("CODEQL_FIXER_NEEDS_ALL"):  # noqa: TID251 - tests
            pytest.fail("PostgreSQL is missing, and .ci/run has to have it")
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.server(programs) as address:
        yield address
