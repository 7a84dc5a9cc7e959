"""`import-runs`: takes over what the first generation left."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.adapters.predecessor_runs import PredecessorRuns
from codeql_fixer.app.replay import add_all
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.pipeline_output import progress
from codeql_fixer.errors import UserError
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run(flags: Mapping[str, str], own: Mapping[str, object], *, is_json: bool) -> None:
    """Do it; doing it again changes nothing.

    Raises:
        InputError: one of the files is none of the first generation; nothing was written.
        LedgerNotWrittenError: the records are kept for a replay.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    upstreams = own["upstream"]
    assert upstreams is None or isinstance(upstreams, list)  # noqa: S101 - argparse makes it so
    source = PredecessorRuns(Path(str(own["directory"])), _pairs(upstreams or ()))
    files = list(source.read())
    records = [record for _, found in files for record in found]
    kinds = Counter(record.kind for record in records)
    if not own["dry_run"]:
        with progress(sys.stderr) as on_step:
            add_all(records, Fleet(settings, os.environ, say).recorder(), on_step)
    shown = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    say(f"{len(files)} files: {shown}" + (" (dry run: nothing was written)" if own["dry_run"] else " on the ledger"))
    if is_json:
        print(json.dumps({"files": len(files), "records": dict(kinds), "dry_run": bool(own["dry_run"])}))


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = dict(item.partition("=")[::2] for item in given)
    for fork, upstream in pairs.items():
        if fork.count("/") != 1 or upstream.count("/") != 1:
            raise UserError(f"--upstream {fork}={upstream}: must be like acme-forks/shop=acme/shop")
    return pairs
