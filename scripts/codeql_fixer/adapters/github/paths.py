"""Where things are below the API's own path."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from codeql_fixer.domain.record import RepositoryName
from codeql_fixer.errors import UserError


def repository_path(name: str) -> str:
    """The path of a repository.

    Raises:
        UserError: that is no name of one.
    """
    try:
        return f"/repos/{msgspec.convert(name, RepositoryName)}"
    except msgspec.ValidationError:
        raise UserError(f"{name!r} is no owner/name of a repository") from None


def part(text: str) -> str:
    """Text as one part of a path, whatever is in it."""
    return quote(text, safe="")
