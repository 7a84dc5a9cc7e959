"""Ledger on a branch of a git repository: retries by time, loses nothing, and tells what it could not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from msgspec import structs
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from codeql_fixer.adapters.ledger.codec import pack
from codeql_fixer.adapters.ledger.files import files_of
from codeql_fixer.adapters.ledger.git_command import Failure, Git, GitError, Scratch
from codeql_fixer.adapters.ledger.git_reader import GitReader
from codeql_fixer.adapters.ledger.git_writer import GitWriter
from codeql_fixer.errors import LedgerNotWrittenError, UpstreamError
from codeql_fixer.policy.ledger_paths import PAUSE_PATH, path_of
from codeql_fixer.ports.ledger import Conflict, Landed, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from codeql_fixer.adapters.ledger.git_command import Remote
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Changes, Damaged, Entry

DEFAULT_SECONDS = 120.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.1, 10.0
_ADVICE = {
    Failure.DENIED: "check the token (GITHUB_TOKEN): it has to be able to write contents of that repository",
    Failure.MISSING: "check --ledger or --control-repo, and that the token may see that repository",
    Failure.REFUSED: "let the ledger's branch, or refs below refs/cqf/, be written without review",
    Failure.DISK: "make room on this machine",
    Failure.RACE: "try again",
    Failure.OTHER: "try again later",
}
# A refusal may be a rule, or a server that is not itself today: its words are the same.
_TRANSIENT = frozenset({Failure.OTHER, Failure.RACE, Failure.REFUSED})
_T = TypeVar("_T")


def _ignore(text: str) -> None:
    del text


class GitLedger:
    """Ledger of one branch.

    Args:
        remote: the repository.
        branch: made without a parent when it is not there.
        environment: where PATH, HOME and the like come from.
        mirror: a directory for a copy to read from, which makes the next reading cheap; None to keep none.
        seconds: how long to try, all in all; one command of git gets as long at most.
        tell: hears, for people, what failed and is tried again.
    """

    def __init__(
        self,
        remote: Remote,
        branch: str,
        *,
        environment: Mapping[str, str],
        mirror: Path | None = None,
        seconds: float = DEFAULT_SECONDS,
        tell: Callable[[str], None] = _ignore,
    ) -> None:
        self._seconds, self._tell = seconds, tell
        scratch = Scratch()
        writing = Git(scratch.path / "write.git", remote, environment, seconds=seconds, scratch=scratch)
        reading = Git(mirror or scratch.path / "read.git", remote, environment, seconds=seconds, scratch=scratch)
        self._writer, self._reader = GitWriter(writing, remote, branch), GitReader(reading, remote, branch)

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        """Add records; see the port. Without records it only folds what waits in the inbox."""
        files = files_of(records)
        date = _date_of(records)
        if expected_tip is None:
            return self._writing("written", lambda: self._writer.put(self._writer.heads(), files, date=date))
        # Two processes with the same claim must not make the same commit: each would think that it had won.
        claim = uuid4().hex

        def attempt() -> Landed | Conflict:
            heads = self._writer.heads()
            if heads.tip == expected_tip:
                return self._writer.put(heads, files, date=date, claim=claim)
            if self._writer.has_landed(heads, claim, since=expected_tip):
                return Landed(heads.tip)  # the push before succeeded, and its answer was lost
            return Conflict(heads.tip, self._records_since(expected_tip))

        return self._writing("written", attempt)

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """What was added since a state, and what waits in the inbox."""
        changes = self._reading(lambda: self._reader.changes(self._reader.heads(), tip, waiting))
        return structs.replace(changes, entries=_walked(changes.entries))

    def read_under(self, prefix: str) -> Iterator[Entry]:
        """Everything below a folder."""
        return _walked(self._reading(lambda: self._reader.under(self._reader.heads(), prefix)))

    def read_at(self, tip: str) -> Iterator[Entry]:
        """Everything that the branch held in a state."""
        return _walked(self._reading(lambda: self._reader.at(self._reader.heads(), tip)))

    def pause(self) -> str | None:
        """What a person wrote into the file that holds the fleet."""
        return self._reading(lambda: self._reader.text(self._reader.heads(), PAUSE_PATH))

    def audit(self) -> Iterator[Damaged]:
        """Everything that is not as it should be."""
        return _walked(self._reading(lambda: self._reader.audit(self._reader.heads())))

    def compact(self, packs: Mapping[str, Sequence[AnyRecord]], *, expected_tip: str) -> Landed | Conflict:
        """Move records into packs; see the port."""
        files = {path: pack(records) for path, records in packs.items()}
        packed = [record for records in packs.values() for record in records]
        paths, date = sorted(map(path_of, packed)), _date_of(packed)

        def attempt() -> Landed | Conflict:
            heads = self._writer.heads()
            if heads.tip != expected_tip:
                return Conflict(heads.tip, ())
            return self._writer.replace(heads, files, paths, date=date)

        return self._writing("compacted", attempt)

    def _records_since(self, tip: str) -> tuple[AnyRecord, ...]:
        changes = self._reader.changes(self._reader.heads(), tip)
        return tuple(entry.record for entry in changes.entries if isinstance(entry, Stored))

    def _writing(self, done: str, attempt: Callable[[], _T]) -> _T:
        try:
            return self._persistently(attempt, _TRANSIENT)
        except (GitError, OSError) as error:
            raise LedgerNotWrittenError(f"the ledger could not be {done}: {_told(error)}") from error

    def _reading(self, read: Callable[[], _T]) -> _T:
        try:
            return self._persistently(read, frozenset({Failure.OTHER}))
        except (GitError, OSError) as error:
            raise UpstreamError(f"the ledger could not be read: {_told(error)}") from error

    def _persistently(self, call: Callable[[], _T], worth_a_try: frozenset[Failure]) -> _T:
        """Full jitter, so that many writers that failed together do not come back together."""
        return Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, GitError) and error.failure in worth_a_try),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
            stop=stop_after_delay(self._seconds),
            before_sleep=self._tell_retry,
            reraise=True,
        )(call)

    def _tell_retry(self, state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, GitError) and failure.failure is not Failure.RACE:
            self._tell(f"the ledger: {failure}; trying again for up to {self._seconds:g} s")


def _date_of(records: Sequence[AnyRecord]) -> int:
    """Seconds since 1970 of the newest record: what is done twice makes the same commit, so it lands once."""
    return max((int(record.recorded_at.timestamp()) for record in records), default=0)


def _walked(entries: Iterator[_T]) -> Iterator[_T]:
    """The same entries; what goes wrong on the way is told as errors of the product."""
    try:
        yield from entries
    except (GitError, OSError) as error:
        raise UpstreamError(f"the ledger could not be read: {_told(error)}") from error


def _told(error: GitError | OSError) -> str:
    if isinstance(error, GitError):
        return f"{error}\n{_ADVICE[error.failure]}"
    return f"{error.filename or 'a file'}: {error.strerror or error}"
