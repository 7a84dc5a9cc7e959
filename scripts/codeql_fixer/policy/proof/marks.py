"""What can be compared of a finding across scans, whoever wrote it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.finding import Finding, Location

if TYPE_CHECKING:
    from collections.abc import Sequence

_AROUND = 4  # lines above and below that count as surroundings


class Mark(Struct, frozen=True, gc=False):
    """What is compared of every finding.

    `rule` is the rule with its tool, in words that a renewed tool still uses. `prints` are fingerprints that follow the
    code, "" for none; `text` is the flagged line without blanks, "" where nobody has it.
    """

    rule: str
    file: str
    line: int | None
    column: int | None
    message: str
    prints: str
    text: str


class Surroundings(Struct, frozen=True):
    """What is compared only where the rest does not decide.

    `lines` are those around the finding, without blanks; `source` is the text, or the place, where its data come from,
    "" where it has no flow; `steps` the texts of what lies between.
    """

    lines: tuple[str, ...] = ()
    source: str = ""
    steps: frozenset[str] = frozenset()


class Described(Struct, frozen=True):
    """A finding with all that can be compared."""

    mark: Mark
    around: Surroundings


def rule_key(tool: str, rule_id: str) -> str:
    """A rule, in words that do not change with a tool's edition: `Semgrep OSS` and `Semgrep Pro` are Semgrep.

    Semgrep puts the folder of a rule's file before its id, so that the last two words name it.
    """
    family = tool.split(maxsplit=1)[0].lower() if tool.split() else ""
    name = ".".join(rule_id.split(".")[-2:]) if family == "semgrep" else rule_id
    return f"{family}\0{name}"


def mark_of(finding: Finding, line_hash: str, text: str) -> Mark:
    """The mark of a finding as a scan has it.

    Args:
        finding: as it was read.
        line_hash: published hash of its line, "" where neither the scanner nor a checkout tells.
        text: the flagged line, "" where nobody has it.
    """
    place = finding.locations[0] if finding.locations else Location("")
    published = finding.tool_fingerprints.line_hash or line_hash
    return Mark(
        rule=rule_key(finding.scan.tool, finding.rule.id),
        file=place.file,
        line=place.start_line,
        column=place.start_column,
        message=" ".join(finding.message.split()),
        prints=published.partition(":")[0],  # the number behind it only counts lines that look the same
        text=bare(text or finding.snippet),
    )


def lines_around(lines: Sequence[str], line: int | None) -> tuple[str, ...]:
    """The lines around a place without its own, and without blanks; those that are empty then are left out."""
    if line is None or not 0 < line <= len(lines):
        return ()
    around = (*lines[max(line - 1 - _AROUND, 0) : line - 1], *lines[line : line + _AROUND])
    return tuple(text for item in around if (text := bare(item)))


def bare(text: str) -> str:
    """A text without its blanks, so that it does not matter how it is set."""
    return "".join(text.split())
