"""Signs in a change that a finding was hidden from the scanner, or from the tests, in place of being fixed."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class HidingKind(StrEnum):
    """How something was hidden."""

    SUPPRESSION = "suppression"  # a comment or annotation that tells a scanner to look away
    SCAN_CONFIG = "scan_config"  # the scan looks at less, or with fewer rules
    CI_CONFIG = "ci_config"  # scan or tests run less often, or may fail
    IGNORE_FILE = "ignore_file"  # a list of files or findings that scanners leave out
    TEST_DELETED = "test_deleted"
    TEST_SKIPPED = "test_skipped"
    OUT_OF_SCOPE = "out_of_scope"  # the code lives on where scanners do not look
    GENERATED = "generated"  # the file passes for one that a machine wrote
    SWALLOWED = "swallowed"  # everything that goes wrong around the place is dropped in silence


class HidingSign(Struct, frozen=True, kw_only=True):
    """One sign. `line` counts from 1 in the new text of `file`, None where there is none; `text` is what was written.

    `covers` are old paths of the files whose findings it can hide; empty when it can hide those of any file. `is_local`
    signs hide only what is close to their line.
    """

    kind: HidingKind
    file: str
    line: int | None = None
    text: str = ""
    covers: tuple[str, ...] = ()
    is_local: bool = False
