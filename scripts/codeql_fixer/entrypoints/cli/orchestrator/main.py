"""`orchestrator`: what looks at the whole fleet. Each verb is a module of its own, read only when it is called."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
from importlib import import_module
from typing import TYPE_CHECKING

import codeql_fixer
from codeql_fixer.entrypoints.boundary import guarded
from codeql_fixer.entrypoints.cli.orchestrator.verbs import SHARED, VERBS, Verb
from codeql_fixer.options import BY_NAME, TRUE

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = vars(_parser().parse_args(arguments))
    verb = given.pop("verb")
    flags = {name: value for name, value in given.items() if name in BY_NAME and value is not None}
    own = {name: value for name, value in given.items() if name not in BY_NAME}
    wants_json = flags.get("json", os.environ.get("JSON", "")).lower() in TRUE

    def on_error(code: int, message: str) -> None:
        if wants_json:
            print(json.dumps({"error": {"exit_code": code, "message": message}}))

    def command() -> None:
        # A cancelled job sends SIGTERM: end as on Ctrl-C, so that git and half-written files do not stay behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        gc.disable()  # short processes that make many objects and next to no cycles
        module = import_module(f"{__package__}.{verb.replace('-', '_')}")
        module.run(flags, own, is_json=wants_json)

    return guarded(command, on_error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="orchestrator.py",
        description="Remember what the fleet's scans found, and decide what is worth fixing next.",
        epilog="Every option with capital letters' name can be a variable, too: LEDGER, CONTROL_REPO, GITHUB_TOKEN.\n\n"
        "exit codes: 0 done, 1 a bug of ours, 2 something to correct, 3 try again later, 4 the ledger was not written",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"codeql-fixer {codeql_fixer.__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for verb in VERBS:
        _add(verbs, verb)
    return parser


def _add(verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: Verb) -> None:
    parser = verbs.add_parser(
        verb.name,
        help=verb.help,
        description=f"{verb.help[0].upper()}{verb.help[1:]}.",
        epilog="examples:\n" + "\n".join(f"  {example}" for example in verb.examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for argument in verb.arguments:
        if argument.is_flag:
            parser.add_argument(argument.name, action="store_true", help=argument.help)
        elif argument.is_list and argument.name.startswith("-"):
            parser.add_argument(argument.name, action="append", metavar=argument.metavar, help=argument.help)
        elif argument.is_list:
            parser.add_argument(argument.name, nargs="+", metavar=argument.metavar, help=argument.help)
        elif argument.is_optional:
            parser.add_argument(argument.name, nargs="?", default="", metavar=argument.metavar, help=argument.help)
        else:
            parser.add_argument(argument.name, metavar=argument.metavar, help=argument.help)
    for name in (*SHARED, *verb.options):
        option = BY_NAME[name]
        default = f" (default: {option.default})" if option.default else ""
        if option.is_flag:
            parser.add_argument(option.flag, action="store_const", const="true", help=option.help)
        else:
            parser.add_argument(option.flag, metavar=option.metavar, help=option.help.replace("%", "%%") + default)
