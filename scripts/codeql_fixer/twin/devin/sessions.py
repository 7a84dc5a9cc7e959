"""All sessions of a twin, found by id and by tag without looking at the others."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.session import Order, Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from codeql_fixer.twin.devin.outcomes import Outcomes

PREFIX = "devin-"


class Sessions:
    """The sessions, in the order in which they were created.

    Args:
        outcomes: decides how each ends.
        seed: the same seed and the same orders, the same sessions, in whatever order they come.
    """

    def __init__(self, outcomes: Outcomes, seed: int) -> None:
        self._outcomes, self._seed = outcomes, seed
        self._all: list[Session] = []  # the one with number n is at n - 1
        self._by_id: dict[str, Session] = {}
        self._by_tag: dict[str, list[int]] = defaultdict(list)  # numbers, ascending
        self._by_prompt: dict[str, Session] = {}
        self._same: Counter[str] = Counter()  # orders that are alike, so that each gets an id of its own
        self._pull_requests: dict[str, set[int]] = defaultdict(set)

    def __iter__(self) -> Iterator[Session]:
        return iter(self._all)

    def create(self, order: Order, now: float) -> Session:
        """Start a session."""
        asked = "\n".join((*order.tags, order.prompt))
        self._same[asked] += 1
        key = f"{self._seed} {self._same[asked]} {asked}"
        session = Session(order, key=key, number=len(self._all) + 1, at=now)
        session.begin(self._outcomes.of(session))
        session.pull_request_number = self._free_number(session)
        self._all.append(session)
        self._by_id[session.id] = session
        if order.is_idempotent:
            self._by_prompt.setdefault(order.prompt, session)
        self._index(session)
        return session

    def _free_number(self, session: Session) -> int:
        """A number that no other pull request in the repository has."""
        taken = self._pull_requests[session.repository]
        number = session.luck("pull request").randint(1, 99_999)
        while number in taken:
            number += 1
        taken.add(number)
        return number

    def _index(self, session: Session) -> None:
        for tag in session.tags:
            insort(self._by_tag[tag], session.number)

    def retag(self, session: Session, tags: list[str], now: float) -> None:
        """Replace the tags of a session."""
        for tag in session.tags:
            numbers = self._by_tag[tag]
            del numbers[bisect_left(numbers, session.number)]
        session.retag(tags, now)
        self._index(session)

    def get(self, session_id: str) -> Session | None:
        """A session by its id, with or without the prefix."""
        return self._by_id.get(session_id.removeprefix(PREFIX))

    def newest_first(
        self, *, tags: Collection[str] = (), needs_all: bool = False, before: int | None = None
    ) -> Iterator[Session]:
        """Sessions that bear any of the tags, or all of them; all sessions where no tag is given.

        Args:
            tags: what they bear.
            needs_all: they have to bear all.
            before: only those with a smaller number.
        """
        numbers: list[Sequence[int]] = [self._by_tag.get(tag, ()) for tag in tags] or [range(1, len(self._all) + 1)]
        if needs_all:
            numbers = [min(numbers, key=len)]
        last = 0
        for number in heapq.merge(*(_descending(some, before) for some in numbers), reverse=True):
            session = self._all[number - 1]
            if number != last and not (needs_all and set(tags).difference(session.tags)):
                yield session
            last = number

    def with_ids(self, names: Collection[str]) -> list[Session]:
        """The sessions with these ids, newest first, each once."""
        found = {session.number: session for name in names if (session := self.get(name))}
        return [found[number] for number in sorted(found, reverse=True)]

    def by_tag(self) -> dict[str, int]:
        """How many sessions bear each tag."""
        return {tag: len(numbers) for tag, numbers in self._by_tag.items() if numbers}

    def idempotent(self, prompt: str) -> Session | None:
        """The session that was ordered with `idempotent` and this prompt."""
        return self._by_prompt.get(prompt)


def _descending(numbers: Sequence[int], before: int | None) -> Iterator[int]:
    """Those of some ascending numbers that are smaller than another, largest first."""
    end = len(numbers) if before is None else bisect_left(numbers, before)
    return (numbers[place] for place in range(end - 1, -1, -1))
