"""The process of one local session. Started by the local agent, never by people: FORGE FOLDER LOCK."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.adapters.forge.local import LocalForge
from codeql_fixer.adapters.local_agent.worker import run_session


def main() -> None:
    """Work off the session in a folder; how it ends is told there."""
    forge, folder, lock = sys.argv[1:4]
    now = SystemClock().now
    run_session(
        Path(folder),
        LocalForge(Path(forge), environment=os.environ, now=now),
        lock=int(lock),
        environment=os.environ,
        now=now,
    )


if __name__ == "__main__":
    main()
