"""What an organization keeps beside its sessions: playbooks, knowledge notes, secrets (without their values), files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

from codeql_fixer.twin.devin.problems import invalid
from codeql_fixer.twin.wire import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

FOLDER_NAME = "Security"  # the one folder there is: the API has no call that makes one
_MACRO = re.compile(r"![A-Za-z0-9_-]+")


class Entry(Struct, frozen=True, kw_only=True):
    """Something with an id; `number` counts those of its kind from 1, `created_at` is in seconds since 1970."""

    id: str
    number: int
    created_at: float
    updated_at: float


class Playbook(Entry, frozen=True, kw_only=True):
    """Instructions for one kind of task."""

    title: str
    body: str
    macro: str | None = None
    output_schema: dict[str, Any] | None = None


class Note(Entry, frozen=True, kw_only=True):
    """A piece of knowledge. `pinned_repo` is null, "all" or owner/name."""

    name: str
    body: str
    trigger: str
    folder_id: str | None = None
    is_enabled: bool = True
    pinned_repo: str | None = None


class Secret(Entry, frozen=True, kw_only=True):
    """A secret of the organization; nobody reads its value, so the twin does not keep it."""

    key: str
    kind: str
    note: str | None = None
    is_sensitive: bool = True


class Attachment(Entry, frozen=True, kw_only=True):
    """A file that was uploaded."""

    name: str
    content: bytes
    media_type: str


E = TypeVar("E", bound=Entry)


class Shelf(Generic[E]):
    """The entries of one kind, in the order in which they were added.

    Args:
        prefix: of their ids.
        draw_id: makes 32 hexadecimal digits from words, the same for the same words.
    """

    def __init__(self, prefix: str, draw_id: Callable[[str], str]) -> None:
        self._prefix, self._draw_id = prefix, draw_id
        self._entries: dict[str, E] = {}
        self._count = 0

    def __iter__(self) -> Iterator[E]:
        return iter(self._entries.values())

    def next(self, now: float) -> Mapping[str, Any]:
        """The members of `Entry` for one that is made now."""
        self._count += 1
        name = self._prefix + self._draw_id(f"{self._prefix} {self._count}")
        return {"id": name, "number": self._count, "created_at": now, "updated_at": now}

    def put(self, entry: E) -> E:
        """Add an entry, or replace the one with its id."""
        self._entries[entry.id] = entry
        return entry

    def get(self, name: str) -> E | None:
        """The entry with an id."""
        return self._entries.get(name)

    def remove(self, entry: E) -> None:
        """Take an entry away."""
        del self._entries[entry.id]


def check_macro(macro: str, others: Iterable[Playbook]) -> None:
    """Refuse a macro that no playbook can have.

    Raises:
        Problem: 422 for its form, 409 (not documented) when another playbook has it.
    """
    if not _MACRO.fullmatch(macro):
        message = "Macro must start with '!' followed by letters, digits, underscores or hyphens"
        raise invalid(message, "body", "macro")
    if any(one.macro == macro for one in others):
        raise Problem(409, "Macro is used by another playbook")
