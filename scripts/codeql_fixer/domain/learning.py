"""What the operator wants to be learned from, and how far it may travel."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct


class Sharing(StrEnum):
    """Whose sessions are shown a fix that was proved. Private code must not travel: by default it stays where it is."""

    OFF = "off"
    REPOSITORY = "repository"
    OWNER = "owner"
    FLEET = "fleet"


class Learning(Struct, frozen=True, kw_only=True):
    """What is learned: `probe_after` is how long what was given up rests between attempts."""

    probe_after: timedelta = timedelta(days=14)
    examples: Sharing = Sharing.REPOSITORY


class Versions(Struct, frozen=True, kw_only=True):
    """What an agent is told by: the digest of the prompt's template, and the playbook as `name@digest`."""

    prompt: str = ""
    playbook: str = ""
