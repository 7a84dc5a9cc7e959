"""What a run tells about how much of the code it reports on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from codeql_fixer.adapters.sarif import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.adapters.sarif.uris import PathResolver

# CodeQL's action marks runs on pull requests by a property, and hands the changed lines over in a pack of its own.
_DIFF_PACK = re.compile(r"\bpr-diff-range\b")
# Semgrep's comparison with a commit, Bandit's with an earlier report, and the switches of others that do the same.
_DIFF_OPTION = re.compile(
    r"(?:^|\s)--(?:baseline(?:[-_](?:commit|ref|file))?|diff[-_](?:depth|aware|informed)|changed-only|since|new-from-\w+)"
    r"(?=[\s=]|$)"
)
_READ = "/successfully-extracted-files"  # CodeQL's note on each file that it took in, `py/diagnostics` before it


def partial_of(run: wire.Run) -> str:
    """Why the run reports a part of the findings only, "" when nothing says so."""
    mode = run.properties.incremental_mode if run.properties else None
    if mode and "diff-informed" in str(mode):
        return "the scan reports findings on changed lines only (diff-informed)"
    extensions = (run.tool.extensions if run.tool else None) or ()
    if any(part.name and _DIFF_PACK.search(part.name) for part in extensions):
        return "the scan reports findings on changed lines only (it ran with a diff range)"
    for invocation in run.invocations or ():
        command = f"{invocation.command_line or ''} {' '.join(invocation.arguments or ())}"
        if found := _DIFF_OPTION.search(command):
            return f"the scan was told to compare with an earlier state ({found[0].strip()})"
    return ""


def packs_of(run: wire.Run) -> tuple[tuple[str, str], ...]:
    """Name and version of the tool's extensions, sorted."""
    extensions = (run.tool.extensions if run.tool else None) or ()
    named = {part.name: part.semantic_version or part.version or "" for part in extensions if part.name}
    return tuple(sorted(named.items()))


def files_read(run: wire.Run, paths: PathResolver) -> tuple[str, ...]:
    """The files that the tool says it read, sorted: CodeQL's notes on what it took in, Bandit's counts per file."""
    read = {file for file, _ in _counted(run, paths)}
    for invocation in run.invocations or ():
        for note in invocation.tool_execution_notifications or ():
            if note.descriptor and (note.descriptor.id or "").endswith(_READ):
                places = [place.physical_location for place in note.locations or ()]
                read |= {paths.resolve(place.artifact_location)[0] for place in places if place}
    return tuple(sorted(read - {""}))


def silenced(run: wire.Run, paths: PathResolver) -> tuple[tuple[str, int], ...]:
    """How many lines of a file comments keep from the tool, where it counts them: Bandit's `nosec`."""
    found = {}
    for file, counts in _counted(run, paths):
        numbers = [counts.get(name) for name in ("nosec", "skipped_tests")]
        found[file] = sum(number for number in numbers if isinstance(number, int))
    return tuple(sorted((file, count) for file, count in found.items() if file and count > 0))


def _counted(run: wire.Run, paths: PathResolver) -> Iterator[tuple[str, dict[str, object]]]:
    metrics = run.properties.metrics if run.properties else None
    for name, counts in metrics.items() if isinstance(metrics, dict) else ():
        if isinstance(counts, dict) and "loc" in counts and name != "_totals":
            yield paths.resolve(wire.ArtifactLocation(uri=quote(name)))[0], counts
