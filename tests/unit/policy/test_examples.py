"""Examples: what of a change is shown, and which of several come first."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.fix_example import MOST_DIFF, KnownExample, ProvedFix
from codeql_fixer.policy.examples import chosen, example_id, shown_diff
from codeql_fixer.policy.secrets import REMOVED


def _fix(**members: Any) -> ProvedFix:  # noqa: ANN401 - passed on
    known: dict[str, Any] = {
        "repository": "acme/shop",
        "fingerprint": "0" * 20,
        "rule_id": "py/sql-injection",
        "family": "injection",
        "language": "python",
        "file": "shop/db.py",
        "pull_repository": "acme/shop",
        "pull_request": 7,
        "pull_request_url": "",
        "intent_id": "i-1",
    }
    return ProvedFix(**{**known, **members})


def _section(file: str, *lines: str) -> str:
    return "\n".join([f"diff --git a/{file} b/{file}", f"--- a/{file}", f"+++ b/{file}", "@@ -1 +1 @@", *lines, ""])


def test_shown_diff__begins_with_the_file_of_the_issue_and_has_nothing_generated() -> None:
    diff = "".join(
        [
            _section("docs/a.md", "+text"),
            _section("package-lock.json", "+lots"),
            _section("shop/db.py", "-unsafe()", "+safe()"),
            _section("static/app.min.js", "+x"),
        ]
    )

    found = shown_diff(diff, _fix())

    assert found.startswith("diff --git a/shop/db.py")
    assert "docs/a.md" in found
    assert "lock" not in found
    assert "min.js" not in found


def test_shown_diff__removes_secrets_before_it_is_cut() -> None:
    """Half a key would have no shape any more."""
    key = "ghp_" + "a1B2" * 9
    for padding in range(1880, 2001, 5):
        lines = ["+" + "x" * 99 for _ in range(padding // 100)]
        diff = _section("shop/db.py", *lines, "+" + "y" * (padding % 100) + f" {key}", *["+end"] * 99)

        found = shown_diff(diff, _fix())

        assert len(found) <= MOST_DIFF
        assert "ghp_" not in found


def test_shown_diff__of_a_fix_that_is_about_secrets_shows_no_literal() -> None:
    diff = _section("shop/db.py", '-login("sam", "blue42")', "+login(user, key)")

    assert "blue42" not in shown_diff(diff, _fix(family="hardcoded-credentials"))
    assert REMOVED in shown_diff(diff, _fix(family="hardcoded-credentials"))
    assert "blue42" in shown_diff(diff, _fix())


def test_shown_diff__of_nothing_is_nothing() -> None:
    assert shown_diff("", _fix()) == ""
    assert shown_diff("Not a diff.", _fix()) == ""


@given(st.text(max_size=5000))
def test_shown_diff__is_never_too_long(text: str) -> None:
    assert len(shown_diff(_section("a.py", text) + text, _fix())) <= MOST_DIFF


def test_example_id__is_the_same_for_everybody() -> None:
    assert example_id("Acme/Shop", 7, "r") == example_id("acme/shop", 7, "r")
    assert len({example_id("acme/shop", number, rule) for number in (7, 8) for rule in ("r", "s")}) == 4


def _example(number: int, **members: Any) -> KnownExample:  # noqa: ANN401 - passed on
    known: dict[str, Any] = {
        "id": f"x-{number}",
        "repository": "acme/api",
        "rule_id": "other",
        "family": "injection",
        "language": "java",
        "pull_request": number,
        "pull_request_url": "",
        "diff": "+x",
    }
    return KnownExample(**{**known, **members})


def test_chosen__prefers_the_rule_then_the_language_then_the_repository() -> None:
    newest = _example(1)
    near = _example(2, repository="acme/shop")
    same_language = _example(3, language="python")
    same_rule = _example(4, rule_id="mine")

    def numbers(*examples: KnownExample) -> list[int]:
        found = chosen(examples, rules={"mine"}, languages={"python"}, repository="acme/shop")
        return [one.pull_request for one in found]

    assert numbers(newest, near, same_language, same_rule) == [4, 3, 2]
    assert numbers(newest, _example(5)) == [1, 5]
    assert numbers() == []


def test_chosen__shows_a_pull_request_once_by_the_rule_that_is_asked_for() -> None:
    twice = [_example(7, rule_id="other"), _example(7, rule_id="mine"), _example(7, rule_id="mine")]

    [found] = chosen(twice, rules={"mine"}, languages=(), repository="acme/api")

    assert found.rule_id == "mine"
