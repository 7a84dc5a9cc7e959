"""Wires the verification of fixes from files of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.source_tree import CheckoutTree
from codeql_fixer.adapters.tree_diff import difference
from codeql_fixer.adapters.unified_diff import parse_change
from codeql_fixer.app.verify import Claim, State, verify
from codeql_fixer.domain.finding import Scan
from codeql_fixer.domain.proof import Proof
from codeql_fixer.errors import InputError, UserError
from codeql_fixer.policy.hiding.signs import hiding_signs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.domain.change import Change
    from codeql_fixer.domain.finding import Reading
    from codeql_fixer.domain.hiding import HidingSign
    from codeql_fixer.ports.source_tree import SourceTree

_MAX_DIFF = 50_000_000


class VerifyFiles(Struct, frozen=True, kw_only=True):
    """What to compare: SARIF of both states, and of each its checkout where that is at hand.

    `diff` is a file with the change between them; without it two checkouts tell. `commit` is what the candidate is
    claimed to be a scan of, "" for what its checkout says.
    """

    baseline: Path
    candidate: Path
    targets: tuple[str, ...] = ()
    baseline_dir: Path | None = None
    candidate_dir: Path | None = None
    diff: Path | None = None
    commit: str = ""


class Verified(Struct, frozen=True, kw_only=True):
    """The verdicts and what they rest on.

    `diff` is the change in git's words, None where nobody knows it. Commits are those that the scans name, "" for none.
    """

    proof: Proof
    diff: str | None
    scans: tuple[Scan, ...]
    baseline_commit: str
    candidate_commit: str


def verify_files(files: VerifyFiles, environ: Mapping[str, str]) -> Verified:
    """Judge.

    Raises:
        InputError: the baseline or the diff cannot be read.
        UserError: one of the paths is not there.
        UpstreamError: git failed.
    """
    if not files.candidate.exists():
        raise UserError(f"{files.candidate}: is not there; --candidate names the SARIF of the scan after the change")
    before, after = _tree(files.baseline_dir, environ), _tree(files.candidate_dir, environ)
    # A folder inside somebody else's checkout says nothing about itself.
    is_checkout = files.candidate_dir is not None and (files.candidate_dir / ".git").exists()
    commit = files.commit or (after.commit() if after is not None and is_checkout else "")
    diff, source = _difference(files, environ)
    earlier = _Kept(_reader(files.baseline, files.baseline_dir, before))
    later = _Kept(_reader(files.candidate, files.candidate_dir, after))

    def signs(change: Change) -> Sequence[HidingSign]:
        return hiding_signs(change, new_text=after.text if after is not None else lambda _: None)

    proof = verify(
        State(earlier, before),
        State(later, after),
        Claim(targets=files.targets, commit=commit, change=None if diff is None else parse_change(diff, source)),
        signs_of=signs,
    )
    return Verified(
        proof=proof,
        diff=diff,
        scans=tuple(later.scans),
        baseline_commit=_revision(earlier.scans),
        candidate_commit=commit or _revision(later.scans),
    )


class _Kept:
    """A reader whose scans can be looked at afterwards."""

    def __init__(self, reader: SarifReader) -> None:
        self._reader = reader
        self.scans: list[Scan] = []

    def read(self) -> Reading:
        """What the reader reads."""
        reading = self._reader.read()
        self.scans = reading.scans
        return reading


def _revision(scans: Sequence[Scan]) -> str:
    named = {scan.revision for scan in scans if scan.revision}
    return named.pop() if len(named) == 1 else ""


def _difference(files: VerifyFiles, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The change in git's words, None where nobody knows it, and where it comes from."""
    if files.diff is not None:
        return _text(files.diff), str(files.diff)
    if files.baseline_dir is None or files.candidate_dir is None:
        return None, ""
    source = f"the difference of {files.baseline_dir} and {files.candidate_dir}"
    return difference(files.baseline_dir, files.candidate_dir, environ), source


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_DIFF:
            raise InputError(
                str(path), "", f"is larger than {_MAX_DIFF // 1_000_000} MB", remedy="leave out lock files"
            )
        return path.read_bytes().decode(errors="replace")
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror or error}") from error


def _tree(folder: Path | None, environ: Mapping[str, str]) -> CheckoutTree | None:
    if folder is None:
        return None
    if not folder.is_dir():
        raise UserError(f"{folder}: is no directory")
    return CheckoutTree(folder, environ)


def _reader(path: Path, folder: Path | None, tree: SourceTree | None) -> SarifReader:
    root = folder.resolve().as_posix() if folder is not None else ""
    return SarifReader([path], root, tree.files() if tree is not None else ())
