"""`pipeline`: from scan results to fix work, for one repository. What action.yml runs."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import codeql_fixer
from codeql_fixer.entrypoints.boundary import guarded, say
from codeql_fixer.options import OPTIONS, TRUE, Use

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
examples:
  # look at what CodeQL found, without any secret
  pipeline.py --mode dry-run --sarif results.sarif --target-repo acme/shop --output-dir out

  # scan a checkout with bandit; only high and critical, nothing from the tests
  pipeline.py --mode dry-run --scanner bandit --target-dir shop --target-repo acme/shop --output-dir out \\
      --severity-threshold high --exclude-paths tests/

  # start sessions for the batches; the claims go on the ledger first, so nothing is ever paid twice
  DEVIN_API_KEY=... DEVIN_ORG_ID=... pipeline.py --mode basic --sarif results.sarif --target-repo acme/shop \\
      --target-dir shop --output-dir out --control-repo acme/security --max-sessions 5

  # put the scan on the fleet's ledger, for scripts/orchestrator.py
  pipeline.py --mode orchestrator --sarif sarif/ --target-repo acme/shop --output-dir out --control-repo acme/security

  # the counts for a script
  pipeline.py --mode dry-run --sarif sarif/ --target-repo acme/shop --output-dir out --json | jq .issues

Every option can also be given as an environment variable of the same name (BATCH_SIZE=5); a flag wins.

exit codes: 0 done, 1 a bug of ours, 2 something to correct (input, configuration), 3 a scanner failed,
4 the ledger could not be written: the record is kept, and the message says how to replay it
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = _parser().parse_args(arguments)
    flags = {name: _text(value) for name, value in vars(given).items() if value is not None}
    wants_json = flags.get("json", os.environ.get("JSON", "")).lower() in TRUE
    document: dict[str, object] = {}

    def on_error(code: int, message: str) -> None:
        document["error"] = {"exit_code": code, "message": message}

    code = guarded(lambda: _run(flags, document), on_error)
    if not wants_json or not document:
        return code
    return guarded(lambda: print(json.dumps(document)), on_error) or code  # one document, whatever came of the run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipeline.py",
        description="Turn scan results into issues, batches and prompts for one repository.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"codeql-fixer {codeql_fixer.__version__}")
    for option in OPTIONS:
        if option.use not in {Use.EVERYWHERE, Use.COMMANDS, Use.PIPELINE}:
            continue
        default = " (required)" if option.is_required else f" (default: {option.default})" if option.default else ""
        if option.is_flag:
            parser.add_argument(option.flag, action="store_const", const="true", help=option.help)
        elif option.is_list:
            parser.add_argument(
                option.flag, action="extend", nargs="+", metavar=option.metavar, help=option.help + default
            )
        else:
            metavar = option.metavar or "|".join(option.choices)
            parser.add_argument(option.flag, metavar=metavar, help=option.help + default)
    return parser


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def _run(flags: dict[str, str], document: dict[str, object]) -> None:
    """Do the job, and put into the document what a script wants to know."""
    # Imported here, so that --help and a wrong flag cost nothing.
    from codeql_fixer.bootstrap.pipeline import build_pipeline  # noqa: PLC0415
    from codeql_fixer.domain.mode import Mode  # noqa: PLC0415
    from codeql_fixer.entrypoints.cli.pipeline_output import (  # noqa: PLC0415
        counts_document,
        describe,
        described_sessions,
        progress,
    )
    from codeql_fixer.errors import UpstreamError, UserError  # noqa: PLC0415
    from codeql_fixer.settings import Settings  # noqa: PLC0415

    # A cancelled job sends SIGTERM: end as on Ctrl-C, so that a scanner and half-written files do not stay behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = Settings.from_environ(os.environ, flags)
    if settings.mode is not Mode.BASIC:  # which may wait for hours
        gc.disable()  # a short process that makes millions of objects and next to no cycles: collecting costs a third
    with progress(sys.stderr) as on_step:
        work, run, sessions = build_pipeline(settings, os.environ, say).run(on_step)
    say(describe(work, run, settings.output_dir))
    if settings.mode is Mode.BASIC:
        say(described_sessions(sessions))
    document |= counts_document(work, run, sessions)
    if sessions.stopped:
        raise (UserError if sessions.is_denied else UpstreamError)(sessions.stopped)
    if sessions.paused:
        hint = f"let it go on with: python scripts/orchestrator.py resume {settings.target_repo}"
        raise UpstreamError(f"paused: {sessions.paused}; when somebody has looked, {hint}")
