"""`replay`: puts kept records on the ledger."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.app.replay import replay
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.pipeline_output import progress
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, str], *, is_json: bool) -> None:
    """Do it; doing it again changes nothing.

    Raises:
        UserError: nothing was kept there.
        LedgerNotWrittenError: the ledger cannot be written; the records stay where they are.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    directory = Path(own["directory"])
    if not (directory / "telemetry").is_dir():
        raise UserError(f"{directory}: holds no telemetry folder with records")
    with progress(sys.stderr) as on_step:
        count = replay(DirectoryLedger(directory), Fleet(settings, os.environ, say).recorder(), on_step)
    say(f"{counted(count, 'record')} on the ledger; {directory} can be deleted")
    if is_json:
        print(json.dumps({"records": count}))
