"""Domain locations and traces out of SARIF locations."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from codeql_fixer.adapters.sarif import wire
from codeql_fixer.adapters.sarif.messages import plain_text
from codeql_fixer.adapters.sarif.uris import PathResolver
from codeql_fixer.domain.finding import Location, Trace
from codeql_fixer.domain.record import LARGEST

_FLOWS = msgspec.json.Decoder(list[wire.CodeFlow])
_RELATED = msgspec.json.Decoder(list[wire.Location])


def location_of(raw: wire.Location | None, paths: PathResolver) -> Location:
    """One location; impossible lines and columns (below 1, end before start, endless) are left out.

    Defaults follow SARIF 3.30.6 to 3.30.8: the start column is 1, the end line is the start line.
    """
    physical = raw.physical_location if raw else None
    if raw is None or physical is None:
        return Location("", message=plain_text(raw.message, None) if raw else "")
    file, external = paths.resolve(physical.artifact_location)
    message = plain_text(raw.message, None) if raw.message else ""
    region = physical.region
    start = region.start_line if region else None
    if region is None or start is None or not 1 <= start <= LARGEST:
        return Location(file, None, None, None, None, message, external)
    end = region.end_line
    if end is None or not start <= end <= LARGEST:
        end = start
    column = region.start_column
    if column is None or not 1 <= column <= LARGEST:
        column = 1
    end_column = region.end_column
    if end_column is not None and (not 1 <= end_column <= LARGEST or (end == start and end_column < column)):
        end_column = None
    return Location(file, start, column, end, end_column, message, external)


class SarifTrace(Struct, frozen=True, gc=False):
    """The undecoded trace of one result; decoding is left until somebody wants to fix it."""

    code_flows: Raw | UnsetType
    related: Raw | UnsetType
    paths: PathResolver

    def trace(self) -> Trace:
        """Decode the flows (every thread flow is one) and the related locations."""
        try:
            flows = [] if self.code_flows is UNSET else _FLOWS.decode(self.code_flows)
            related = [] if self.related is UNSET else _RELATED.decode(self.related)
        except wire.UNREADABLE as error:
            return Trace(problem=f"codeFlows or relatedLocations are not as SARIF wants them: {error}")
        return Trace(
            flows=tuple(
                tuple(location_of(step.location, self.paths) for step in thread.locations)
                for flow in flows
                for thread in flow.thread_flows
                if thread.locations
            ),
            related=tuple(location_of(item, self.paths) for item in related),
        )
