"""The table of codemods, and when one of them is left out."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.local_agent.codemod_doubts import doubt_about
from codeql_fixer.adapters.local_agent.codemods import (
    SQL_PARAMETERS,
    TEMPORARY_FILE,
    codemod_for,
    needs_semgrep,
    rules_with_codemods,
)


@pytest.mark.parametrize(
    ("rule_id", "codemod"),
    [
        ("B311", "pixee:python/secure-random"),
        ("py/sql-injection", SQL_PARAMETERS),
        ("python-insecure-temp-file", TEMPORARY_FILE),
        ("B602", None),  # its codemod breaks commands that are one string
        ("B301", None),  # its codemod brings a dependency
        ("js/sql-injection", None),
        ("", None),
    ],
)
def test_codemod_for__knows_rules(rule_id: str, codemod: str | None) -> None:
    assert codemod_for(rule_id) == codemod


def test_codemod_for__each_rule_has_one_codemod() -> None:
    rules = [rule for rules in rules_with_codemods().values() for rule in rules]

    assert len(rules) == len(set(rules))
    assert needs_semgrep("pixee:python/secure-random")
    assert not needs_semgrep(SQL_PARAMETERS)


@pytest.mark.parametrize(
    ("codemod", "source", "is_left_out"),
    [
        (SQL_PARAMETERS, b"import sqlite3\n", False),
        (SQL_PARAMETERS, b"from sqlite3 import connect\n", False),
        (SQL_PARAMETERS, b"import psycopg\n", True),  # whose placeholder is %s
        (SQL_PARAMETERS, b"from . import sqlite3\nfrom .. import x\n", True),
        (SQL_PARAMETERS, b"", True),
        (TEMPORARY_FILE, b"import tempfile\ntempfile.mktemp()\n", False),
        (TEMPORARY_FILE, b"from tempfile import mktemp\nmktemp('.csv', 'a')\n", False),
        (TEMPORARY_FILE, b"import tempfile\ntempfile.mktemp('.csv', prefix='a')\n", False),
        (TEMPORARY_FILE, b"import tempfile\ntempfile.mktemp(suffix='.csv', prefix='a', dir='b')\n", False),
        (TEMPORARY_FILE, b"import tempfile\ntempfile.mktemp(prefix='a')\n", True),  # it would become the suffix
        (TEMPORARY_FILE, b"import tempfile\ntempfile.mktemp(prefix='a', suffix='.csv')\n", True),
        (TEMPORARY_FILE, b"import tempfile\ntempfile.mktemp(*names)\n", False),  # left as it is by the codemod
        (TEMPORARY_FILE, b"import tempfile\ntempfile.mktemp(**names)\n", True),
        ("pixee:python/secure-random", b"x = 1\n", False),
        ("pixee:python/secure-random", b"def f(:\n", True),
        ("pixee:python/secure-random", b"\x00", True),
        ("pixee:python/secure-random", b"'\\d' is 'x'\n", False),  # Python warns of this, and nobody is to see it
    ],
)
def test_doubt_about__leaves_a_codemod_out_where_it_would_break_the_file(
    codemod: str, source: bytes, *, is_left_out: bool
) -> None:
    assert bool(doubt_about(codemod, source)) == is_left_out
