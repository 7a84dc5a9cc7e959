"""FindingsReader: where findings come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from codeql_fixer.domain.finding import Reading


class FindingsReader(Protocol):
    """Reads every finding of one input, or fails as a whole."""

    def read(self) -> Reading:
        """Read everything.

        Raises:
            InputError: some of the input cannot be read; it names the file and the place.
            UpstreamError: a scanner that produces the input failed.
        """
        ...
