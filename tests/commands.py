"""The product's commands, run as a user runs them: real processes with an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.ports.ledger import Stored
from tests.builders import place, result, run, write_sarif
from tests.remotes import bare, ledger_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.kinds import AnyRecord
    from tests.devin_twin import DevinTwin

ROOT = Path(__file__).parents[1]
# Weakness families of issues 0, 1, 2 and so on, the most severe first: each is a batch, and so a session, of its own.
_RULES = (
    ("py/ssrf", "918", "9.1"),
    ("py/sql-injection", "089", "8.8"),
    ("py/path", "022", "7.5"),
    ("py/xss", "079", "6.1"),
    ("py/weak-crypto", "327", "5.0"),
    ("py/redos", "1333", "4.0"),
)


def command(script: str, *arguments: object) -> list[str]:
    """What to run."""
    return [sys.executable, str(ROOT / "scripts" / script), *map(str, arguments)]


def findings(path: Path, count: int = 2) -> Path:
    """A SARIF file with that many results, in as many files; each has a rule of its own as long as there are some."""
    rules = [
        {"id": name, "properties": {"tags": [f"external/cwe/cwe-{cwe}"], "security-severity": score}}
        for name, cwe, score in _RULES
    ]
    tool = {"driver": {"name": "CodeQL", "semanticVersion": "2.20.1", "rules": rules}}
    results = [
        result(
            ruleId=_RULES[number % len(_RULES)][0],
            message={"text": f"Finding {number}."},
            locations=[place(f"src/file{number}.py", 10 + number)],
        )
        for number in range(count)
    ]
    return write_sarif(path, run(*results, tool=tool))


class User:
    """Somebody with a repository, a ledger, and an agent.

    Args:
        folder: where everything is kept.
        repository: owner/name, which nobody else uses with this twin.
        environ: keys and addresses.
    """

    def __init__(self, folder: Path, repository: str, environ: Mapping[str, str]) -> None:
        self.folder, self.repository = folder, repository
        self.remote = bare(folder / "ledger.git")
        self.out = folder / "out"
        self._runs = 0
        self.environ = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - tests
            "HOME": os.environ["HOME"],  # noqa: TID251 - tests
            "LEDGER": str(self.remote),
            "STATE_DIR": str(folder / "state"),
            "TARGET_REPO": repository,
            "OUTPUT_DIR": str(self.out),
            "SARIF": str(findings(folder / "results.sarif")),
            "BATCH_SIZE": "1",
            "POLL_SECONDS": "1",
            **environ,
        }

    def runs(self, script: str, *arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command(script, *arguments),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**self.environ, **environ},
        )

    def starts(self, script: str, *arguments: object, **environ: str) -> subprocess.Popen[str]:
        """Start a command; its output comes through pipes."""
        return subprocess.Popen(
            command(script, *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**self.environ, **environ},
        )

    def basic(self, *arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the pipeline in mode basic, each time as another run."""
        self._runs += 1
        return self.runs("pipeline.py", "--mode", "basic", "--json", *arguments, RUN_ID=f"run{self._runs}", **environ)

    def fleet(self, *arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the orchestrator."""
        return self.runs("orchestrator.py", *arguments, **environ)

    def asks(self, *arguments: object) -> Any:  # noqa: ANN401 - any JSON
        """The one document with which the orchestrator answers."""
        return document(self.fleet(*arguments, "--json"))

    def records(self, kind: type[AnyRecord]) -> list[Any]:
        """Records of a kind on the ledger."""
        entries = ledger_of(self.remote).read_since("").entries
        return [entry.record for entry in entries if isinstance(entry, Stored) and isinstance(entry.record, kind)]

    def outcomes(self) -> list[str]:
        """What became of all claims, in alphabetical order; "open" for those of which nobody knows."""
        settled = {outcome.id: outcome.status.value for outcome in self.records(DispatchOutcome)}
        return sorted(settled.get(intent.id, "open") for intent in self.records(DispatchIntent))

    def sessions(self, twin: DevinTwin) -> list[dict[str, Any]]:
        """Sessions for the repository, oldest first, with all that was ordered."""
        ids = [session["session_id"] for session in twin.sessions_with(f"repo:{self.repository}")]
        return [twin.admin("GET", f"sessions/{name}") for name in ids]


def document(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """The one JSON document that a command printed before it ended with a code."""
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)
