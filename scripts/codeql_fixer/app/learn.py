"""Learns from fixes that were proved: their changes become examples on the ledger, and notes for agents that keep some.

Nothing is learned from what an agent says: only a scan, or a verification of the pull request, makes an example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.fix_example import KnownExample
from codeql_fixer.errors import CodeqlFixerError, PlaceTakenError, RateLimitedError
from codeql_fixer.policy.examples import OF_A_RULE, shown_diff
from codeql_fixer.policy.fix_rates import MEMORY
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.knowledge import Knowledge, Note
from codeql_fixer.ports.pull_requests import PullRequests

if TYPE_CHECKING:
    from codeql_fixer.domain.fix_example import FixExample, ProvedFix

_AT_ONCE = 20  # changes that are asked for in one run; the next one goes on
_MOST_NOTES = 50
_MOST_PROBLEM = 300


class ExampleCollector(Struct, frozen=True, kw_only=True):
    """Writes examples.

    Args:
        index: knows which fixes are proved, and which of those are examples.
        pulls: has their changes.
        recorder: puts examples on the ledger, or keeps them.
        author: of the records.
        tell: hears, for people, what could not be read.
    """

    index: Index
    pulls: PullRequests
    recorder: Recorder
    author: Author
    tell: Callable[[str], None]

    def observe(self) -> int:
        """Record what is proved and no example yet; returns how many those are. The newest come first.

        Raises:
            LedgerNotWrittenError: the records are kept.
        """
        since = self.author.clock() - MEMORY
        found: list[FixExample] = []
        for fix in self.index.proved_fixes(since, most=_AT_ONCE, of_a_rule=OF_A_RULE):
            try:
                diff = self.pulls.diff(fix.pull_repository, fix.pull_request)
            except RateLimitedError as error:
                self._tell(fix, error)
                break
            except CodeqlFixerError as error:  # one that cannot be read is no other one's trouble
                self._tell(fix, error)
                continue
            found.append(self.author.fix_example(fix, shown_diff(diff, fix)))
        return self._record(found)

    def _record(self, found: list[FixExample]) -> int:
        """Put them on the ledger; one that another run has put there in the meantime is there."""
        if not found:
            return 0
        try:
            self.recorder.record(found)
        except PlaceTakenError:
            return 0 if len(found) == 1 else sum(self._record([one]) for one in found)
        return len(found)

    def _tell(self, fix: ProvedFix, error: CodeqlFixerError) -> None:
        place = f"{fix.pull_repository}#{fix.pull_request}"
        self.tell(f"warning: what {place} changed could not be read: {one_line(str(error), _MOST_PROBLEM)}")


class NoteKeeper(Struct, frozen=True, kw_only=True):
    """Keeps an agent's notes in step with the examples: a fix that came undone is a note no more.

    Args:
        index: knows the examples.
        knowledge: has the notes.
        note_of: puts an example into words.
        tell: hears, for people, what did not work; nothing else depends on notes.
    """

    index: Index
    knowledge: Knowledge
    note_of: Callable[[KnownExample], Note]
    tell: Callable[[str], None]

    def observe(self) -> int:
        """Bring them up to date; returns how many there are."""
        notes = self._notes(self.index.examples(rule_id="", family="", owner="", repository="", most=_MOST_NOTES))
        undone = self._notes(self.index.undone_examples(most=_MOST_NOTES))
        if not notes and not undone:
            return 0
        stale = undone.keys() - notes.keys()
        try:
            return self.knowledge.sync_notes([*notes.values()], stale=stale, most=_MOST_NOTES)
        except CodeqlFixerError as error:
            self.tell(f"warning: notes could not be kept: {one_line(str(error), _MOST_PROBLEM)}")
            return 0

    def _notes(self, examples: list[KnownExample]) -> dict[str, Note]:
        """By name, the newest of each name."""
        found: dict[str, Note] = {}
        for example in examples:
            note = self.note_of(example)
            found.setdefault(note.name, note)
        return found
