"""Wires ledger and index for the commands that look at the whole fleet, and for the pipeline when it records a scan."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.app.keep import Recorder
from codeql_fixer.bootstrap.agents import registry_of
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.registry import Registry
    from codeql_fixer.ports.index import Index
    from codeql_fixer.ports.ledger import Ledger
    from codeql_fixer.settings import FleetSettings, LedgerSettings

_POSTGRES = ("postgresql://", "postgres://")
_DIGITS = 16
KEPT = "unrecorded"


def build_ledger(
    settings: LedgerSettings, environ: Mapping[str, str], *, mirror: Path | None, tell: Callable[[str], None]
) -> Ledger:
    """The ledger at a place: an address or a git repository means a branch of it, another path a directory.

    Args:
        settings: where it is.
        environ: where git finds itself and the user's settings.
        mirror: where a copy to read from is kept; None for nowhere.
        tell: hears what is tried again.

    Raises:
        UserError: the address holds a password.
    """
    path = Path(settings.place)
    is_address = "://" in settings.place or settings.place.startswith("git@")
    if not is_address and not _is_git(path):
        from codeql_fixer.adapters.ledger.directory import DirectoryLedger  # noqa: PLC0415

        return DirectoryLedger(path)
    from codeql_fixer.adapters.ledger.git_command import Remote  # noqa: PLC0415
    from codeql_fixer.adapters.ledger.git_ledger import GitLedger  # noqa: PLC0415

    url = settings.place if is_address else path.resolve().as_uri()
    remote = Remote(url, settings.token, settings.server)
    return GitLedger(remote, settings.branch, environment=environ, mirror=mirror, tell=tell)


def build_recorder(
    settings: LedgerSettings, kept: Path, environ: Mapping[str, str], *, tell: Callable[[str], None]
) -> Recorder:
    """What writes to the ledger and keeps in `kept` what it cannot write.

    Raises:
        UserError: `kept` is a link, or the address holds a password.
    """
    from codeql_fixer.adapters.ledger.directory import DirectoryLedger  # noqa: PLC0415

    if kept.is_symlink():
        raise UserError(f"{kept}: is a link, which is not followed; remove it")
    place = f"{settings.place}#{settings.branch}"
    command = shlex.join(["python", "scripts/orchestrator.py", "replay", str(kept), "--ledger", place])
    ledger = build_ledger(settings, environ, mirror=None, tell=tell)
    return Recorder(ledger=ledger, kept=DirectoryLedger(kept), replay=command)


class Fleet:
    """Ledger and index as the settings ask; each is made when it is first needed.

    Args:
        settings: of the command.
        environ: where git finds itself and the user's settings.
        tell: hears what is tried again.
        registry: with the names of repositories; None reads the one that the settings name when it is needed.
    """

    def __init__(
        self,
        settings: FleetSettings,
        environ: Mapping[str, str],
        tell: Callable[[str], None],
        *,
        registry: Registry | None = None,
    ) -> None:
        self._settings, self._environ, self._tell = settings, environ, tell
        self._registry = registry
        ledger = settings.ledger
        # One folder per ledger, so that an index never meets the records of another.
        name = hashlib.sha256(f"{ledger.place}#{ledger.branch}".encode()).hexdigest()[:_DIGITS]
        self.directory = Path(settings.state_dir) / name

    def ledger(self) -> Ledger:
        """The ledger, with its copy kept between runs."""
        mirror = self.directory / "ledger.git"
        return build_ledger(self._settings.ledger, self._environ, mirror=mirror, tell=self._tell)

    def recorder(self) -> Recorder:
        """What writes to the ledger."""
        return build_recorder(self._settings.ledger, self.directory / KEPT, self._environ, tell=self._tell)

    def index(self) -> Index:
        """The index.

        Raises:
            UserError: its database cannot be used, or the registry is wrong.
        """
        from codeql_fixer.adapters.index.sql_index import SqlIndex  # noqa: PLC0415

        registry = self._registry or registry_of(self._settings.dispatch)[0]
        names = registry.other_names
        if self._settings.index.startswith(_POSTGRES):
            from codeql_fixer.adapters.index.postgres import PostgresDatabase  # noqa: PLC0415

            return SqlIndex(PostgresDatabase(self._settings.index), names)
        from codeql_fixer.adapters.index.sqlite import SqliteDatabase  # noqa: PLC0415

        return SqlIndex(SqliteDatabase(Path(self._settings.index or self.directory / "index.sqlite")), names)


def _is_git(path: Path) -> bool:
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


def read_record(path: Path) -> AnyRecord:
    """The record in a file of this machine, of the present or an earlier version.

    Raises:
        UserError: the file cannot be read or is no record.
    """
    from codeql_fixer.adapters.ledger.codec import decode  # noqa: PLC0415

    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', '') or error}") from error
    return decode(data, str(path))
