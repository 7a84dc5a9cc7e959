"""Which generation of the API a key opens, and which settings are refused; no message ever holds the key."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.devin.factory import DEFAULT_URL, devin_account
from codeql_fixer.errors import UserError

V3_KEY, V1_KEY = "cog_" + "a2b3" * 13, "apk_user_" + "c4d5" * 8


@pytest.mark.parametrize("key", [V3_KEY, f" {V3_KEY}\n"])
def test_account__of_a_new_key_tells_costs(key: str) -> None:
    account = devin_account(key, org_id=" org-1 ", base_url="")

    assert account.org_id == "org-1"
    assert account.agent().capabilities.tells_cost


def test_account__of_an_old_key_needs_no_organization() -> None:
    account = devin_account(V1_KEY, org_id="org-1")

    assert account.org_id == ""
    assert not account.agent().capabilities.tells_cost


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("", False),
        (DEFAULT_URL, False),
        ("https://api.acme.devinenterprise.com/v3/", False),
        ("http://127.0.0.1:8080", False),
        ("http://api.devin.ai", True),
        ("api.devin.ai", True),
    ],
)
def test_account__takes_addresses_that_keep_the_key_safe(url: str, *, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(UserError, match=r"api\.devin\.ai"):
            devin_account(V1_KEY, base_url=url)
    else:
        assert devin_account(V1_KEY, base_url=url).agent().name == "devin"


@pytest.mark.parametrize(
    ("key", "org_id", "problem"),
    [
        ("", "org-1", "begin with cog_ .* or apk_"),
        ("ghp_" + "s3cr3t" * 6, "org-1", "begin with cog_ .* or apk_"),
        (V3_KEY, "", "DEVIN_ORG_ID is not set"),
        (V3_KEY, "  ", "DEVIN_ORG_ID is not set"),
        (V3_KEY, "org-1/../x", "DEVIN_ORG_ID is no id"),
        (V3_KEY + " b", "org-1", "empty or holds blanks"),
    ],
)
def test_account__refuses_and_keeps_the_key_to_itself(key: str, org_id: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem) as error:
        devin_account(key, org_id=org_id)

    assert not key or key not in str(error.value)


def test_account__shows_no_key() -> None:
    account = devin_account(V3_KEY, org_id="org-1")

    assert V3_KEY not in repr(account) + repr(account.agent()) + str(account.client)


@pytest.mark.parametrize(
    ("key", "place", "name"),
    [
        (V3_KEY, (" org-1 ", ""), "api.devin.ai/org-1"),
        (f"{V3_KEY}x", ("org-1", "https://API.devin.ai/v3/"), "api.devin.ai/org-1"),  # another user of the same
        (V3_KEY, ("org-2", ""), "api.devin.ai/org-2"),
        (V3_KEY, ("org-1", "http://127.0.0.1:8080"), "127.0.0.1/org-1"),
        (V1_KEY, ("org-1", ""), "api.devin.ai/59189902faad"),
        (f" {V1_KEY}\n", ("", "https://api.devin.ai/v1"), "api.devin.ai/59189902faad"),
        ("apk_user_other", ("", ""), "api.devin.ai/0df9bf76e4ec"),
    ],
)
def test_account__has_the_same_name_wherever_the_same_sessions_are_seen(
    key: str, place: tuple[str, str], name: str
) -> None:
    account = devin_account(key, org_id=place[0], base_url=place[1])

    assert account.name == account.agent().account == name


def test_account__of_a_long_name_is_told_apart_by_its_end() -> None:
    names = [devin_account(V3_KEY, org_id="o" * 300 + end).agent().account for end in "ab"]

    assert [len(name) for name in names] == [200, 200]
    assert names[0] != names[1]
