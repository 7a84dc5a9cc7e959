"""Names that a fix may have lost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codeql_fixer.adapters.local_agent.python_names import broken_names

ROOT = Path(__file__).parents[4]

BEFORE = b"""
def total(database, cart):
    prices = dict(database.execute("SELECT 1"))
    return sum(prices[sku] * count for sku, count in cart.items())
"""


def test_broken_names__sees_a_variable_that_was_taken_away() -> None:
    """What codemodder 6.5.5 does to this very function when it parameterizes a query elsewhere in the file."""
    after = BEFORE.replace(b'    prices = dict(database.execute("SELECT 1"))\n', b"")

    assert broken_names(BEFORE, after) == "uses prices, which nothing defines"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"import random\nx = random.random()\n", b"import secrets\nx = random.random()\n"),
        (b"from a import b\nclass C(b):\n    pass\n", b"class C(b):\n    pass\n"),
        (b"import re\ndef f():\n    return [re for _ in ()]\n", b"def f():\n    return [re for _ in ()]\n"),
        (b"def f():\n    x = 1\n    def g():\n        return x\n", b"def f():\n    def g():\n        return x\n"),
        (None, b"print(lost)\n"),
    ],
)
def test_broken_names__sees_uses_without_a_definition(before: bytes | None, after: bytes) -> None:
    assert "which nothing defines" in broken_names(before, after)


@pytest.mark.parametrize(
    "source",
    [
        b"",
        BEFORE,
        b"from os import *\nprint(path)\n",
        b"def f():\n    global made\n    made = 1\nprint(made)\n",
        b"class A:\n    x = 1\n    y = x\n    def f(self):\n        return super().f() + __class__.x\n",
        b"try:\n    import json\nexcept ImportError as error:\n    print(error)\n    json = None\n",
        b"def f(x):\n    match x:\n        case {'a': y, **rest}:\n            return y, rest\n",
        b"print((n := 3), n, __file__, __name__, __builtins__)\n",
        b"def f(): return later()\ndef later(): return [x for x in range(3) if (y := x)]\n",
        b"def outer():\n    a = 1\n    def inner():\n        nonlocal a\n        a += 1\n    return inner\n",
        b"import a.b.c as d, e.f\nd, e\n",
        b"for i in (): pass\nelse: print(i)\nwith open('x') as h: h\ndel h\n",
        "# -*- coding: latin-1 -*-\nname = '\xe9'\nprint(name)\n".encode("latin-1"),
    ],
)
def test_broken_names__leaves_sound_files_alone(source: bytes) -> None:
    assert broken_names(None, source) == ""
    assert broken_names(source, source) == ""


def test_broken_names__does_not_blame_a_fix_for_what_was_broken_before() -> None:
    assert broken_names(b"print(lost)\n", b"print(lost, 1)\n") == ""
    assert broken_names(b"def f(:\n", b"def f(: \n") == ""
    assert broken_names(b"\x00", b"\x00\x00") == ""


@pytest.mark.parametrize("after", [b"def f(:\n", b"\x00", b"# coding: nothing\n"])
def test_broken_names__sees_a_file_that_is_no_python_any_more(after: bytes) -> None:
    assert broken_names(b"x = 1\n", after).startswith("is no valid Python any more")


def test_broken_names__finds_nothing_in_our_own_code() -> None:
    files = [
        *ROOT.glob("scripts/**/*.py"),
        *ROOT.glob("examples/**/*.py"),
        Path(pytest.__file__),
        Path(sys.modules["ast"].__file__ or ""),
    ]
    assert len(files) > 100

    assert {str(file): problem for file in files if (problem := broken_names(None, file.read_bytes()))} == {}
