"""A real PostgreSQL server for the tests, on a socket of its own: no port, no network, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEBIAN = Path("/usr/lib/postgresql")
_NOBODY = "nobody"


def programs() -> Path | None:
    """The folder with the newest server's programs, None when none is installed."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def server(bin_folder: Path) -> Iterator[str]:
    """Start a server, give its address, and stop it by its own control program."""
    # A short path: the name of a socket has about a hundred bytes. The server refuses to run as root.
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    user = pwd.getpwnam(_NOBODY) if os.getuid() == 0 else None
    if user:
        os.chown(root, user.pw_uid, user.pw_gid)

    def run(*command: str) -> None:
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": str(root), "LC_ALL": "C"},  # noqa: TID251 - tests
            cwd=root,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
        )

    data = str(root / "data")
    options = f"-c listen_addresses='' -c unix_socket_directories='{root}' -c fsync=off -c shared_buffers=16MB"
    try:
        run(str(bin_folder / "initdb"), "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")
        run(str(bin_folder / "pg_ctl"), "-D", data, "-w", "-l", str(root / "log"), "-o", options, "start")
        try:
            yield f"postgresql://tests@/postgres?host={root}"
        finally:
            run(str(bin_folder / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(root)
