"""When a codemod is left out because it would break the file, as was seen with the version that we install."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from codeql_fixer.adapters.local_agent.codemods import SQL_PARAMETERS, TEMPORARY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Whose placeholder is `?`, which is what the codemod writes whatever the driver.
_QUESTION_MARK_DRIVERS = frozenset({"sqlite3", "aiosqlite", "apsw", "duckdb", "pyodbc", "mariadb"})
_ORDER = ("suffix", "prefix", "dir")


def doubt_about(codemod: str, source: bytes) -> str:
    """Why a codemod is not to run on a Python file; "" when it may."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about a stranger's escapes and comparisons
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return "the file is no valid Python"
    doubt = _DOUBTS.get(codemod)
    return doubt(tree) if doubt else ""


def _about_placeholders(tree: ast.Module) -> str:
    imported = {name.partition(".")[0] for node in ast.walk(tree) for name in _imports(node)}
    if imported & _QUESTION_MARK_DRIVERS:
        return ""
    return "the file does not tell which database driver it uses, and the codemod knows the placeholder `?` only"


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def _about_mktemp(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mktemp"):
            names = [keyword.arg for keyword in node.keywords]
            if names != list(_ORDER[len(node.args) : len(node.args) + len(names)]):
                return "the codemod mixes up keyword arguments that are not in the order of the signature"
    return ""


_DOUBTS: Mapping[str, Callable[[ast.Module], str]] = {
    SQL_PARAMETERS: _about_placeholders,
    TEMPORARY_FILE: _about_mktemp,
}
