"""What a local forge remembers of what is said: one JSON file for each pull request, issue and commit with checks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.forge.pull_records import write_whole
from codeql_fixer.domain.pull_request import Check, Review
from codeql_fixer.errors import InputError
from codeql_fixer.transport.message_types import ready

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "codeql-fixer-talk"


class Talk(Struct, frozen=True, kw_only=True):
    """What was said at a pull request; `comments` are ours, by marker. `at` is when somebody last said something."""

    at: datetime | None = None
    reviews: tuple[Review, ...] = ()
    comments: dict[str, str] = {}
    labels: tuple[str, ...] = ()


class CommitChecks(Struct, frozen=True, kw_only=True):
    """The checks of a commit by name; `ours` are those that we reported."""

    checks: dict[str, Check] = {}
    ours: dict[str, Check] = {}


class IssueRecord(Struct, frozen=True, kw_only=True):
    """An issue that we opened."""

    number: int
    marker: str
    title: str
    body: str
    labels: tuple[str, ...] = ()


_Kept = TypeVar("_Kept", Talk, CommitChecks, IssueRecord)


class TalkRecords:
    """The records of one repository; whoever changes one holds the lock of its pull requests.

    Args:
        repository: the bare repository, which is there.
    """

    def __init__(self, repository: Path) -> None:
        self._folder = repository / _FOLDER

    def talk(self, number: int) -> Talk:
        """What was said at a pull request."""
        return self._read(f"pull-{number}", Talk) or Talk()

    def put_talk(self, number: int, talk: Talk) -> None:
        """Keep it."""
        self._write(f"pull-{number}", talk)

    def checks(self, commit: str) -> CommitChecks:
        """The checks of a commit."""
        return self._read(f"checks-{commit}", CommitChecks) or CommitChecks()

    def put_checks(self, commit: str, checks: CommitChecks) -> None:
        """Keep them."""
        self._write(f"checks-{commit}", checks)

    def issues(self) -> list[IssueRecord]:
        """All issues, oldest first."""
        numbers = sorted(int(path.stem.partition("-")[2]) for path in self._folder.glob("issue-*.json"))
        return [found for number in numbers if (found := self._read(f"issue-{number}", IssueRecord)) is not None]

    def put_issue(self, issue: IssueRecord) -> None:
        """Keep one."""
        self._write(f"issue-{issue.number}", issue)

    def _read(self, name: str, kind: type[_Kept]) -> _Kept | None:
        path = self._folder / f"{name}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=ready(kind))
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise InputError(str(path), "", f"is no record of what was said: {error}") from error

    def _write(self, name: str, record: Talk | CommitChecks | IssueRecord) -> None:
        self._folder.mkdir(exist_ok=True)
        write_whole(self._folder / f"{name}.json", record)
