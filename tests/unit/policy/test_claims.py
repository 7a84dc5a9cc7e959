"""The identity of claims, and who may touch one when."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.claims import GRACE, LEASE, PATIENCE, intent_id_of, is_hopeless, settles_at
from tests.dispatching import claim
from tests.records import at

NAMES = st.lists(st.text("0123456789abcdef", min_size=20, max_size=20), min_size=1, max_size=5, unique=True)


@given(names=NAMES, data=st.data())
def test_intent_id_of__does_not_depend_on_order_or_spelling(names: list[str], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(names))

    found = intent_id_of("Acme/Shop", names, agent="devin", attempt=1)

    assert found == intent_id_of("acme/shop", mixed, agent="devin", attempt=1)
    assert len(found) == 26


def test_intent_id_of__differs_where_the_claim_does() -> None:
    ids = {
        intent_id_of("a/b", ["1", "2"], agent="devin", attempt=1),
        intent_id_of("a/c", ["1", "2"], agent="devin", attempt=1),
        intent_id_of("a/b", ["1"], agent="devin", attempt=1),
        intent_id_of("a/b", ["12"], agent="devin", attempt=1),
        intent_id_of("a/b", ["1", "2"], agent="local", attempt=1),
        intent_id_of("a/b", ["1", "2"], agent="devin", attempt=2),
    }

    assert len(ids) == 6


def test_settles_at__after_the_claimer_has_stopped_acting() -> None:
    assert settles_at(claim("i-1", 0, 1, act_before=at(1))) == at(1) + GRACE
    assert settles_at(claim("i-1", 0, 1)) == at(0) + LEASE + GRACE


def test_is_hopeless__when_its_agent_was_silent_for_long() -> None:
    late = claim("i-1", 0, 1, act_before=at(0))

    assert not is_hopeless(late, at(0) + GRACE + PATIENCE)
    assert is_hopeless(late, at(0) + GRACE + PATIENCE + timedelta(seconds=1))
