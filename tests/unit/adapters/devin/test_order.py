"""What sessions are ordered with."""

from __future__ import annotations

from codeql_fixer.adapters.devin.order import Choices, order_of
from codeql_fixer.adapters.devin.output_schema import output_schema, triage_schema
from codeql_fixer.domain.session import SessionRequest

CHOICES = Choices(knowledge_ids=("note-1",), secret_ids=("secret-1",), playbooks={"injection": "playbook-1"})


def _request(*, is_triage: bool) -> SessionRequest:
    return SessionRequest(
        intent_id="i-1",
        target_repo="",
        title="t",
        prompt="p",
        family="triage" if is_triage else "injection",
        targets=(),
        playbook="" if is_triage else "injection",
        is_triage=is_triage,
    )


def test_order__of_a_triage_has_its_own_form_of_answer_and_nobodys_secrets() -> None:
    order = order_of(_request(is_triage=True), CHOICES)

    assert order["structured_output_schema"] == triage_schema()
    assert (order["secret_ids"], order["knowledge_ids"]) == ((), ())
    assert "playbook_id" not in order
    assert order["tags"] == ["cqf:i-1"]


def test_order__of_a_fix_has_what_was_chosen() -> None:
    order = order_of(_request(is_triage=False), CHOICES)

    assert order["structured_output_schema"] == output_schema()
    assert (order["secret_ids"], order["knowledge_ids"]) == (("secret-1",), ("note-1",))
    assert order["playbook_id"] == "playbook-1"
