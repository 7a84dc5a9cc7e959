"""A channel that is the summary of the job in which the cycle runs (GitHub Actions, GITHUB_STEP_SUMMARY)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.channels.words import Words
from codeql_fixer.errors import UpstreamError

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

_MOST = 10_000
_MOST_BYTES = 1 << 20  # what GitHub takes; of more than that it shows nothing at all


class JobSummary(Struct, frozen=True, kw_only=True):
    """Appends alerts to a file, each once.

    Args:
        path: of the file.
        words: what is said.
    """

    path: Path
    words: Words

    def tell(self, delivery: Delivery) -> str:
        """Append it, unless it is there."""
        mark = f"<!-- {delivery.alert} -->".encode()
        part = b"\n".join(
            [b"", mark, b"", self.words.of("summary", delivery, most=_MOST).encode(errors="replace"), b""]
        )
        try:
            known = self.path.read_bytes() if self.path.exists() else b""
            if mark in known:
                return ""
            if len(known) + len(part) > _MOST_BYTES:
                raise UpstreamError("the job's summary is full")
            with self.path.open("ab") as stream:
                stream.write(part)
        except OSError as error:
            raise UpstreamError(
                f"the job's summary cannot be written: {error.strerror or type(error).__name__}"
            ) from None
        return ""
