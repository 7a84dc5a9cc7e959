"""How much of the log of a failed check is read: its end, which says why."""

from __future__ import annotations

LOG_BYTES = 4096


def tail(text: str) -> str:
    """The last lines of a text that have no more than 4 kB together; of a longer line, its end."""
    content = text.encode(errors="replace")
    if len(content) <= LOG_BYTES:
        return text
    cut = content[-LOG_BYTES:]
    begin = cut.find(b"\n", 0, LOG_BYTES // 2) + 1
    return cut[begin:].decode(errors="ignore")
