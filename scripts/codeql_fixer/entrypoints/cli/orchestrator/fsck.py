"""`fsck`: checks the ledger."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.fsck import fsck
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, object], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: something is wrong with a record.
    """
    del own
    fleet = Fleet(FleetSettings.from_environ(os.environ, flags), os.environ, say)
    records, faults = fsck(fleet.ledger(), SystemClock().now())
    if is_json:
        document = {"records": records, "faults": [{"path": fault.path, "problem": fault.problem} for fault in faults]}
        print(json.dumps(document))
    for fault in faults:
        say(fault.problem)
    if faults:
        error = UserError(f"{counted(len(faults), 'fault')} among {counted(records, 'record')}")
        error.is_told = True
        raise error
    say(f"{counted(records, 'record')}: all well")
