"""Simulations in several processes: what becomes of one that is killed."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, cast

import pytest

from codeql_fixer.bootstrap.simulation import run_all
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from codeql_fixer.bootstrap.simulation import Order


class _Deadly:
    """An order that kills the process that reads it, as a system does that runs out of memory."""

    def __reduce__(self) -> tuple[object, ...]:
        return signal.raise_signal, (signal.SIGKILL,)


def test_run_all__says_what_to_do_when_a_process_is_killed() -> None:
    with pytest.raises(UserError, match="fewer --repositories"):
        run_all([cast("Order", _Deadly()), cast("Order", _Deadly())], 2, lambda _: None)
