"""Prepares fix work: reads findings, gives them identity, filters, numbers and batches them. Nothing is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from codeql_fixer.app.line_hashes import TreeLineHashes
from codeql_fixer.domain.fix_work import Counts, FixWork
from codeql_fixer.domain.issue import Identified, Issue
from codeql_fixer.policy.batching import make_batches
from codeql_fixer.policy.eligibility import Eligibility, Exclusion
from codeql_fixer.policy.identity import identify
from codeql_fixer.policy.ordering import sort_by_place
from codeql_fixer.policy.severity import severity_of

if TYPE_CHECKING:
    from codeql_fixer.policy.work_options import WorkOptions
    from codeql_fixer.ports.findings_reader import FindingsReader
    from codeql_fixer.ports.source_tree import SourceTree


def prepare(reader: FindingsReader, tree: SourceTree, options: WorkOptions) -> FixWork:
    """Turn the reader's findings into issues and batches; the same input gives the same output.

    Raises:
        ConfigError: a glob is none.
        InputError: the findings cannot be read.
        UpstreamError: the scanner failed.
    """
    eligibility = Eligibility(options.filters)
    reading = reader.read()
    identified = identify(reading.findings, TreeLineHashes(tree).line_hash)
    kept, left, exclusions = _filter(identified, eligibility)
    issues = _number(kept, options)
    batching = make_batches(issues, batch_size=options.batch_size, max_batches=options.max_sessions)
    below_threshold = exclusions.pop(Exclusion.BELOW_THRESHOLD, 0)
    exclusions |= reading.set_aside.excluded()
    counts = Counts(
        results_read=reading.results_read,
        suppressed=reading.set_aside.suppressed,
        duplicates=reading.set_aside.repeated + len(reading.findings) - len(identified),
        below_threshold=below_threshold,
        excluded=sum(exclusions.values()),
        issues=len(issues),
        batches=len(batching.batches),
        left_out=sum(len(group.issues) for group in batching.left_out),
    )
    return FixWork(
        reading=reading,
        issues=issues,
        batching=batching,
        counts=counts,
        exclusions=exclusions,
        set_aside=tuple(sorted(left | reading.set_aside.suppressed_places)),
    )


def _filter(
    identified: list[Identified], eligibility: Eligibility
) -> tuple[list[Identified], set[tuple[str, str]], dict[str, int]]:
    """What is worth work, rule and file of what is not, and how much that is by reason."""
    kept: list[Identified] = []
    left: set[tuple[str, str]] = set()
    exclusions: Counter[str] = Counter()
    for item in identified:
        reason = eligibility.exclusion(item.finding.file, severity_of(item.finding).tier)
        if reason is None:
            kept.append(item)
        else:
            exclusions[reason] += 1
            left.add((item.finding.rule.id, item.finding.file))
    return kept, left, dict(exclusions)


def _number(kept: list[Identified], options: WorkOptions) -> tuple[Issue, ...]:
    """Give the ids that people use, most severe first; equal severities go by place."""
    sort_by_place(kept)
    kept.sort(key=lambda item: severity_of(item.finding).score, reverse=True)
    prefix = f"CQLF-R{options.run_id}-"
    family_of = options.families.family_of
    return tuple(
        Issue(
            f"{prefix}{number:04d}",
            item.identity,
            item.finding,
            item.repeats,
            severity_of(item.finding),
            item.finding.family or family_of(item.finding.rule.cwes),
        )
        for number, item in enumerate(kept, start=1)
    )
