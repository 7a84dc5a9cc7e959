"""Signs in a change that findings were hidden in place of being fixed: all that the modules for each way of it see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.policy.hiding.changed_text import changed_files
from codeql_fixer.policy.hiding.ci_config import ci_signs, is_workflow
from codeql_fixer.policy.hiding.code_places import is_source
from codeql_fixer.policy.hiding.lost_cases import test_signs
from codeql_fixer.policy.hiding.moved_code import moved_signs
from codeql_fixer.policy.hiding.scan_config import scan_config_signs
from codeql_fixer.policy.hiding.suppressions import added_suppressions, line_keys
from codeql_fixer.policy.hiding.swallowed import swallowed_signs
from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codeql_fixer.domain.change import Change
    from codeql_fixer.policy.hiding.changed_text import ChangedFile

_MAX_TEXT = 200


def _nothing(_path: str) -> str | None:
    return None


def hiding_signs(change: Change, *, new_text: Callable[[str], str | None] = _nothing) -> tuple[HidingSign, ...]:
    """All signs in a change, file by file, without repeats.

    Args:
        change: what was done, without what was done besides by merges.
        new_text: gives the whole new text of a path, None where it is not known. Without it, what stands around the
            changed lines is not seen: whether they are within a string or a comment, and under which setting.
    """
    files = changed_files(change, new_text)
    return tuple(dict.fromkeys(_shortened(sign) for sign in _signs(files)))


def _signs(files: Sequence[ChangedFile]) -> Iterator[HidingSign]:
    has_new_workflow = any(is_workflow(file.file.new_path) and not file.file.old_path for file in files)
    moved = frozenset(key for file in files for key in line_keys(file.removed))
    for file in files:
        yield from _suppression_signs(file, files, moved)
        yield from scan_config_signs(file)
        yield from ci_signs(file, survives=has_new_workflow)
        yield from swallowed_signs(file)
    yield from test_signs(files)
    yield from moved_signs(files)


def _suppression_signs(file: ChangedFile, files: Sequence[ChangedFile], moved: frozenset[str]) -> Iterator[HidingSign]:
    old = file.file.old_path
    covers = (old,) if old else _origins(file, files)
    for found in added_suppressions(file, moved):
        yield HidingSign(
            kind=HidingKind.SUPPRESSION,
            file=file.path,
            line=found.line,
            text=found.text,
            covers=covers,
            is_local=found.is_local and bool(old),
        )


def _origins(file: ChangedFile, files: Sequence[ChangedFile]) -> tuple[str, ...]:
    """Where the code of a new file may come from: files of its language that lost lines. It covers itself at least."""
    language = language_of(file.path)
    olds = {
        other.file.old_path
        for other in files
        if other.removed and is_source(other.file.old_path) and language_of(other.file.old_path) == language
    }
    return tuple(sorted(olds)) or (file.path,)


def _shortened(sign: HidingSign) -> HidingSign:
    return replace(sign, text=sign.text[:_MAX_TEXT])
