"""Port of what is still to be proved: merged fixes that later scans say something about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from codeql_fixer.domain.merged_fix import MergedFix


class Proofs(Protocol):
    """Answers what proving fixes asks."""

    def unproved(self) -> list[MergedFix]:
        """Issues of merged pull requests of ours which a scan since the merge reported, or proved to be gone.

        Those about which a verdict that rests on a scan run is on record are left out.
        """
        ...
