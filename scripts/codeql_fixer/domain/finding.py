"""Finding: one result of one scan, with all that a fixer needs, and the scans it came from."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from msgspec import Struct

from codeql_fixer.domain.severity import Level


class Location(Struct, frozen=True, gc=False, omit_defaults=True):
    """A place in the source.

    Lines and columns count from 1; `end_column` is the column after the last character (SARIF 3.30).
    `file` is repository-relative and POSIX; it is empty when the place is outside the repository,
    and then `external_uri` holds what the scanner said.
    """

    file: str
    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    message: str = ""
    external_uri: str = ""


class Trace(Struct, frozen=True, gc=False, omit_defaults=True):
    """How data reaches the finding: each flow runs from source to sink; `related` explains the message.

    `problem` says why the scanner's trace could not be read, when it could not.
    """

    flows: tuple[tuple[Location, ...], ...] = ()
    related: tuple[Location, ...] = ()
    problem: str = ""


class TraceSource(Protocol):
    """Something that can produce the trace when it is wanted; most findings are never dispatched."""

    def trace(self) -> Trace:
        """Return the whole trace; one that cannot be read comes back with its `problem`."""
        ...


class Rule(Struct, frozen=True, gc=False, omit_defaults=True):
    """A scanner's rule. `security_severity` lies in (0, 10] or is None; `cwes` are numbers in the scanner's order."""

    id: str
    name: str = ""
    short_description: str = ""
    full_description: str = ""
    help: str = ""
    tags: tuple[str, ...] = ()
    cwes: tuple[int, ...] = ()
    security_severity: float | None = None
    level: Level | None = None
    precision: str = ""

    @property
    def cwe_names(self) -> tuple[str, ...]:
        """The weaknesses as `CWE-89`."""
        return _cwe_names(self.cwes)


@lru_cache(maxsize=4096)  # every issue of a rule asks again
def _cwe_names(cwes: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"CWE-{number}" for number in cwes)


class ToolFingerprints(Struct, frozen=True, gc=False, omit_defaults=True):
    """The fingerprints a scanner wrote, verbatim; the two that CodeQL writes have fields of their own.

    `line_hash` is `primaryLocationLineHash`, `start_column` is `primaryLocationStartColumnFingerprint`;
    `others` holds (key, value) pairs sorted by key, `fingerprints` before `partialFingerprints`.
    """

    line_hash: str = ""
    start_column: str = ""
    others: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, str]:
        """All of them under the scanner's names."""
        named = {}
        if self.line_hash:
            named["primaryLocationLineHash"] = self.line_hash
        if self.start_column:
            named["primaryLocationStartColumnFingerprint"] = self.start_column
        if self.others:
            named.update(self.others)
        return named


NO_FINGERPRINTS = ToolFingerprints()


class Scan(Struct, frozen=True, gc=False, omit_defaults=True):
    """One run of one tool, as the file describes it; what a later comparison needs to know.

    `category` follows GitHub's rule: `automationDetails.id` up to its last slash.
    `execution_successful` is None when the file does not say; `has_results` is False when the
    file carries no result list at all, which is not the same as an empty one. `tool_errors` counts what the tool
    could not do, such as files that it could not parse; `error_files` are those it names, with "" where it names none.
    `disabled_rules` are described and were not run; `packs` are the tool's extensions as (name, version). `partial`
    says why the scan reports a part of the findings only, such as those on changed lines; "" when it reports all.
    `files_read` are those that the tool says it read, none where it does not say. `complaints` are its errors and
    warnings as (file, text), "" for no file; `silenced` counts per file what comments kept from it, where it says so.
    """

    source: str
    tool: str
    tool_version: str = ""
    category: str = ""
    execution_successful: bool | None = None
    has_results: bool = True
    revision: str = ""
    rule_ids: tuple[str, ...] = ()
    rules_read: int = 0
    results_read: int = 0
    tool_errors: int = 0
    error_files: tuple[str, ...] = ()
    disabled_rules: tuple[str, ...] = ()
    packs: tuple[tuple[str, str], ...] = ()
    partial: str = ""
    files_read: tuple[str, ...] = ()
    complaints: tuple[tuple[str, str], ...] = ()
    silenced: tuple[tuple[str, int], ...] = ()


class Finding(Struct, frozen=True, gc=False):
    """One result. `locations[0]` is where the finding is; `family` is set by readers whose input names one."""

    rule: Rule
    scan: Scan
    level: Level
    message: str
    locations: tuple[Location, ...]
    tool_fingerprints: ToolFingerprints
    trace_source: TraceSource | None = None
    snippet: str = ""
    security_severity: float | None = None
    family: str = ""

    @property
    def file(self) -> str:
        """The file of the first location, "" when there is none inside the repository."""
        return self.locations[0].file if self.locations else ""

    @property
    def text(self) -> str:
        """What to show a person: the message, or what the rule says when the scanner left the message out."""
        return self.message or self.rule.short_description or self.rule.name or self.rule.id

    @property
    def start_line(self) -> int | None:
        """The first line of the first location, if known."""
        return self.locations[0].start_line if self.locations else None


class SetAside(Struct, frozen=True, gc=False):
    """How many results were read but are no findings, by reason; `repeated` ones count as duplicates.

    `suppressed_findings` are the suppressed ones: those are there, only not reported. `undecided_findings` are those
    of the ones that do not fail whose tool did not say either that they pass.
    """

    suppressed: int = 0
    not_failing: int = 0
    absent: int = 0
    invalid: int = 0
    other_repository: int = 0
    repeated: int = 0
    suppressed_findings: tuple[Finding, ...] = ()
    undecided_findings: tuple[Finding, ...] = ()

    @property
    def suppressed_places(self) -> frozenset[tuple[str, str]]:
        """Rule id and file of the suppressed ones."""
        return frozenset((finding.rule.id, finding.file) for finding in self.suppressed_findings)

    def excluded(self) -> dict[str, int]:
        """The reasons that are neither suppression nor repetition, where they occurred."""
        counts = {
            "not_failing": self.not_failing,
            "absent": self.absent,
            "invalid": self.invalid,
            "other_repository": self.other_repository,
        }
        return {reason: count for reason, count in counts.items() if count}


class Reading(Struct, frozen=True, gc=False):
    """Everything that one reading of all inputs gave."""

    findings: list[Finding]
    scans: list[Scan]
    results_read: int
    set_aside: SetAside
    warnings: list[str]
