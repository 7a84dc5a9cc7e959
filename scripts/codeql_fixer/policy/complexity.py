"""How hard a batch probably is, from what is known before anybody tries.

Each measure puts a batch on a level, and the highest level counts: a long data flow is hard in one file, too.

| measure | medium from | complex from | why there |
|---|---|---|---|
| files | 2 | 5 | a fix in one file is local; five files are a default batch with every issue elsewhere |
| steps of the longest data flow | 5 | 18 | half of the flows in our SARIF corpus have 4 at most, 9 in 10 have 17 |
| issues | 4 | 8 | where the first generation gave a session more room |

Every attempt that failed before raises the level by one: what a cheap mode could not do is not tried with it again.
"""

from __future__ import annotations

from typing import NamedTuple

from codeql_fixer.domain.route import Complexity
from codeql_fixer.policy.plain_text import counted

_LEVELS = tuple(Complexity)


class _Floors(NamedTuple):
    medium: int
    complex: int

    def level(self, value: int) -> int:
        return (value >= self.medium) + (value >= self.complex)


_FILES = _Floors(2, 5)
_STEPS = _Floors(5, 18)
_ISSUES = _Floors(4, 8)


def complexity_of(*, files: int, steps: int, issues: int, failed_attempts: int = 0) -> tuple[Complexity, str]:
    """The complexity of a batch and why, such as `6 files, 20 steps`.

    Args:
        files: how many files have an issue.
        steps: length of the longest data flow, 0 when there is none or it is not known.
        issues: how many issues there are.
        failed_attempts: how many attempts on them did not end well.
    """
    measures = (
        (_FILES.level(files), counted(files, "file")),
        (_STEPS.level(steps), counted(steps, "step")),
        (_ISSUES.level(issues), counted(issues, "issue")),
    )
    level = max(level for level, _ in measures)
    raised = min(level + failed_attempts, len(_LEVELS) - 1)
    reasons = [text for reached, text in measures if reached == level]
    if raised > level:
        reasons.append(f"raised by {counted(failed_attempts, 'failed attempt')}")
    return _LEVELS[raised], ", ".join(reasons)
