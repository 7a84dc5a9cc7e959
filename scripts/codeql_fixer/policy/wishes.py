"""What one run wants beside the registry: it names an agent, and takes from limits; it adds to none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.route import AGENT_LABEL

if TYPE_CHECKING:
    from codeql_fixer.domain.registry import Registry, RepositoryEntry


class RunWishes(Struct, frozen=True, kw_only=True):
    """Wishes of a run: who fixes, whatever rules say, and the most of one session and for one issue.

    "" and None are for no wish. `max_retry_attempts` are sessions after the first.
    """

    agent: str = ""
    max_acu_per_session: int | None = None
    max_retry_attempts: int | None = None


def as_wished(registry: Registry, wishes: RunWishes) -> Registry:
    """The registry, with what the run wants in every entry: of two limits the smaller one counts."""
    return replace(
        registry,
        others=_entry(registry.others, wishes),
        repositories={name: _entry(entry, wishes) for name, entry in registry.repositories.items()},
    )


def _entry(entry: RepositoryEntry, wishes: RunWishes) -> RepositoryEntry:
    attempts = None if wishes.max_retry_attempts is None else 1 + wishes.max_retry_attempts
    return replace(
        entry,
        labels=_labels(entry, wishes.agent),
        max_attempts=_smaller(entry.max_attempts, attempts),
        routing=replace(entry.routing, max_acu=_smaller(entry.routing.max_acu, wishes.max_acu_per_session)),
    )


def _labels(entry: RepositoryEntry, agent: str) -> frozenset[str]:
    """An agent that the user names is a label, too, and the only one of its kind."""
    if not agent:
        return entry.labels
    return frozenset(label for label in entry.labels if not label.startswith(AGENT_LABEL)) | {f"{AGENT_LABEL}{agent}"}


def _smaller(one: int | None, other: int | None) -> int | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)
