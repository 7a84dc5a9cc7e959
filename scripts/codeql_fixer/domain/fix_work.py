"""FixWork: what one reading of scan results came to, and where every result went."""

from __future__ import annotations

from msgspec import Struct

from codeql_fixer.domain.batch import Batching
from codeql_fixer.domain.finding import Reading
from codeql_fixer.domain.issue import Issue


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


class FixWork(Struct, frozen=True, kw_only=True):
    """The outcome: issues most severe first, their batches, and where the other results went.

    `set_aside` are rule id and file of findings that were read and are no issues, in order.
    """

    reading: Reading
    issues: tuple[Issue, ...]
    batching: Batching
    counts: Counts
    exclusions: dict[str, int]
    set_aside: tuple[tuple[str, str], ...] = ()
