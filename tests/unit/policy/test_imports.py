"""Imports as regular expressions see them, and the files that they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.imports import import_graph, imports_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os", {"os"}),
        ("import a.b as c, d.e", {"a/b", "d/e"}),
        ("from shop.cart import total", {"shop/cart", "shop/cart/total"}),
        ("from shop import cart as c, user", {"shop", "shop/cart", "shop/user"}),
        ("    from shop import (\n    cart,\n    user,\n)", {"shop", "shop/cart", "shop/user"}),
        ("from shop import (# all of it\n    cart,\n)", {"shop"}),  # as far as the first comment
        ("from shop import ()", {"shop"}),
        ("from shop import *\nx = 1, y", {"shop"}),
        ("from . import cart", {"/pkg/sub", "/pkg/sub/cart"}),
        ("from .cart import total", {"/pkg/sub/cart", "/pkg/sub/cart/total"}),
        ("from ..user.name import x", {"/pkg/user/name", "/pkg/user/name/x"}),
        ("from ... import x", {"/", "/x"}),
        ("from .... import x", set()),  # outside
        ("from  import x", set()),
        ("x = 'from a import b'\nimportant = 1", set()),
    ],
)
def test_imports_of__python(text: str, expected: set[str]) -> None:
    assert imports_of("pkg/sub/mod.py", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import { a } from './cart'", {"/web/cart"}),
        ('export * from "../lib/user.ts"', {"/lib/user"}),
        ("import './style'", {"/web/style"}),
        ("const x = require( './a.js' ), y = await import('./b.mjs')", {"/web/a", "/web/b"}),
        ("import x from 'react'", set()),  # a package
        ("import x from '../../../etc'", set()),
        ("import x from './cart.service'", {"/web/cart.service"}),
        ("import x from '.'", {"/web"}),
    ],
)
@pytest.mark.parametrize("path", ["web/app.js", "web/app.tsx"])
def test_imports_of__scripts(path: str, text: str, expected: set[str]) -> None:
    assert imports_of(path, text) == expected


def test_imports_of__other_languages_are_not_read() -> None:
    assert imports_of("main.go", "import './x'") == frozenset()


@given(st.text() | st.text("from import().'\" \n\t.a,"))
def test_imports_of__takes_any_text(text: str) -> None:
    for path in ("a.py", "b/c.ts"):
        assert all(not target.startswith("//") for target in imports_of(path, text))


def test_import_graph__finds_the_files() -> None:
    graph = import_graph(
        {
            "scripts/shop/__init__.py": "",
            "scripts/shop/cart.py": "from shop.user import User\nfrom . import cart, prices",
            "scripts/shop/user.py": "import logging, os.path",
            "scripts/shop/prices.py": "from shop import cart",
            "scripts/run.py": "import shop\nimport helper.deep",
            "other/shop/user.py": "import run",
            "tests/test_cart.py": "from shop.cart import total",
            "tests/logging.py": "import conf",
            "conf.py": "",
            "web/index.ts": "import { a } from './cart'; import b from './missing'",
            "web/cart.ts": "import './../web'",
        }
    )

    assert {path: sorted(targets) for path, targets in graph.items() if targets} == {
        # The package itself counts as well: importing a part of it runs it.
        "scripts/shop/cart.py": ["scripts/shop/__init__.py", "scripts/shop/prices.py", "scripts/shop/user.py"],
        "scripts/run.py": ["scripts/shop/__init__.py"],
        "scripts/shop/prices.py": ["scripts/shop/__init__.py", "scripts/shop/cart.py"],
        "tests/test_cart.py": ["scripts/shop/cart.py"],
        "tests/logging.py": ["conf.py"],
        "web/index.ts": ["web/cart.ts"],
        "web/cart.ts": ["web/index.ts"],
    }
