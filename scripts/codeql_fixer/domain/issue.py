"""Issue: a finding that has an identity across scans, a severity and a weakness family."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from codeql_fixer.domain.finding import Finding, Trace
from codeql_fixer.domain.severity import Severity


class Evidence(StrEnum):
    """What a fingerprint rests on, from the most to the least stable."""

    LINE_HASH = "line-hash"
    TOOL_FINGERPRINT = "tool-fingerprint"
    SOURCE_LINE = "source-line"
    MESSAGE = "message"
    LINE_NUMBER = "line-number"
    UNKNOWN = "unknown"  # records of the first generation do not say


class Identity(Struct, frozen=True, gc=False):
    """The fingerprint (20 hex characters) and how it came about.

    `occurrence` counts, from 1, the findings that agree in path, rule and evidence.
    """

    fingerprint: str
    evidence: Evidence
    occurrence: int = 1

    @property
    def is_fragile(self) -> bool:
        """True when an edit elsewhere in the file changes the fingerprint."""
        return self.evidence in {Evidence.LINE_NUMBER, Evidence.UNKNOWN}


class Identified(Struct, frozen=True, gc=False):
    """A finding with its identity; `repeats` are the other reports of the very same finding."""

    finding: Finding
    identity: Identity
    repeats: tuple[Finding, ...] = ()


class Issue(Struct, frozen=True, gc=False):
    """What is worth fixing. `id` is for people (`CQLF-R<run>-<seq>`), the fingerprint is for comparing scans."""

    id: str
    identity: Identity
    finding: Finding
    repeats: tuple[Finding, ...]
    severity: Severity
    family: str

    def trace(self) -> Trace:
        """The data flow that the finding and its repeats report; each flow once."""
        sources = [item.trace_source for item in (self.finding, *self.repeats) if item.trace_source]
        traces = [source.trace() for source in sources]
        return Trace(
            flows=tuple(dict.fromkeys(flow for trace in traces for flow in trace.flows)),
            related=tuple(dict.fromkeys(place for trace in traces for place in trace.related)),
            problem=next((trace.problem for trace in traces if trace.problem), ""),
        )
