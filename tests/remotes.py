"""Real git repositories that play the server of a ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.files import files_of
from codeql_fixer.adapters.ledger.git_command import Remote
from codeql_fixer.adapters.ledger.git_ledger import GitLedger
from codeql_fixer.ports.ledger import Landed, Stored
from tests.records import intent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Ledger

BRANCH = "telemetry"


def git(repository: Path, *arguments: str) -> str:
    """What git prints in a repository."""
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def bare(path: Path) -> Path:
    """An empty bare repository whose server does partial clones, as GitHub's does."""
    subprocess.run(["git", "init", "--quiet", "--bare", path], check=True)
    for name, value in (("uploadpack.allowFilter", "true"), ("http.receivepack", "true"), ("gc.auto", "0")):
        git(path, "config", name, value)
    return path


def refs(remote: Path) -> list[str]:
    """The names of all refs."""
    return git(remote, "for-each-ref", "--format=%(refname)").split()


def hook(remote: Path, name: str, script: str) -> None:
    """Install a hook on the server's side."""
    path = remote / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def ledger_of(
    url: str | Path,
    *,
    seconds: float = 60,
    environment: Mapping[str, str] | None = None,
    token: str = "",
    server: str = "",
    mirror: Path | None = None,
) -> GitLedger:
    """A ledger with a scratch of its own, as another process would have."""
    address = url if isinstance(url, str) else url.as_uri()
    return GitLedger(
        Remote(address, token, server or "https://github.com"),
        BRANCH,
        environment=environment or os.environ,  # noqa: TID251 - tests
        mirror=mirror,
        seconds=seconds,
    )


@contextmanager
def http_server(root: Path, *options: str) -> Iterator[str]:
    """The HTTP server of git_server.py, stopped by its own id."""
    command = [sys.executable, str(Path(__file__).with_name("git_server.py")), str(root), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def ids_of(ledger: Ledger) -> list[str]:
    """The ids of all records, branch and inbox together."""
    return sorted(entry.record.id for entry in ledger.read_since("").entries if isinstance(entry, Stored))


def landed(ledger: Ledger, *numbers: int) -> Landed:
    """Append a claim for each number."""
    done = ledger.append([intent(f"i-{number}", number, number) for number in numbers])
    assert isinstance(done, Landed)
    return done


def lose_a_race(remote: Path, number: int, record: AnyRecord | None = None) -> str:
    """Append by a writer that another one has just beaten; returns the ref that holds the record, else a claim."""
    writer = ledger_of(remote)._writer  # noqa: SLF001 - what a writer saw before the other pushed
    heads = writer.heads()
    landed(ledger_of(remote), number + 1000)
    done = writer.put(heads, files_of([record or intent(f"i-{number}", number, number)]), date=0)
    assert done.inbox
    return done.inbox
