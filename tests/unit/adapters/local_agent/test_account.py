"""Whose sessions those of a local agent are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from codeql_fixer.adapters.local_agent.agent import LocalAgent
from codeql_fixer.adapters.local_agent.options import LocalOptions

if TYPE_CHECKING:
    from pathlib import Path


def _account(state_dir: Path, *, is_paid: bool) -> str:
    options = LocalOptions(name="coder", is_paid=is_paid, command=("coder",))
    agent = LocalAgent(state_dir, options, worker=["true"], environment={}, now=lambda: datetime.now(UTC))  # noqa: TID251 - never asked
    return agent.account


def test_account__of_paid_sessions_is_where_their_folders_are(tmp_path: Path) -> None:
    paid = _account(tmp_path / "a", is_paid=True)

    assert paid == _account(tmp_path / "a", is_paid=True)
    assert paid != _account(tmp_path / "b", is_paid=True)
    assert _account(tmp_path / "a", is_paid=False) == ""
