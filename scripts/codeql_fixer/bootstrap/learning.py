"""Wires what learns from sessions that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.prompts.notes import note_of
from codeql_fixer.app.learn import ExampleCollector, NoteKeeper
from codeql_fixer.domain.learning import Sharing

if TYPE_CHECKING:
    from collections.abc import Callable

    from codeql_fixer.app.author import Author
    from codeql_fixer.app.dispatch import Watcher
    from codeql_fixer.app.keep import Recorder
    from codeql_fixer.ports.index import Index
    from codeql_fixer.ports.knowledge import Knowledge
    from codeql_fixer.ports.pull_requests import PullRequests


def learners(
    places: tuple[Index, Recorder, Author],
    *,
    sharing: Sharing,
    pulls: PullRequests | None,
    knowledge: Knowledge | None,
    tell: Callable[[str], None],
) -> tuple[Watcher, ...]:
    """Who writes examples and notes; nobody where the operator does not want that, or nothing can be read.

    Args:
        places: where they read and write, and as whom.
        sharing: whose sessions see examples.
        pulls: has the changes of pull requests.
        knowledge: has an agent's notes, None where they are not enabled.
        tell: hears, for people, what did not work.
    """
    index, recorder, author = places
    if sharing is Sharing.OFF:
        return ()
    found: list[Watcher] = []
    if pulls is not None:
        found.append(ExampleCollector(index=index, pulls=pulls, recorder=recorder, author=author, tell=tell))
    if knowledge is not None:
        found.append(NoteKeeper(index=index, knowledge=knowledge, note_of=note_of, tell=tell))
    return tuple(found)
