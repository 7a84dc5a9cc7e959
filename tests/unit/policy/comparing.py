"""Two scans in memory, compared: what tests of verdicts, coverage and controls share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.app.verify import Claim, State, verify
from codeql_fixer.domain.change import Change, FileChange, FileStatus, Hunk
from codeql_fixer.domain.finding import Finding, Reading, Scan, SetAside
from tests.builders import finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.domain.proof import Proof, TargetVerdict

SQL, HASH = "py/sql-injection", "py/weak-hash"
BEFORE = Scan("before.sarif", "CodeQL", tool_version="2.20.1", rule_ids=(SQL, HASH))
AFTER = replace(BEFORE, source="after.sarif")
APP = "shop/app.py"


class Reader:
    """A FindingsReader with the findings that it is given."""

    def __init__(self, scans: Sequence[Scan], findings: Sequence[Finding], aside: SetAside) -> None:
        self._reading = Reading(list(findings), list(scans), len(findings), aside, [])

    def read(self) -> Reading:
        return self._reading


class Tree:
    """A SourceTree of a few texts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def text(self, file: str) -> str | None:
        return self._texts.get(file)

    def files(self) -> tuple[str, ...]:
        return tuple(self._texts)

    def commit(self) -> str:
        return ""


def seen(line: int | None = 10, *, scan: Scan = BEFORE, **members: Any) -> Finding:  # noqa: ANN401 - passed on
    """A finding of the earlier scan, or of the scan that is given."""
    return finding(line=line, scan=scan, **members)


def hunk(start: int, removed: str | Sequence[str] = "old()", added: str | Sequence[str] = "new()") -> Hunk:
    """Lines that were replaced."""
    old = (removed,) if isinstance(removed, str) else tuple(removed)
    return Hunk(start, old, start, (added,) if isinstance(added, str) else tuple(added))


def touched(*hunks: Hunk, file: str = APP, new: str | None = None) -> FileChange:
    """A file that was changed, or renamed, or deleted where `new` is ""."""
    status = FileStatus.MODIFIED if new is None else FileStatus.RENAMED if new else FileStatus.DELETED
    return FileChange(old_path=file, new_path=file if new is None else new, status=status, hunks=hunks)


MENDED = Change((touched(hunk(10)),))


def compare(  # noqa: PLR0913 - a builder names what may matter
    before: Sequence[Finding],
    after: Sequence[Finding] = (),
    *,
    change: Change | None = MENDED,
    scans: tuple[Sequence[Scan], Sequence[Scan]] = ((BEFORE,), (AFTER,)),
    aside: SetAside | None = None,
    targets: tuple[str, ...] | None = None,
    commit: str = "",
    texts: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401 - passed on
) -> Proof:
    """What the comparison shows; the first finding is the target unless `targets` says otherwise."""
    earlier = Reader(scans[0], before, SetAside())
    names = targets
    if names is None:
        everything = verify(State(earlier, None), State(earlier, None), Claim())
        names = tuple(one.fingerprint for one in everything.targets[:1])
    return verify(
        State(earlier, None),
        State(Reader(scans[1], after, aside or SetAside()), Tree(texts) if texts is not None else None),
        Claim(targets=names, commit=commit, change=change),
        **more,
    )


def first(proof: Proof) -> TargetVerdict:
    """The verdict on the target."""
    return proof.targets[0]


def why(proof: Proof) -> str:
    """Its verdict and the first reason, on one line."""
    return f"{first(proof).verdict.value}: {first(proof).reasons[0]}"
