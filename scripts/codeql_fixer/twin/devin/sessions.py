"""All sessions of a twin, found by id and by tag without looking at the others."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.session import Order, Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

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
        self._all: list[Session] = []
        self._by_id: dict[str, Session] = {}
        self._by_tag: dict[str, dict[int, Session]] = defaultdict(dict)
        self._by_prompt: dict[str, Session] = {}
        self._same: Counter[str] = Counter()  # orders that are alike, so that each gets an id of its own
        self._pull_requests: dict[str, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._all)

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
            self._by_tag[tag][session.number] = session

    def retag(self, session: Session, tags: list[str], now: float) -> None:
        """Replace the tags of a session."""
        for tag in session.tags:
            self._by_tag[tag].pop(session.number, None)
        session.retag(tags, now)
        self._index(session)

    def get(self, session_id: str) -> Session | None:
        """A session by its id, with or without the prefix."""
        return self._by_id.get(session_id.removeprefix(PREFIX))

    def find(self, *, tags: Collection[str] = (), needs_all: bool = False, ids: Collection[str] = ()) -> list[Session]:
        """Sessions by tags (any of them, or all) and ids, newest first; all of them where neither is given."""
        if ids:
            found = {session.number: session for name in ids if (session := self.get(name))}
            return self._newest_first(
                one for one in found.values() if not tags or _bears(one, tags, needs_all=needs_all)
            )
        if not tags:
            return self._all[::-1]
        sets = [self._by_tag.get(tag, {}) for tag in tags]
        if needs_all:
            smallest = min(sets, key=len)
            return self._newest_first(one for number, one in smallest.items() if all(number in other for other in sets))
        return self._newest_first({number: one for some in sets for number, one in some.items()}.values())

    def _newest_first(self, sessions: Iterable[Session]) -> list[Session]:
        return sorted(sessions, key=lambda one: one.number, reverse=True)

    def oldest_first(self) -> Iterator[Session]:
        """All sessions."""
        return iter(self._all)

    def by_tag(self) -> dict[str, int]:
        """How many sessions bear each tag."""
        return {tag: len(sessions) for tag, sessions in self._by_tag.items() if sessions}

    def idempotent(self, prompt: str) -> Session | None:
        """The session that was ordered with `idempotent` and this prompt."""
        return self._by_prompt.get(prompt)


def _bears(session: Session, tags: Collection[str], *, needs_all: bool) -> bool:
    return (all if needs_all else any)(tag in session.tags for tag in tags)


def page_of(numbers: list[int], before: int) -> int:
    """Where in a list of numbers, newest first, those before a number begin."""
    return bisect_left(numbers, -before, key=lambda number: -number)
