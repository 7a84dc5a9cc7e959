"""Runs git: no shell, no prompt, no secret in an argument; its words about failures become kinds of failures."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess
import tempfile
import weakref
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# What a person may have set up for git to reach a server: their own configuration, agent, proxy and certificates.
_PASSED_ON = (
    *("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("GIT_SSL_CAINFO", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"),
)
_QUIET = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GCM_INTERACTIVE": "never"}
_DEFAULT_SSH = "ssh -o BatchMode=yes"
_TAIL = 600
_PASSWORD_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")


class Failure(Enum):
    """Why git failed, as far as its words tell."""

    RACE = auto()  # another writer was faster
    REFUSED = auto()  # the server has a rule against it
    DENIED = auto()  # the server does not accept the token
    MISSING = auto()  # there is no such repository
    DISK = auto()  # this machine cannot write
    OTHER = auto()  # the network, the server, or words nobody knows: worth another try


_WORDS = (
    (Failure.DISK, ("No space left on device", "Read-only file system", "Disk quota exceeded")),
    (
        Failure.RACE,
        (
            *("[rejected]", "cannot lock ref", "failed to update ref", "reference already exists", "stale info"),
            *("remote ref does not exist", "incorrect old value", "fetch first"),
        ),
    ),
    (
        Failure.REFUSED,
        (
            *(
                "hook declined",
                "protected branch",
                "GH006",
                "GH013",
                "deny updating a hidden ref",
                "is currently checked",
            ),
            *("refusing to", "funny refname", "prohibited", "not allowed"),
        ),
    ),
    (
        Failure.DENIED,
        (
            *("Authentication failed", "could not read Username", "could not read Password", "Permission denied"),
            *("Invalid username or password", "error: 401", "error: 403", "Permission to ", "Host key verification"),
        ),
    ),
    (
        Failure.MISSING,
        (
            "does not appear to be a git repository",
            "' not found",
            "Repository not found",
            "error: 404",
            "dubious ownership",
        ),
    ),
)


class GitError(Exception):
    """Git failed; `failure` says how, the message is git's own, without secrets."""

    def __init__(self, failure: Failure, message: str) -> None:
        self.failure = failure
        super().__init__(message)


class Remote(Struct, frozen=True):
    """Where the ledger's repository is, and the token for it, which goes to `server` only.

    Raises:
        UserError: the address holds a password, which would be seen in the list of processes.
    """

    url: str
    token: str = ""
    server: str = "https://github.com"

    def __post_init__(self) -> None:
        """Refuse addresses that carry secrets."""
        if "://" in self.url and urlsplit(self.url).scheme in {"http", "https"} and "@" in urlsplit(self.url).netloc:
            raise UserError(
                "the ledger's address holds a user name or password; give the token as GITHUB_TOKEN instead"
            )

    def __repr__(self) -> str:
        """The address only."""
        return f"Remote({self.url!r})"

    def settings(self) -> dict[str, str]:
        """What git needs to know to be let in, as variables: arguments can be seen by every user of the machine."""
        if not self.token or not self.url.startswith(f"{self.server}/"):
            return {}
        secret = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {secret}",
        }


class Scratch:
    """A temporary directory that lasts as long as somebody holds on to it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="codeql-fixer-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class Git:
    """Runs git in one bare repository.

    Args:
        directory: the repository.
        remote: whose token the commands may use.
        environment: where PATH, HOME and the like come from.
        seconds: after this a command and its children are stopped.
        scratch: where the repository lies, if that is to last as long as this.
    """

    def __init__(
        self,
        directory: Path,
        remote: Remote,
        environment: Mapping[str, str],
        *,
        seconds: float,
        scratch: Scratch | None = None,
    ) -> None:
        self.directory, self._scratch = directory.resolve(), scratch
        self._seconds = seconds
        self._secrets = [secret for secret in (remote.token, *_encoded(remote)) if secret]
        self._environment = {
            "GIT_SSH_COMMAND": _DEFAULT_SSH,
            **{name: environment[name] for name in _PASSED_ON if name in environment},
            **_QUIET,
            **remote.settings(),
        }

    def run(self, *arguments: str, data: bytes = b"") -> bytes:
        """What git prints on standard output.

        Args:
            arguments: the command; nothing in them is secret.
            data: for its standard input.

        Raises:
            GitError: it failed or did not end in time.
        """
        with self._started(arguments) as process:
            try:
                output, errors = process.communicate(data, self._seconds)
            except subprocess.TimeoutExpired:
                problem = f"git {arguments[0]} did not end within {self._seconds:g} s and was stopped"
                raise GitError(Failure.OTHER, problem) from None
        if process.returncode:
            raise self._error(output + b"\n" + errors)
        return output

    def lines(self, *arguments: str) -> Iterator[bytes]:
        """The parts of NUL-separated output."""
        return (part for part in self.run(*arguments).split(b"\0") if part)

    def objects(self, ids: Iterable[str]) -> Iterator[bytes | None]:
        """The contents of objects, in the order of their ids, one in memory at a time; None for one that is not here.

        Raises:
            GitError: they cannot be read.
        """
        with tempfile.TemporaryFile() as given:
            given.writelines(f"{name}\n".encode() for name in ids)
            given.seek(0)
            with self._started(("cat-file", "--batch", "--buffer"), given) as process:
                assert process.stdout is not None  # noqa: S101 - it was asked for
                while head := process.stdout.readline():
                    parts = head.split()
                    if len(parts) != 3:  # noqa: PLR2004 - id, type, size
                        yield None
                        continue
                    yield process.stdout.read(int(parts[2]))
                    process.stdout.read(1)
                _, errors = process.communicate()
            if process.returncode:
                raise self._error(errors)

    @contextmanager
    def _started(self, arguments: Sequence[str], given: IO[bytes] | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """A running git, which does not outlive the block, and neither does a transport that it started."""
        try:
            process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                ["git", *arguments],  # noqa: S607 - git from PATH
                cwd=self.directory,
                env=self._environment,
                stdin=given or subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise UserError(f"git cannot be started: {error.filename} is not there") from error
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def _error(self, words: bytes) -> GitError:
        text = words.decode(errors="replace")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = _PASSWORD_IN_URL.sub("***@", text).strip()
        failure = next((kind for kind, words in _WORDS if any(word in text for word in words)), Failure.OTHER)
        return GitError(failure, text[-_TAIL:])


def _encoded(remote: Remote) -> list[str]:
    return [value.rpartition(" ")[2] for name, value in remote.settings().items() if name.endswith("VALUE_0")]
