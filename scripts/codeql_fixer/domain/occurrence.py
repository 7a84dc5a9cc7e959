"""What happened in the fleet at a moment, as an index tells it to those who make news of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Occurrence(Struct, frozen=True, kw_only=True):
    """One thing that happened, once.

    `identity` tells it from others of its kind, whoever asks and whenever. `subject` is what it happened to (a rule, an
    agent, a family), `place` where (a file, a number), `tier` and `detail` what else is known; all "" where there is
    nothing to say, and all of it text of strangers.
    """

    at: datetime
    identity: str
    repository: str
    subject: str = ""
    place: str = ""
    tier: str = ""
    detail: str = ""
    url: str = ""
