"""Signs of hiding in real diffs: every gaming is seen, no honest change is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.policy.hiding.signs import hiding_signs
from tests.unit.policy.hiding.honest import HONEST
from tests.unit.policy.hiding.tables import GAMINGS, change

if TYPE_CHECKING:
    from tests.unit.policy.hiding.cases import Case


@pytest.mark.parametrize("case", GAMINGS, ids=lambda case: case.name)
def test_hiding_signs__gaming_is_seen(case: Case) -> None:
    signs = hiding_signs(change(case), new_text=lambda path: case.files[path].after)

    assert case.kinds in {str(sign.kind) for sign in signs}
    assert all(len(sign.text) <= 200 for sign in signs)


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case.name)
def test_hiding_signs__honest_changes_show_none(case: Case) -> None:
    assert hiding_signs(change(case), new_text=lambda path: case.files[path].after) == ()
