"""`ingest`: puts the record of a scan on the ledger."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.bootstrap.agents import registry_of
from codeql_fixer.bootstrap.fleet import Fleet, read_record
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.errors import UserError
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the file is no record of a scan.
        LedgerNotWrittenError: it is kept for a replay.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    path = own["run"]
    if not path:
        raise UserError("--run is required: the run.json that the pipeline wrote")
    record = read_record(Path(path))
    if not isinstance(record, ScanRun):
        raise UserError(f"{path}: is a {record.kind}, not a scan_run; only a scan can be ingested")
    registry, _ = registry_of(settings.dispatch)
    target = registry.canonical(record.target_repo)
    if target.lower() != record.target_repo.lower():  # a fork, or an earlier name
        run = f"scan_run/{target}/{record.run_id}"
        record = replace(record, id=run, target_repo=target, scanned_repo=record.scanned_repo or record.target_repo)
    landed = Fleet(settings, os.environ, say).recorder().record([record])
    where = f"waits in {landed.inbox} to be folded in" if landed.inbox else f"at {landed.tip}"
    say(f"{record.id}: {len(record.issues)} issues on the ledger, {where}")
    if is_json:
        print(json.dumps({"id": record.id, "tip": landed.tip, "inbox": landed.inbox}))
