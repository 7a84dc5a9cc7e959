"""What a local forge remembers of what is said: one JSON file for each pull request, issue and commit with checks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.adapters.forge.pull_records import write_whole
from codeql_fixer.domain.pull_request import Check, CheckReport, Review
from codeql_fixer.errors import InputError
from codeql_fixer.transport.message_types import ready

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_FOLDER = "codeql-fixer-talk"
_US = "codeql-fixer"


class Comment(Struct, frozen=True, kw_only=True):
    """What somebody said. Only ours have a `marker`: anybody can write one into a body."""

    author: str
    body: str
    marker: str = ""


class Thread(Struct, frozen=True, kw_only=True):
    """What pull requests and issues have alike: comments, oldest first, and labels."""

    said: tuple[Comment, ...] = ()
    labels: tuple[str, ...] = ()


class Talk(Thread, frozen=True, kw_only=True):
    """What was said at a pull request, oldest first. `at` is when somebody last said something.

    `comments` are ours by marker as they were kept before others could comment; who reads a record gets them as `said`.
    """

    at: datetime | None = None
    reviews: tuple[Review, ...] = ()
    comments: dict[str, str] = {}


class CommitChecks(Struct, frozen=True, kw_only=True):
    """The checks of a commit by name; `reports` are our own."""

    checks: dict[str, Check] = {}
    reports: dict[str, CheckReport] = {}


class IssueRecord(Thread, frozen=True, kw_only=True):
    """An issue that we opened, and what was said there."""

    number: int
    marker: str
    title: str
    body: str
    is_open: bool = True


def said_by_us(said: tuple[Comment, ...], marker: str, body: str) -> tuple[Comment, ...]:
    """What was said, with these words of ours: in the place of those with the same marker, else at the end."""
    ours = Comment(author=_US, body=body, marker=marker)
    if not any(comment.marker == marker for comment in said):
        return (*said, ours)
    return tuple(ours if comment.marker == marker else comment for comment in said)


def relabelled(labels: Collection[str], add: Collection[str], remove: Collection[str] = ()) -> tuple[str, ...]:
    """Labels with others put on and taken off; names differ by more than their case, and the older spelling stays."""
    known = {name.lower(): name for name in (*add, *labels)}
    gone = {name.lower() for name in remove}
    return tuple(sorted(name for low, name in known.items() if low not in gone))


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
        talk = self._read(f"pull-{number}", Talk) or Talk()
        old = tuple(Comment(author=_US, body=body, marker=marker) for marker, body in talk.comments.items())
        return replace(talk, said=(*old, *talk.said), comments={})

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
        return [found for number in numbers if (found := self.issue(number)) is not None]

    def issue(self, number: int) -> IssueRecord | None:
        """One issue, None where there is none."""
        return self._read(f"issue-{number}", IssueRecord)

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
