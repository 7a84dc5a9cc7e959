"""All changes of the tables, and what git makes of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.unit.policy.hiding.cases import changes_of
from tests.unit.policy.hiding.config_gamings import CONFIG_GAMINGS
from tests.unit.policy.hiding.gamings import CODE_GAMINGS
from tests.unit.policy.hiding.honest import HONEST
from tests.unit.policy.hiding.lost_tests import LOST_TESTS

if TYPE_CHECKING:
    from codeql_fixer.domain.change import Change
    from tests.unit.policy.hiding.cases import Case

GAMINGS = (*CODE_GAMINGS, *LOST_TESTS, *CONFIG_GAMINGS)
ALL = (*GAMINGS, *HONEST)


def change(case: Case) -> Change:
    """What git makes of a case of the tables."""
    return _changes()[id(case)]


@cache
def _changes() -> dict[int, Change]:
    with TemporaryDirectory(prefix="hiding-") as folder:
        return {id(case): one for case, one in zip(ALL, changes_of(ALL, Path(folder)), strict=True)}
