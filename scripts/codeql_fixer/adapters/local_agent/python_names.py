"""Names that a Python file uses and nobody defines: what a fix that forgot an import or took a variable away leaves."""

from __future__ import annotations

import builtins
import importlib.util
import symtable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_MODULES = frozenset(
    {
        *(
            "__annotations__",
            "__builtins__",
            "__cached__",
            "__dict__",
            "__doc__",
            "__file__",
            "__loader__",
            "__module__",
        ),
        *("__name__", "__package__", "__path__", "__qualname__", "__spec__"),
    }
)
_KNOWN = _OF_MODULES | frozenset(dir(builtins))


def broken_names(before: bytes | None, after: bytes) -> str:
    """What is wrong with a Python file that was not wrong before; "" when nothing is.

    Names that something outside the file could bring (`import *`) count as defined.
    """
    try:
        undefined = _undefined(after)
    except (SyntaxError, ValueError) as error:
        return f"is no valid Python any more ({error})" if _is_valid(before) else ""
    known = _undefined(before) if before is not None and _is_valid(before) else frozenset()
    lost = sorted(undefined - known)
    return f"uses {', '.join(lost[:3])}, which nothing defines" if lost else ""


def _is_valid(source: bytes | None) -> bool:
    try:
        return source is None or bool(_module(source))
    except (SyntaxError, ValueError):
        return False


def _undefined(source: bytes) -> frozenset[str]:
    module = _module(source)
    if b"import *" in source:
        return frozenset()
    own = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    used: set[str] = set()
    for table in _tables(module):
        for symbol in table.get_symbols():
            if symbol.is_declared_global() and symbol.is_assigned():
                own.add(symbol.get_name())
            elif symbol.is_referenced() and (symbol.is_global() or table is module):
                used.add(symbol.get_name())
    return frozenset(used - own - _KNOWN)


def _module(source: bytes) -> symtable.SymbolTable:
    return symtable.symtable(importlib.util.decode_source(source), "file", "exec")


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)
