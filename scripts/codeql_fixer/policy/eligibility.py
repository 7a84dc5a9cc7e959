"""Which findings are worth work: severity threshold, path globs, languages. Every exclusion has a reason."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import ConfigError
from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathspec import GitIgnoreSpec


class Exclusion(StrEnum):
    """Why a finding is not worked on."""

    BELOW_THRESHOLD = "below_threshold"
    EXCLUDED_BY_PATH = "excluded_by_path"
    NOT_INCLUDED = "not_included"
    OTHER_LANGUAGE = "other_language"


class FilterOptions(Struct, frozen=True, kw_only=True):
    """What the user, and then the target's own configuration, want to have worked on.

    Globs follow gitignore. They come in groups, one per author: every include group must match and no exclude
    group may, so that a target's own globs can narrow the user's and never undo them (`!` works inside a group).
    Empty groups and empty `languages` let everything through.
    """

    threshold: SeverityTier = SeverityTier.LOW
    include_paths: tuple[tuple[str, ...], ...] = ()
    exclude_paths: tuple[tuple[str, ...], ...] = ()
    languages: frozenset[str] = frozenset()


class Eligibility:
    """Decides finding by finding; answers about paths are kept, since files repeat.

    Raises:
        ConfigError: one of the globs is none.
    """

    def __init__(self, options: FilterOptions) -> None:
        self._least_rank = options.threshold.rank
        self._includes = [compiled(group) for group in options.include_paths if group]
        self._excludes = [compiled(group) for group in options.exclude_paths if group]
        self._languages = options.languages
        self._by_file: dict[str, Exclusion | None] = {}

    def exclusion(self, file: str, tier: SeverityTier) -> Exclusion | None:
        """Why a finding in this file with this tier is left out; None when it is not.

        A finding of tier `none` is always below the threshold. One without a file in the repository passes
        the globs only when nothing is asked to be included.
        """
        if tier.rank < self._least_rank or tier is SeverityTier.NONE:
            return Exclusion.BELOW_THRESHOLD
        if file not in self._by_file:
            self._by_file[file] = self._path_exclusion(file)
        return self._by_file[file]

    def _path_exclusion(self, file: str) -> Exclusion | None:
        if file and any(spec.match_file(file) for spec in self._excludes):
            return Exclusion.EXCLUDED_BY_PATH
        if any(not file or not spec.match_file(file) for spec in self._includes):
            return Exclusion.NOT_INCLUDED
        if self._languages and file and language_of(file) not in self._languages:
            return Exclusion.OTHER_LANGUAGE
        return None


def compiled(globs: Sequence[str]) -> GitIgnoreSpec:
    """One group of globs, ready to match.

    RE2 does the matching: its time grows with the length of the path, that of `re` with powers of it, and a target's
    own globs are a stranger's.

    Raises:
        ConfigError: one of them is no glob, or all together are too large.
    """
    # Imported here, since most runs have no globs, and these are a tenth of a small run's start-up.
    import re2  # noqa: PLC0415
    from pathspec import GitIgnoreSpec  # noqa: PLC0415

    for part in (*([glob] for glob in globs), globs):
        try:
            spec = GitIgnoreSpec.from_lines(part, backend="re2")
        except (ValueError, re.error, re2.error) as error:
            fault = (
                f"{part[0]!r:.100} is no glob in gitignore syntax" if len(part) == 1 else "too many or too long globs"
            )
            raise ConfigError(f"{fault}: {str(error)[:200]}") from error
    return spec
