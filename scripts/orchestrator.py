"""Entry script: `python scripts/orchestrator.py` works from a fresh checkout, since `scripts/` is the import root."""

import sys

from codeql_fixer.entrypoints.cli.orchestrator.main import main

if __name__ == "__main__":
    sys.exit(main())
