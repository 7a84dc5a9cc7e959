"""Secrets: known shapes and what looks like chance go, code stays."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.secrets import REMOVED, redacted

# Put together here, so that nobody takes this file for one that leaks.
SHAPES = {
    "a token of GitHub": "ghp_" + "a1B2" * 9,
    "a fine-grained one": "github_pat_" + "a1B2" * 9,
    "a key of AWS": "AKIA" + "IOSF7EXAMPLEKEY1"[:16],
    "a secret of AWS": "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzEXAMPLEKEY",
    "a token of Slack": "xoxb-" + "123456789012-abcdef",
    "a key of Stripe": "sk_live_" + "4eC39HqLyjWDarjt",
    "a key of Google": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "a token of a web session": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0." + "dBjftJeZ4CVPmB92K27u",
    "a key of Devin": "cog_" + "0123456789abcdefgh",
    "a digest": "d41d8cd98f00b204" + "e9800998ecf8427e",
}


@pytest.mark.parametrize("secret", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("around", ["{}", '+    key = "{}"', "-curl -H 'X-Key: {}' https://acme.example/", "a={}&b=1"])
def test_redacted__takes_out_what_has_the_shape_of_a_key(secret: str, around: str) -> None:
    found = redacted(around.format(secret))

    assert secret not in found
    assert REMOVED in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('password = "hunter2"', f'password = "{REMOVED}"'),
        ("  'api-key': 'abc',", f"  'api-key': '{REMOVED}',"),
        ('if token == "abc":', f'if token == "{REMOVED}":'),
        ('client_secret=f"{a}b"', f'client_secret=f"{REMOVED}"'),
        ("+DB_PASSWORD=foo", f"+DB_PASSWORD={REMOVED}"),
        ("redis://user:pw@host/0", f"redis://user:{REMOVED}@host/0"),
        ("Authorization: Bearer abcdefgh", f"Authorization: Bearer {REMOVED}"),
    ],
)
def test_redacted__takes_out_what_is_called_a_secret(text: str, expected: str) -> None:
    assert redacted(text) == expected


def test_redacted__takes_out_private_keys_whole() -> None:
    head, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"

    assert redacted(f"before\n+{head}\n+MIIEow\n+{end}\nafter") == f"before\n+{REMOVED}\nafter"
    assert redacted(f"{head}\nMIIEow") == REMOVED  # cut before its end


@pytest.mark.parametrize(
    "code",
    [
        '+    cursor.execute("SELECT * FROM users WHERE id = %s", (user_id,))',
        "-token = get_token(request)",
        "+def parse_http2_response_headers_and_return_them(self) -> None:",
        "+++ b/src/main/java/com/acme/shop2/controllers/UserController2.java",
        "+AbstractSingletonProxyFactoryBean2 = org.springframework.aop",
        "@@ -10,6 +10,7 @@ def login(request):",
        "+password = os.environ['DB'] if 'DB' in os.environ else None",
        "1234567890123456789012345678901234567890",
    ],
)
def test_redacted__leaves_code_alone(code: str) -> None:
    assert redacted(code) == code


def test_redacted__takes_long_lines_for_data() -> None:
    assert redacted("+" + "x" * 600) == "+[long line removed]"


def test_redacted__hides_what_stands_in_quotes_where_that_is_asked_for() -> None:
    assert redacted("-login('sam', \"blue\")\n+login(user)", hides_literals=True) == (
        f"-login('{REMOVED}', \"{REMOVED}\")\n+login(user)"
    )


@given(st.text(st.sampled_from(string.ascii_letters + string.digits), min_size=36, max_size=36), st.text(max_size=20))
def test_redacted__a_token_of_github_never_survives(token: str, before: str) -> None:
    text = f"{before} ghp_{token} end"

    assert token not in redacted(text)


@given(st.text(max_size=300))
def test_redacted__twice_is_once(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)
