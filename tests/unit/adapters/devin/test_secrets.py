"""Secrets of a request are in no error of `create`, however the service quotes them; what kind of error it is stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.devin.agent import DevinAgent
from codeql_fixer.adapters.devin.order import Choices, order_of
from codeql_fixer.adapters.devin.refusals import ORDER_WORDS
from codeql_fixer.domain.session import Attachment, SessionRequest
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    CodeqlFixerError,
    SessionRefusedError,
    SessionUnsettledError,
)
from codeql_fixer.transport.errors import DamagedAnswerError, NoAnswerError, StatusError, detail_of
from tests.unit.adapters.devin.test_agent import REQUEST, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.ports.agent import Created

PEM = "-----BEGIN KEY-----\nabcd1234\nefgh5678\n-----END KEY-----"
CALL = "POST sessions"


def _with(secret: str, **more: tuple[Attachment, ...]) -> SessionRequest:
    return replace(REQUEST, secrets={"TOKEN": secret}, **more)


def _refused(service: Service, request: SessionRequest) -> CodeqlFixerError:
    with pytest.raises(CodeqlFixerError) as error:
        _created(service, request)
    return error.value


def _created(service: Service, request: SessionRequest) -> Created:
    return DevinAgent(service, account="test", timing=service.time.timing()).create(request)


def _all_of(error: BaseException | None) -> Iterator[str]:
    """What an error and those behind it hold, whether a traceback would show it or not."""
    while error is not None:
        yield f"{error} {error!r} {error.args!r} {vars(error)!r}"
        error = error.__cause__ or error.__context__


def _answer(status: int, words: str) -> StatusError:
    return StatusError(CALL, status, detail_of(json.dumps({"detail": words}).encode()))


@pytest.mark.parametrize(
    ("secret", "body", "part"),
    [
        # line breaks become blanks
        (PEM, json.dumps({"detail": f"session_secrets[0].value is not allowed: {PEM}"}), "abcd1234"),
        # quoted once more
        ('pa"ss\\w0rd', json.dumps({"detail": "bad value " + json.dumps('pa"ss\\w0rd')}), "w0rd"),
        # cut in the middle
        ("S3CRET" * 20, json.dumps({"detail": "x" * 550 + "S3CRET" * 20}), "S3CRET"),
        # in another encoding
        ("geheim123", json.dumps({"detail": "Z2VoZWltMTIz is too short"}), "Z2VoZWltMTIz"),
    ],
)
def test_create__tells_no_secret_in_whatever_form_it_is_quoted(secret: str, body: str, part: str) -> None:
    service = Service()
    service.failures = [StatusError(CALL, 422, detail_of(body.encode()))]

    error = _refused(service, _with(secret))

    assert part not in " ".join(_all_of(error))
    assert str(error).startswith(f"{CALL}: 422 (")


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (_answer(422, PEM), SessionRefusedError),
        (_answer(402, PEM), BudgetStopError),
        (_answer(403, f"out_of_credits {PEM}"), BudgetStopError),
        (_answer(401, PEM), AgentDeniedError),
        (_answer(404, PEM), SessionRefusedError),
        (_answer(429, PEM), AgentUnavailableError),
        (_answer(500, PEM), SessionUnsettledError),
        (DamagedAnswerError("no session", words=PEM), SessionUnsettledError),
        (NoAnswerError("lost", may_have_acted=True, is_transient=True, words=PEM), SessionUnsettledError),
        (NoAnswerError("no way", may_have_acted=False, is_transient=True, words=PEM), AgentUnavailableError),
    ],
)
def test_create__keeps_the_kind_of_an_error_without_its_words(failure: Exception, kind: type[Exception]) -> None:
    service = Service()
    service.failures = [failure]

    error = _refused(service, _with(PEM))

    assert type(error) is kind
    assert "abcd1234" not in " ".join(_all_of(error))
    assert error.__cause__ is error.__context__ is None


def test_create__tells_no_secret_that_is_quoted_while_it_looks() -> None:
    service = Service()
    service.failures = [_answer(500, PEM), *[_answer(503, PEM)] * 6]

    error = _refused(service, _with(PEM))

    assert isinstance(error, SessionUnsettledError)
    assert "abcd1234" not in " ".join(_all_of(error))
    assert "(POST sessions: 503)" in str(error)


def test_create__tells_no_secret_that_is_quoted_at_an_upload() -> None:
    service = Service()
    service.upload_failure = _answer(500, PEM)

    error = _refused(service, _with(PEM, attachments=(Attachment(name="a", content=b""),)))

    assert type(error) is AgentUnavailableError
    assert "abcd1234" not in " ".join(_all_of(error))
    assert service.asked == []


def test_create__names_the_places_that_are_ours() -> None:
    service = Service()
    places = ("body.session_secrets.0.key", "/prompt", f"body.{PEM}")
    service.failures = [StatusError(CALL, 422, PEM, places=places)]

    error = _refused(service, _with(PEM))

    assert str(error).startswith("POST sessions: 422 about key, prompt, session_secrets (")
    assert "abcd1234" not in str(error)


def test_create__without_secrets_quotes_the_service() -> None:
    service = Service()
    service.failures = [StatusError(CALL, 422, "prompt: too long", places=("prompt",))]

    assert str(_refused(service, REQUEST)) == "POST sessions: 422: prompt: too long"


@pytest.mark.parametrize("failure", ["secret-\ud800", "prompt-\ud800"])
def test_create__of_what_is_no_text_is_refused_without_it(failure: str) -> None:
    """The error of the encoder holds all of the text."""
    service = Service()
    service.failures = [UnicodeEncodeError("utf-8", failure, 7, 8, "surrogates not allowed")]

    error = _refused(service, _with("TOKEN"))

    assert type(error) is SessionRefusedError
    assert failure[:7] not in " ".join(_all_of(error))


def test_order__has_only_words_that_refusals_may_name() -> None:
    request = replace(_with("x"), max_acu=1)

    order = order_of(request, Choices(playbooks={"injection": "p"}, knowledge_ids=(), secret_ids=()))

    assert {*order, *order["session_secrets"][0]} <= ORDER_WORDS
