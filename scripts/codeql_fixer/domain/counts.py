"""Counts: where every result of a run went. They add up, and a test says so."""

from __future__ import annotations

from msgspec import Struct


class Counts(Struct, frozen=True, kw_only=True):
    """`results_read` is the sum of `suppressed`, `duplicates`, `below_threshold`, `excluded` and `issues`.

    `batches` counts batches that get a session, `left_out` counts issues that are in none of them.
    """

    results_read: int
    suppressed: int
    duplicates: int
    below_threshold: int
    excluded: int
    issues: int
    batches: int
    left_out: int
