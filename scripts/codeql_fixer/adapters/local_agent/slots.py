"""How many sessions work at once: a slot is a lock on a file, so a killed worker gives it back."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WAIT_SECONDS = 0.1


@contextmanager
def slot(folder: Path, count: int) -> Iterator[None]:
    """Wait for one of `count` slots, in the order of coming as the kernel wakes waiters, and hold it."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _opened(folder / "turnstile.lock") as turnstile:
            fcntl.flock(turnstile, fcntl.LOCK_EX)
            descriptors = [held.enter_context(_opened(folder / f"{number}.lock")) for number in range(count)]
            while not any(_is_taken(descriptor) for descriptor in descriptors):
                time.sleep(_WAIT_SECONDS)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
