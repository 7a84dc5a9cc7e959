"""Leftovers: open pull requests of ours that nobody will merge as they are."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class LeftoverKind(StrEnum):
    """Why nobody will, the most telling first."""

    OBSOLETE = "obsolete"  # its findings are gone by other means
    SUPERSEDED = "superseded"  # another one fixes them
    CONFLICTING = "conflicting"
    STALE = "stale"  # nobody moved it for long


class Leftover(Struct, frozen=True, kw_only=True):
    """One of them, and the reason in words."""

    kind: LeftoverKind
    reason: str
