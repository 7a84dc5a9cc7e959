"""`search`: finds issues by words."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up, issue_document, issue_table
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, list[str]], *, is_json: bool) -> None:
    """Do it."""
    fleet = Fleet(FleetSettings.from_environ(os.environ, flags), os.environ, say)
    index = fleet.index()
    tip = caught_up(fleet, index)
    rows = index.search(" ".join(own["words"]))
    if is_json:
        print(json.dumps({"ledger_commit": tip, "issues": [issue_document(row) for row in rows]}))
    else:
        print(issue_table(rows) if rows else "no issue has all these words")
