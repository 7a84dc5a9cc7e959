"""Finds SARIF files and brings their bytes into memory: directories, gzip, byte-order marks."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

# GitHub refuses uploads above 10 MB gzipped; a gigabyte of text is a hundred times that. Guards against bombs.
MAX_BYTES = 1 << 30
_SUFFIXES = (".sarif", ".sarif.json", ".sarif.gz", ".sarif.json.gz")
_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Expand directories (recursively, sorted by name); a file given twice is read once.

    Raises:
        InputError: a path does not exist or cannot be read, or a directory holds no SARIF file.
    """
    found: list[Path] = []
    for path in paths:
        try:
            found += _expand(path)
        except OSError as error:
            raise InputError(error.filename or str(path), "", f"cannot be read: {error.strerror}") from error
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        walk = os.walk(path, onerror=_raise)
        names = sorted(Path(folder, name) for folder, _, names in walk for name in names)
        files = [name for name in names if name.name.lower().endswith(_SUFFIXES)]
        if not files:
            remedy = f"expected names ending in {', '.join(_SUFFIXES)}"
            raise InputError(str(path), "", "the directory holds no SARIF file", remedy=remedy)
    else:
        files = [path]
    for file in files:
        if not file.is_file():
            problem = "is neither a file nor a directory" if file.exists() else "no such file or directory"
            raise InputError(str(file), "", problem)
    return files


def _raise(error: OSError) -> None:
    """What is below a folder that cannot be read must not be left out without a word, as `os.walk` would."""
    raise error


def load(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The text of a file as UTF-8 bytes without a byte-order mark.

    Raises:
        InputError: unreadable, empty, above `max_bytes`, damaged gzip, or another encoding.
    """
    source = str(path)
    try:
        if path.stat().st_size > max_bytes:
            raise InputError(source, "", f"larger than {max_bytes:,} bytes", remedy="split the scan by language")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(source, "", f"cannot be read: {error.strerror or error}") from error
    if data.startswith(_GZIP_MAGIC):
        data = _gunzip(data, source, max_bytes)
    data = data.removeprefix(_UTF8_BOM)
    if data.startswith(_UTF16_BOMS):
        raise InputError(source, "", "is encoded in UTF-16", remedy="SARIF files are UTF-8; convert it")
    if not data.strip():
        raise InputError(source, "", "is empty", remedy="a scan without findings still writes an empty result list")
    return data


def _gunzip(data: bytes, source: str, max_bytes: int) -> bytes:
    """Decompress all members; stops at `max_bytes`, so a small file cannot fill the memory."""
    parts, room = [], max_bytes
    while data:
        member = zlib.decompressobj(wbits=31)
        try:
            parts.append(member.decompress(data, room + 1))
        except zlib.error as error:
            raise InputError(source, "", f"damaged gzip: {error}") from error
        room -= len(parts[-1])
        if room < 0:
            raise InputError(source, "", f"larger than {max_bytes:,} bytes when unpacked")
        if not member.eof:
            raise InputError(source, "", "damaged gzip: the file ends too early")
        data = member.unused_data.lstrip(b"\0")
    return b"".join(parts)
