"""What a run wants beside the registry: it takes from limits and adds to none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.policy.wishes import RunWishes, as_wished

LABELS = frozenset({"agent:codemodder", "complexity:simple", "pci"})
REGISTRY = Registry(
    others=RepositoryEntry(labels=LABELS),
    repositories={"acme/shop": RepositoryEntry(repository="acme/shop", labels=LABELS)},
)
NAMES = ("acme/shop", "acme/nobody-listed-it")


def test_as_wished__no_wish_changes_nothing() -> None:
    assert as_wished(REGISTRY, RunWishes()) == REGISTRY


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("of_entry", "of_run", "cap"), [(None, None, None), (7, None, 7), (None, 5, 5), (7, 5, 5)])
def test_as_wished__the_smaller_limit_of_a_session_counts(
    *, name: str, of_entry: int | None, of_run: int | None, cap: int | None
) -> None:
    entry = REGISTRY.entry(name)
    entry = replace(entry, routing=replace(entry.routing, max_acu=of_entry))
    registry = Registry(others=entry, repositories={"acme/shop": entry})

    assert as_wished(registry, RunWishes(max_acu_per_session=of_run)).entry(name).routing.max_acu == cap


@pytest.mark.parametrize(("of_entry", "retries", "most"), [(None, 2, 3), (9, 2, 3), (2, 2, 2), (9, None, 9)])
def test_as_wished__the_smaller_number_of_attempts_counts(
    of_entry: int | None, retries: int | None, most: int | None
) -> None:
    registry = Registry(others=RepositoryEntry(max_attempts=of_entry))

    assert as_wished(registry, RunWishes(max_retry_attempts=retries)).others.max_attempts == most


@pytest.mark.parametrize("name", NAMES)
def test_as_wished__the_agent_that_the_user_names_is_the_only_one(name: str) -> None:
    labels = as_wished(REGISTRY, RunWishes(agent="devin")).entry(name).labels

    assert labels == {"agent:devin", "complexity:simple", "pci"}
