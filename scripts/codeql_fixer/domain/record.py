"""What every record of the ledger has, whatever its kind (telemetry/README.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

_END = "$(?!\\n)"  # `$` alone lets one line break through

Fingerprint = Annotated[
    str,
    Meta(
        pattern=f"^[0-9a-f]{{16}}(?:[0-9a-f]{{4}})?{_END}",
        description="20 hex characters; the first records of all have 16 of them",
    ),
]
LARGEST = 2**53 - 1  # what every reader of JSON keeps to the last digit (RFC 8259, section 6), and every database
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Number = Annotated[int, Meta(ge=1, le=LARGEST)]
# Letters as GitHub has them; the name is neither `.` nor `..`, since it becomes a folder of the ledger.
_REPOSITORY = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}"
RepositoryName = Annotated[str, Meta(pattern=f"^{_REPOSITORY}{_END}", description="owner/name")]
RepositoryNameOrNone = Annotated[str, Meta(pattern=f"^(?:{_REPOSITORY})?{_END}", description="owner/name, or empty")]
# Part of file names and of git refs, which hold no `..` and end neither in a dot nor in `.lock`.
Name = Annotated[
    str,
    Meta(
        pattern="^(?!.*\\.\\.)[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?<!\\.)(?<!\\.lock)" + _END, description="a file's name"
    ),
]
Text = Annotated[str, Meta(max_length=2000)]
Url = Annotated[
    str, Meta(pattern="^(?:https?://[^\\s@]{1,2000})?" + _END, description="an address without a password, or empty")
]
Time = Annotated[datetime, Meta(tz=True)]


class Producer(Struct, frozen=True, kw_only=True):
    """The software that wrote a record; `commit` is "" when it is not known."""

    name: str
    version: str
    commit: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """The head of every record. `id` is unique among records of a kind, `recorded_at` is the writer's clock."""

    schema_version: int
    kind: str
    id: str
    recorded_at: Time
    producer: Producer
