"""A registry with a patch on top."""

from __future__ import annotations

import json

import pytest

from codeql_fixer.adapters.registry.patch import read_patched
from codeql_fixer.adapters.registry.reader import parse_registry
from codeql_fixer.errors import ConfigError, InputError

BASE = json.dumps(
    {
        "version": "2.0",
        "orchestrator": {"global_session_limit": 5, "max_parallel_sessions": 2},
        "defaults": {"batch_size": 3},
        "repos": [{"repo": "acme/shop"}, {"repo": "acme/api"}],
    }
)


def test_patch__says_only_what_is_different() -> None:
    patch = {"orchestrator": {"global_session_limit": 9}, "defaults": {"batch_size": None}}

    registry, warnings = read_patched(BASE, json.dumps(patch), name="more.json")

    assert (registry.global_session_limit, registry.max_parallel_sessions) == (9, 2)
    assert registry.entry("acme/shop").batch_size == 5
    assert warnings == ()


def test_patch__a_list_takes_the_place_of_the_whole_list() -> None:
    registry, _ = read_patched(BASE, '{"repos": [{"repo": "acme/web"}]}', name="p")

    assert [*registry.repositories] == ["acme/web"]


@pytest.mark.parametrize("patch", ["{}", BASE])
def test_patch__nothing_and_the_registry_itself_change_nothing(patch: str) -> None:
    assert read_patched(BASE, patch, name="p")[0] == parse_registry(BASE, "r")[0]


def test_patch__faults_name_both_and_the_key() -> None:
    with pytest.raises(ConfigError, match=r"p\.json on top of the registry: line \d+: defaults\.batch_size: "):
        read_patched(BASE, '{"defaults": {"batch_size": "many"}}', name="p.json")


@pytest.mark.parametrize("patch", ["[]", "3", "null", "{"])
def test_patch__has_to_be_an_object(patch: str) -> None:
    with pytest.raises(InputError, match=r"p\.json"):
        read_patched(BASE, patch, name="p.json")
