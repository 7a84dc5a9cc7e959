"""Reads SARIF files into findings. A file that cannot be read whole fails the reading: it is never "no findings"."""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, Raw

from codeql_fixer.adapters.sarif import wire
from codeql_fixer.adapters.sarif.faults import Faults
from codeql_fixer.adapters.sarif.files import find_files, load
from codeql_fixer.adapters.sarif.lint import lint
from codeql_fixer.adapters.sarif.locations import SarifTrace, location_of
from codeql_fixer.adapters.sarif.messages import plain_text
from codeql_fixer.adapters.sarif.repair import repair_log, repair_result
from codeql_fixer.adapters.sarif.rules import LEVELS, RuleBook, security_severity
from codeql_fixer.adapters.sarif.scope import files_read, packs_of, partial_of, silenced
from codeql_fixer.adapters.sarif.uris import PathResolver
from codeql_fixer.domain.finding import NO_FINGERPRINTS, Finding, Reading, Scan, SetAside, ToolFingerprints
from codeql_fixer.domain.severity import Level
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_LOG = msgspec.json.Decoder(wire.Log)
_RESULT = msgspec.json.Decoder(wire.Result)
_BYTE = re.compile(r"byte (\d+)")
# An escaped backslash and a whole pair are matched first, so that what is left is half a pair.
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_OUTSIDE = "the place is outside the repository, or nothing says where the repository was; --target-dir may help"
_NOT_JSON = "run the scanner again; a file that was cut off cannot be used"
_TOOL_SAYS = "the scanner may not have done all of its work"
_UTF8 = "SARIF files are UTF-8; have the scanner write that"
_VERSION = "2.1.0"
_SUPPRESSED, _NOT_FAILING, _ABSENT = "suppressed", "not_failing", "absent"
# Kinds of results (3.27.9) by which a tool says that it came to no decision.
_UNDECIDED = frozenset({"open", "review", "notApplicable"})


class SarifReader:
    """FindingsReader for SARIF 2.1.0 files of any tool.

    Args:
        paths: files or directories.
        checkout_root: absolute POSIX path of the scanned checkout, "" when it is not at hand; absolute
            paths below it become repository-relative.
        checkout_files: its files, by which absolute paths of another machine are recognised.
    """

    def __init__(self, paths: Sequence[Path], checkout_root: str = "", checkout_files: Iterable[str] = ()) -> None:
        self._paths, self._checkout_root, self._files = paths, checkout_root, frozenset(checkout_files)

    def results(self) -> Iterator[Finding | None]:
        """What every single result says, in the order of the files; None for those that are no finding.

        Raises:
            InputError: as `read`.
        """
        for path in find_files(self._paths):
            for run in self._runs(path, Faults(str(path))):
                yield from run.results()

    def _runs(self, path: Path, faults: Faults) -> Iterator[_RunReader]:
        log = _decode(load(path), str(path), faults)
        for position, run in enumerate(log.runs or ()):
            resolver = PathResolver(run, self._checkout_root, self._files)
            yield _RunReader(run, position, resolver=resolver, faults=faults, source=str(path))

    def read(self) -> Reading:
        """Read every file.

        Raises:
            InputError: naming the file and the JSON path; one bad file fails them all.
        """
        findings: list[Finding] = []
        scans: list[Scan] = []
        warnings: list[str] = []
        aside: Counter[str] = Counter()
        suppressed: list[Finding] = []
        undecided: list[Finding] = []
        for path in find_files(self._paths):
            faults = Faults(str(path))
            runs = self._runs(path, faults)
            scans += [run.read(findings, aside, suppressed=suppressed, undecided=undecided) for run in runs]
            warnings += faults.warnings()
        read = sum(scan.results_read for scan in scans)
        set_aside = SetAside(**aside, suppressed_findings=tuple(suppressed), undecided_findings=tuple(undecided))
        return Reading(findings, scans, read, set_aside, warnings)


def _decode(data: bytes, source: str, faults: Faults) -> wire.Log:
    """The typed log of a text, repaired where that loses nothing that matters."""
    try:
        log = _typed(data, source, faults)
    except msgspec.DecodeError as error:
        mended = _without_lone_surrogates(data)
        if mended == data:
            place = _line_and_column(_before(data, str(error)))
            raise InputError(source, place, f"is not JSON: {error}", remedy=_NOT_JSON) from error
        faults.add("half of a character (a lone surrogate) replaced by U+FFFD", "$")
        return _decode(mended, source, faults)
    except UnicodeDecodeError:
        place = _line_and_column(data[: _bad_byte(data)])
        raise InputError(source, place, "is not UTF-8", remedy=_UTF8) from None
    except RecursionError as error:
        raise InputError(source, "", "is nested too deeply to be a SARIF log") from error
    if log.runs is None:
        raise InputError(source, "$.runs", "is missing", remedy="a SARIF log has a list of runs, if only an empty one")
    if log.version != _VERSION:
        faults.add(f"version is {log.version!r:.20}, not {_VERSION}; read as {_VERSION}", "$.version")
    lint(data, faults)
    return log


def _typed(data: bytes, source: str, faults: Faults) -> wire.Log:
    try:
        return _LOG.decode(data)
    except msgspec.ValidationError:
        return repair_log(msgspec.json.decode(data), source, faults)


def _without_lone_surrogates(data: bytes) -> bytes:
    """Escapes of half a character, which tools write that cut text by UTF-16 units, replaced by U+FFFD."""
    return _SURROGATES.sub(lambda match: rb"\ufffd" if match["lone"] else match[0], data)


def _before(data: bytes, problem: str) -> bytes:
    """What msgspec had read when it stopped: it names the byte, or says that the data ended."""
    found = _BYTE.search(problem)
    return data[: int(found[1])] if found else data


def _bad_byte(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _line_and_column(before: bytes) -> str:
    """The place after some text, as editors count."""
    return f"line {before.count(10) + 1}, column {len(before) - before.rfind(10)}"


class _RunReader:
    """Reads one run; holds what its results share."""

    def __init__(self, run: wire.Run, position: int, *, resolver: PathResolver, faults: Faults, source: str) -> None:
        self._run, self._place, self._faults, self._source = run, f"$.runs[{position}]", faults, source
        self._paths = resolver
        self._rules = RuleBook(run.tool, faults, self._place)
        self._scan = self._describe()

    def read(
        self, findings: list[Finding], aside: Counter[str], *, suppressed: list[Finding], undecided: list[Finding]
    ) -> Scan:
        """Append the run's findings, the suppressed and the undecided ones, and count what is set aside."""
        for position, raw in enumerate(self._run.results or ()):
            result = self._decode(raw, position)
            reason = _reason_to_set_aside(result)
            if not reason:
                findings.append(self._finding(result, position))
                continue
            aside[reason] += 1
            if reason == _SUPPRESSED:
                suppressed.append(self._finding(result, position))
            elif reason == _NOT_FAILING and result.kind in _UNDECIDED:
                undecided.append(self._finding(result, position))
        return self._scan

    def results(self) -> Iterator[Finding | None]:
        """Every result, suppressed or not; None for those that are no finding."""
        for position, raw in enumerate(self._run.results or ()):
            result = self._decode(raw, position)
            yield self._finding(result, position) if _reason_to_set_aside(result) in {"", _SUPPRESSED} else None

    def _decode(self, raw: Raw, position: int) -> wire.Result:
        try:
            return _RESULT.decode(raw)
        except msgspec.ValidationError:
            place = f"{self._place}.results[{position}]"
            return repair_result(msgspec.json.decode(raw), place, source=self._source, faults=self._faults)
        except UnicodeDecodeError as error:
            place = f"{self._place}.results[{position}]"
            raise InputError(self._source, place, "holds text that is not UTF-8", remedy=_UTF8) from error

    def _finding(self, result: wire.Result, position: int) -> Finding:
        rule, strings = self._rules.find(result)
        message = plain_text(result.message, strings)
        if not message:
            self._faults.add("message is missing or empty", f"{self._place}.results[{position}].message")
        level = LEVELS.get(result.level or "") or rule.level or Level.WARNING
        locations = tuple([location_of(item, self._paths) for item in result.locations or ()])
        if locations and locations[0].external_uri:
            self._faults.add(_OUTSIDE, f"{self._place}.results[{position}].locations[0]")
        has_trace = result.code_flows is not UNSET or result.related_locations is not UNSET
        return Finding(
            rule,
            self._scan,
            level,
            message,
            locations,
            _fingerprints(result),
            SarifTrace(result.code_flows, result.related_locations, self._paths) if has_trace else None,
            _snippet(result.locations),
            security_severity(result.properties, self._faults, self._place) if result.properties else None,
        )

    def _describe(self) -> Scan:
        run = self._run
        driver = run.tool.driver if run.tool else None
        name = driver.name if driver else None
        if not name:
            self._faults.add("the tool has no name", f"{self._place}.tool.driver.name")
        if run.external_property_file_references and run.external_property_file_references.results:
            raise InputError(
                self._source, self._place, "keeps its results in other files", remedy="ask the tool for one whole file"
            )
        if run.results is None:
            self._faults.add("the run has no list of results: the scan did not get that far", f"{self._place}.results")
        successes = [
            item.execution_successful for item in run.invocations or () if item.execution_successful is not None
        ]
        if not all(successes):
            self._faults.add("the scanner says that it did not succeed", f"{self._place}.invocations")
        error_files, complaints = self._complaints()
        revisions = [item.revision_id for item in run.version_control_provenance or () if item.revision_id]
        return Scan(
            source=self._source,
            tool=name or "unnamed",
            tool_version=((driver.semantic_version or driver.version) if driver else None) or "",
            category=((run.automation_details.id if run.automation_details else None) or "").rpartition("/")[0],
            execution_successful=all(successes) if successes else None,
            has_results=run.results is not None,
            revision=revisions[0] if revisions else "",
            rule_ids=self._rules.ids(),
            rules_read=self._rules.described(),
            results_read=len(run.results or ()),
            tool_errors=len(error_files),
            error_files=tuple(dict.fromkeys(error_files)),
            disabled_rules=self._rules.disabled(run.invocations or ()),
            packs=packs_of(run),
            partial=partial_of(run),
            files_read=files_read(run, self._paths),
            complaints=tuple(dict.fromkeys(complaints)),
            silenced=silenced(run, self._paths),
        )

    def _complaints(self) -> tuple[list[str], list[tuple[str, str]]]:
        """The file of each error that the tool reports of itself, "" where it names none; errors and warnings in full.

        Errors and warnings are handed on: Semgrep calls a syntax error a warning, Bandit an error.
        """
        errors: list[str] = []
        complaints: list[tuple[str, str]] = []
        for position, invocation in enumerate(self._run.invocations or ()):
            execution = invocation.tool_execution_notifications or ()
            for notification in (*execution, *(invocation.tool_configuration_notifications or ())):
                if notification.level in {Level.ERROR, Level.WARNING}:
                    places = [location_of(item, self._paths).file for item in notification.locations or ()]
                    file = next(filter(None, places), "")
                    if notification.level == Level.ERROR:
                        errors.append(file)
                    complaints.append((file, plain_text(notification.message, None)))
                    text = " ".join(filter(None, [plain_text(notification.message, None), *places]))
                    self._faults.add(f"{_TOOL_SAYS}: {text:.200}", f"{self._place}.invocations[{position}]")
        return errors, complaints


def _reason_to_set_aside(result: wire.Result) -> str:
    """Why a result is no finding: "" when it is one.

    A suppression counts unless it is under review or rejected (section 3.35.3); `kind` other than `fail` states
    that nothing is wrong (3.27.9); `absent` is a result of an earlier run (3.27.24).
    """
    if result.suppressions and any(item.status in {None, "accepted"} for item in result.suppressions):
        return _SUPPRESSED
    if result.kind is not None and result.kind not in {"fail", "issue"}:
        return _NOT_FAILING
    return _ABSENT if result.baseline_state == "absent" else ""


def _fingerprints(result: wire.Result) -> ToolFingerprints:
    partial = result.partial_fingerprints or {}
    if not partial and not result.fingerprints:
        return NO_FINGERPRINTS
    line_hash = partial.pop("primaryLocationLineHash", "")
    column = sys.intern(partial.pop("primaryLocationStartColumnFingerprint", ""))  # a few numbers, over and over
    if not partial and not result.fingerprints:
        return ToolFingerprints(line_hash, column)
    return ToolFingerprints(line_hash, column, (*sorted((result.fingerprints or {}).items()), *sorted(partial.items())))


def _snippet(locations: list[wire.Location] | None) -> str:
    """The scanner's own copy of the flagged lines, for when the checkout is not at hand."""
    physical = locations[0].physical_location if locations else None
    region = physical.region if physical else None
    return (region.snippet.text or "") if region and region.snippet else ""
