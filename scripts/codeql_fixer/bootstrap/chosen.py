"""Which repositories a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.registry import slug_of
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from codeql_fixer.domain.registry import Registry


def chosen(
    registry: Registry, known: frozenset[str], *, repository: str | None, tag: str | None
) -> frozenset[str] | None:
    """The repositories that `--repo` and `--tag` mean, in lower case; None for all.

    Raises:
        UserError: there is none.
    """
    if not repository and not tag:
        return None
    found = known | registry.repositories.keys()
    if repository:
        name = registry.canonical(repository).lower()
        if name not in found:
            known_too = "" if slug_of(repository) else "; names are owner/name"
            raise UserError(f"--repo {repository}: neither the registry nor the ledger knows it{known_too}")
        found = frozenset({name})
    if tag:
        found = frozenset(name for name in found if tag in registry.entry(name).tags)
        if not found:
            raise UserError(f"--tag {tag}: no repository of the registry has it")
    return found
