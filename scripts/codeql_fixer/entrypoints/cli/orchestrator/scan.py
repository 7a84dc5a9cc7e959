"""`scan`: have repositories scanned that are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.entrypoints.cli.orchestrator.cycle import run_halves

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it; raises as `cycle` does."""
    run_halves(flags, own, is_json=is_json, dispatches=False)
