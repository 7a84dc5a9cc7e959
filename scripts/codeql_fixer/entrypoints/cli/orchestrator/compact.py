"""`compact`: packs old scan runs."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.compact import compact
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_DAYS, _MOST_DAYS = "90", 36_500


def run(flags: Mapping[str, str], own: Mapping[str, str | bool | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: a record cannot be read, or the number of days is none.
        LedgerNotWrittenError: the ledger is as it was.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    days = str(own["older_than_days"] or _DEFAULT_DAYS)
    if not days.isascii() or not days.isdigit() or int(days) > _MOST_DAYS:
        raise UserError(f"--older-than-days must be a whole number up to {_MOST_DAYS}, got {days!r:.40}")
    before = SystemClock().now() - timedelta(days=int(days))
    done = compact(Fleet(settings, os.environ, say).ledger(), before, is_dry_run=bool(own["dry_run"]))
    verb = "would be" if own["dry_run"] else "are"
    say(f"{counted(done.records, 'scan run')} {verb} in {counted(done.packs, 'pack')}")
    if is_json:
        print(json.dumps({"packs": done.packs, "records": done.records, "dry_run": bool(own["dry_run"])}))
