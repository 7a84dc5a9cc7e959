"""One identity per repository, under whatever name it arrives, and what holds for those that nobody listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.domain.registry import Registry, slug_of
from tests.unit.adapters.registry.files import read, registry_of

if TYPE_CHECKING:
    from pathlib import Path

FLEET = registry_of(
    {
        "repos": [
            {"repo": "Acme/Shop", "aliases": ["forks/shop", "https://github.com/acme/Old-Shop.git"]},
            {"repo": "https://github.example/acme/api"},
        ]
    }
)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Acme/Shop", "Acme/Shop"),
        ("acme/shop", "Acme/Shop"),
        ("ACME/SHOP/", "Acme/Shop"),
        ("acme/shop.git", "Acme/Shop"),
        ("https://github.com/acme/shop", "Acme/Shop"),
        ("HTTPS://GitHub.com/Acme/SHOP.GIT//", "Acme/Shop"),
        ("http://github.example:8080/acme/shop.git/", "Acme/Shop"),
        ("git@github.com:acme/shop.git", "Acme/Shop"),
        ("ssh://git@github.com/acme/shop.git", "Acme/Shop"),
        ("ssh://git@ssh.github.com:443/acme/shop", "Acme/Shop"),
        ("git://github.com/acme/shop.git", "Acme/Shop"),
        ("forks/shop", "Acme/Shop"),  # a fork
        ("https://github.com/Forks/Shop", "Acme/Shop"),
        ("acme/old-shop", "Acme/Shop"),  # an earlier name
        ("git@github.com:ACME/old-shop.git", "Acme/Shop"),
        ("ACME/API", "acme/api"),
        # What nobody listed stays as it is, as owner/name where it is an address.
        ("Other/Thing", "Other/Thing"),
        ("https://github.com/Other/Thing.git", "Other/Thing"),
        ("forks/api", "forks/api"),
        # What is no repository stays as it is.
        ("", ""),
        ("shop", "shop"),
        ("https://me:secret@github.com/acme/shop", "https://me:secret@github.com/acme/shop"),
        ("ssh://root@github.com/acme/shop", "ssh://root@github.com/acme/shop"),
        ("https://github.com/acme/shop/pulls", "https://github.com/acme/shop/pulls"),
    ],
)
def test_canonical__is_one_name_for_all_names(name: str, canonical: str) -> None:
    assert FLEET.canonical(name) == canonical
    assert FLEET.canonical(canonical) == canonical
    assert FLEET.entry(name).repository == canonical
    assert FLEET.entry(name).is_listed is (canonical in {"Acme/Shop", "acme/api"})


def test_registry__knows_the_aliases_of_a_repository() -> None:
    assert FLEET.entry("acme/shop").aliases == ("forks/shop", "acme/old-shop")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("acme/shop", "acme/shop"),
        ("Acme/Shop", "acme/SHOP"),
        ("https://github.com/acme/shop", "acme/shop"),
        ("https://github.example/acme/shop.git/", "ACME/shop"),
        ("git@github.com:acme/shop.git", "https://github.com/Acme/Shop"),
    ],
)
def test_entry__knows_a_repository_by_any_of_its_names(tmp_path: Path, *, name: str, asked: str) -> None:
    registry, _ = read(tmp_path, {"repos": [{"repo": name, "importance_score": 1}]})

    assert registry.entry(asked).importance == 1
    assert registry.entry(asked).is_listed


@pytest.mark.parametrize(
    ("settings", "listed", "is_automatic"),
    [
        ({}, True, True),
        ({"auto_dispatch": False, "auto_scan": False}, True, False),
        ({"enabled": False}, True, False),
        ({"enabled": False, "auto_dispatch": True, "auto_scan": True}, True, False),
        ({}, False, False),
    ],
)
def test_entry__starts_nothing_by_itself_where_nobody_wants_it(
    tmp_path: Path, *, settings: dict[str, Any], listed: bool, is_automatic: bool
) -> None:
    registry, _ = read(tmp_path, {"repos": [{"repo": "acme/shop", **settings}]})

    entry = registry.entry("acme/shop" if listed else "acme/other")

    assert entry.auto_dispatch is is_automatic
    assert entry.auto_scan is is_automatic
    assert entry.is_listed is listed


@pytest.mark.parametrize("name", ["", "acme", "a/b/c", "a b/c", "../b", "a/..", "a/.git", "https://u:p@github.com/a/b"])
def test_slug_of__is_empty_for_what_is_no_repository(name: str) -> None:
    assert slug_of(name) == ""
    assert Registry().entry(name).repository == name


def test_registry__tells_the_further_names_of_repositories() -> None:
    assert FLEET.other_names == {"forks/shop": "acme/shop", "acme/old-shop": "acme/shop"}
