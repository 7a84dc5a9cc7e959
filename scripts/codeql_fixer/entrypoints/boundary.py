"""The one place where errors become exit codes and messages for people."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from codeql_fixer.errors import CodeqlFixerError, ExitCode
from codeql_fixer.policy.plain_text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_TEXT = 200_000
_INTERRUPTED = 130  # 128 + SIGINT, as shells count
_NOBODY_READS = 141  # 128 + SIGPIPE


def guarded(command: Callable[[], None], on_error: Callable[[int, str], None]) -> int:
    """Run a command and return the exit code; `on_error` hears the code and the message."""
    try:
        command()
        sys.stdout.flush()
    except CodeqlFixerError as error:
        say(f"error: {error}")
        if not error.is_told:
            on_error(error.exit_code, str(error))
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:  # as in `stream SESSION | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes when it ends
        return _NOBODY_READS
    except Exception as error:  # noqa: BLE001 - the boundary
        message = f"this is a bug in codeql-fixer: {type(error).__name__}: {error}"
        say("".join(traceback.format_exception(error)))
        say(f"error: {message}")
        say("Please report it with the lines above; check first that they hold nothing private.")
        on_error(ExitCode.OUR_BUG, message)
        return ExitCode.OUR_BUG
    return ExitCode.OK


def say(text: str) -> None:
    """Print for people, on standard error. Strangers' text in it becomes no command of the runner or the terminal.

    The runner takes lines that start with `::` and anything with `##[` for commands.
    """
    for line in clean(text, _MAX_TEXT).split("\n"):
        harmless = line.replace("##[", "## [")
        if harmless.lstrip().startswith("::"):
            harmless = harmless.replace("::", ": :", 1)
        print(harmless, file=sys.stderr)
