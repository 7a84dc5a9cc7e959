"""Collects what is wrong in a readable file: one warning per kind of fault, with its count and first place."""

from __future__ import annotations


class Faults:
    """The faults of one file. A file with ten thousand faults of a kind gives one line, not ten thousand."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._seen: dict[str, tuple[int, str]] = {}

    def add(self, problem: str, place: str) -> None:
        """Note a fault; `place` is a JSON path such as `$.runs[0].results[3].message`."""
        count, first = self._seen.get(problem, (0, place))
        self._seen[problem] = (count + 1, first)

    def warnings(self) -> list[str]:
        """One line per kind of fault."""
        return [
            f"{self._source}: {first}: {problem}" + (f" (and {count - 1} more like it)" if count > 1 else "")
            for problem, (count, first) in self._seen.items()
        ]
