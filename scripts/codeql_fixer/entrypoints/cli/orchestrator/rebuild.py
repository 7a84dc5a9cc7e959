"""`rebuild`: reads the whole ledger into a new index."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, object], *, is_json: bool) -> None:
    """Do it."""
    del own
    fleet = Fleet(FleetSettings.from_environ(os.environ, flags), os.environ, say)
    index = fleet.index()
    tip = caught_up(fleet, index, is_rebuild=True)
    say(f"the index reflects {tip or 'an empty ledger'}: {len(index.repositories())} repositories")
    if is_json:
        print(json.dumps({"ledger_commit": tip, "repositories": len(index.repositories())}))
