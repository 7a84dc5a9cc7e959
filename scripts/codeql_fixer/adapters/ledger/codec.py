"""Records as bytes and back: one writer and one reader for every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.ledger.schemas import problems_of
from codeql_fixer.adapters.ledger.upcast import UPCASTERS
from codeql_fixer.domain.kinds import KINDS, VERSIONS
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.errors import DamagedRecordError, FutureRecordError
from codeql_fixer.policy.ledger_paths import PACKS, path_of
from codeql_fixer.ports.ledger import Damaged, Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Entry

_REMEDY = "its writer has to write it again; 'orchestrator.py fsck' lists all of them"
_DECODERS = {kind: msgspec.json.Decoder(record) for kind, record in KINDS.items()}
_RUN_FOLDER = "telemetry/runs/"


class _Head(Struct):
    kind: str
    schema_version: int


_HEAD = msgspec.json.Decoder(_Head)


def encode(record: AnyRecord) -> bytes:
    """The text of a record, checked as a reader would check it. Scan runs are long and stand on one line.

    Raises:
        DamagedRecordError: a value breaks the schema; a bug of whoever made the record.
    """
    data = msgspec.json.encode(record)
    try:
        path_of(_DECODERS[record.kind].decode(data))
    except (msgspec.ValidationError, OverflowError) as error:
        raise DamagedRecordError(f"{record.kind} {record.id}", "", f"breaks the schema: {error}") from error
    return (data if isinstance(record, ScanRun) else msgspec.json.format(data, indent=2)) + b"\n"


def decode(data: bytes, source: str) -> AnyRecord:
    """The record of a text, brought to the present version.

    Args:
        data: JSON.
        source: what error messages name.

    Raises:
        DamagedRecordError: it is no record.
        FutureRecordError: its version is newer than this software.
    """
    if source.startswith(_RUN_FOLDER):  # nearly all bytes of a ledger: the shortest way
        try:
            return _DECODERS["scan_run"].decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # the long way tells what is wrong, and knows earlier versions
    try:
        return _decode(data, source)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedRecordError(source, "", f"is no record: {error}", remedy=_REMEDY) from error


def _decode(data: bytes, source: str) -> AnyRecord:
    head = _HEAD.decode(data)
    if head.kind not in KINDS:
        raise DamagedRecordError(source, "$.kind", f"{head.kind!r:.60} is no kind of record", remedy=_REMEDY)
    newest = VERSIONS[head.kind]
    if head.schema_version > newest:
        raise FutureRecordError(
            f"{source}: {head.kind} of version {head.schema_version}, this software knows up to {newest}; "
            "update codeql-fixer"
        )
    if head.schema_version == newest:
        return _DECODERS[head.kind].decode(data)
    raw = msgspec.json.decode(data, type=dict[str, object])
    for version in range(head.schema_version, newest):
        upcast = UPCASTERS.get((head.kind, version))
        if upcast is None:
            raise DamagedRecordError(source, "$.schema_version", f"{version} never existed", remedy=_REMEDY)
        try:
            raw = upcast(raw)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DamagedRecordError(source, "", f"is no {head.kind} of version {version}: {error!r}") from error
    return msgspec.convert(raw, KINDS[head.kind])


def entries_of(path: str, data: bytes) -> Iterator[Entry]:
    """The record of a file, or the records of a pack, each under the path that it has or had.

    Raises:
        FutureRecordError: as `decode`.
    """
    if not path.startswith(PACKS):
        yield _entry(path, data)
        return
    for number, line in enumerate(data.splitlines(), start=1):
        yield _entry(f"{path}:{number}", line, is_packed=True)


def pack(records: Iterable[AnyRecord]) -> bytes:
    """The text of a pack: one record per line, in the order of their paths."""
    return b"".join(encode(record) for record in sorted(records, key=path_of))


def audit(path: str, data: bytes) -> Iterator[Damaged]:
    """What is wrong with a file in a record's place, by the schema's own word."""
    is_packed = path.startswith(PACKS)
    for number, text in enumerate(data.splitlines() if is_packed else [data], start=1):
        place = f"{path}:{number}" if is_packed else path
        entry = _entry(place, text, is_packed=is_packed)
        if isinstance(entry, Damaged):
            yield entry
        else:
            for problem in problems_of(text):
                yield Damaged(place, f"{place}: {problem}")


def _entry(path: str, data: bytes, *, is_packed: bool = False) -> Entry:
    try:
        record = decode(data, path)
        own_path = path_of(record)
    except DamagedRecordError as error:
        return Damaged(path, str(error))
    except OverflowError:
        return Damaged(path, f"{path}: $.recorded_at is at the very end of time, where no other time zone exists")
    if own_path != path and not is_packed:
        return Damaged(path, f"{path}: holds a record that belongs at {own_path}")
    return Stored(own_path, record)
