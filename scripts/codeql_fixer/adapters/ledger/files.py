"""What the ledgers share: the files of some records, and which of them are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.codec import encode
from codeql_fixer.errors import UserError
from codeql_fixer.policy.ledger_paths import SNAPSHOT_PATH, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from codeql_fixer.domain.kinds import AnyRecord


def files_of(records: Sequence[AnyRecord]) -> dict[str, bytes]:
    """Path to text.

    Raises:
        UserError: two different records have the same path.
        DamagedRecordError: a record breaks its schema.
    """
    files: dict[str, bytes] = {}
    for record in records:
        path, data = path_of(record), encode(record)
        if files.setdefault(path, data) != data:
            raise taken(path)
    return files


def missing(files: Mapping[str, bytes], present: Mapping[str, object], identify: Callable[[bytes], object]) -> set[str]:
    """The paths that are still to be written.

    Args:
        files: path to text.
        present: what stands at those paths that are taken, as `identify` names it.
        identify: names a text; equal texts have equal names.

    Raises:
        UserError: another record has one of the paths. Only the snapshot is replaced.
    """
    new = {path for path, data in files.items() if present.get(path) != identify(data)}
    for path in sorted(new & present.keys() - {SNAPSHOT_PATH}):
        raise taken(path)
    return new


def taken(path: str) -> UserError:
    """The error for a second record in one place."""
    return UserError(f"{path}: the ledger holds another record there; a run that differs needs a run id of its own")
