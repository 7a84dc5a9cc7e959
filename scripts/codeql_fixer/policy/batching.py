"""Groups issues into batches that one agent session can fix together. Sorting dominates: n log n."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.batch import Batch, Batching, LeftOut
from codeql_fixer.policy.ordering import sort_by_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from codeql_fixer.domain.issue import Issue


def make_batches(issues: Iterable[Issue], *, batch_size: int, max_batches: int) -> Batching:
    """Cut each family into batches, worst first, and keep the worst `max_batches` of them.

    Inside a family issues go by tier, then by path and line, so that one session works on near files and never
    spends itself on low issues while critical ones wait. The order of the input does not matter.
    """
    families: dict[str, list[Issue]] = {}
    for issue in issues:
        families.setdefault(issue.family, []).append(issue)
    groups = [
        (family, tuple(members[start : start + batch_size]))
        for family, members in families.items()
        for start in _starts(members, batch_size)
    ]
    groups.sort(key=_urgency)
    kept = tuple(
        Batch(f"B{number:03d}", family, members) for number, (family, members) in enumerate(groups[:max_batches], 1)
    )
    reason = f"beyond max_sessions ({max_batches}): less severe than the batches that were kept"
    return Batching(kept, tuple(LeftOut(family, members, reason) for family, members in groups[max_batches:]))


def _starts(members: list[Issue], batch_size: int) -> range:
    sort_by_place(members)
    members.sort(key=lambda issue: issue.severity.tier.rank, reverse=True)
    return range(0, len(members), batch_size)


def _urgency(group: tuple[str, Sequence[Issue]]) -> tuple[int, float, int, str, str, str]:
    """Worst tier, worst score, most issues; then names, so that equal groups have one order."""
    family, members = group
    first = members[0]
    worst = max(issue.severity.score for issue in members)
    size = len(members)
    return (-first.severity.tier.rank, -worst, -size, family, first.finding.file, first.identity.fingerprint)


def split_fixable(batches: Iterable[Batch], has_codemod: Callable[[str], bool]) -> tuple[Batch, ...]:
    """The batches with those issues apart for whose rules a codemod exists; such a part is named `<batch>-codemods`.

    A deterministic fixer gets a batch only if it can fix all of it, and costs nothing: mixed batches would be paid for
    whole.
    """
    parts = []
    for batch in batches:
        fixable = tuple(issue for issue in batch.issues if has_codemod(issue.finding.rule.id))
        rest = tuple(issue for issue in batch.issues if not has_codemod(issue.finding.rule.id))
        if not fixable or not rest:
            parts.append(batch)
        else:
            parts += [Batch(f"{batch.id}-codemods", batch.family, fixable), Batch(batch.id, batch.family, rest)]
    return tuple(parts)
