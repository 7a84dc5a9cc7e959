"""Types of messages, made ready one after the other.

msgspec looks at a type when something is first read as it, and keeps what it found with the type. Threads that do so at
the same moment have brought the whole process down (0.22; tests/unit/transport/test_message_types.py shows it).
"""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

T = TypeVar("T")
_LOCK = threading.Lock()
_READY: set[type] = set()


def ready(kind: type[T]) -> type[T]:
    """The same type, which any number of threads may read from now on; whatever threads read goes through here."""
    if kind not in _READY:
        with _LOCK:
            msgspec.json.Decoder(kind)
            _READY.add(kind)
    return kind
