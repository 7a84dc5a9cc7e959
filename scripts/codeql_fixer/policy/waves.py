"""Waves: a run in parts, the most severe first, and a gate after each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.policy.dispatching import Candidate


def waves_of(candidates: Sequence[Candidate], wave_size: int) -> list[list[Candidate]]:
    """Parts of at most `wave_size` sessions, 0 for one part. The order inside a tier stays as it is."""
    ordered = sorted(candidates, key=lambda candidate: candidate.tier.rank, reverse=True)
    size = wave_size or max(1, len(ordered))
    return [list(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def gate(ended_well: int, sessions: int, threshold: int) -> str:
    """Why the next wave does not start, "" when it may.

    Args:
        ended_well: sessions of the wave that proposed a change, retries included.
        sessions: pieces of work in the wave.
        threshold: the share in percent that has to end well.
    """
    if not sessions or ended_well * 100 >= threshold * sessions:
        return ""
    return f"{ended_well} of {sessions} sessions ended well, {threshold} % are needed"
