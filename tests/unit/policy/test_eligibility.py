"""Eligibility: threshold, globs, languages, each with its reason."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import ConfigError
from codeql_fixer.policy.eligibility import Eligibility, Exclusion, FilterOptions
from codeql_fixer.policy.languages import KNOWN, expand, language_of

HIGH = SeverityTier.HIGH


@pytest.mark.parametrize(
    ("options", "file", "tier", "reason"),
    [
        (FilterOptions(), "a.py", SeverityTier.LOW, None),
        (FilterOptions(), "a.py", SeverityTier.NONE, Exclusion.BELOW_THRESHOLD),  # always
        (FilterOptions(threshold=HIGH), "a.py", SeverityTier.MEDIUM, Exclusion.BELOW_THRESHOLD),
        (FilterOptions(threshold=HIGH), "a.py", HIGH, None),
        (FilterOptions(exclude_paths=(("tests/",),)), "src/tests/a.py", HIGH, Exclusion.EXCLUDED_BY_PATH),
        (FilterOptions(exclude_paths=(("/tests/",),)), "src/tests/a.py", HIGH, None),  # anchored
        (FilterOptions(exclude_paths=(("*.py", "!keep.py"),)), "keep.py", HIGH, None),  # gitignore's negation
        # another author's negation undoes nothing
        (FilterOptions(exclude_paths=(("*.py",), ("!keep.py",))), "keep.py", HIGH, Exclusion.EXCLUDED_BY_PATH),
        (FilterOptions(include_paths=(("src/**",),)), "src/a/b.py", HIGH, None),
        (FilterOptions(include_paths=(("src/**",),)), "lib/b.py", HIGH, Exclusion.NOT_INCLUDED),
        (FilterOptions(include_paths=(("src/",), ("*.js",))), "src/b.py", HIGH, Exclusion.NOT_INCLUDED),
        (FilterOptions(include_paths=((), ())), "lib/b.py", HIGH, None),  # nobody asked for anything
        (FilterOptions(include_paths=(("src/",),)), "", HIGH, Exclusion.NOT_INCLUDED),
        (FilterOptions(exclude_paths=(("*",),)), "", HIGH, None),  # no file, so nothing to exclude it by
        (FilterOptions(languages=frozenset({"python"})), "a.py", HIGH, None),
        (FilterOptions(languages=frozenset({"python"})), "a.js", HIGH, Exclusion.OTHER_LANGUAGE),
        (FilterOptions(languages=frozenset({"python"})), "", HIGH, None),
    ],
)
def test_exclusion__has_a_reason(
    *, options: FilterOptions, file: str, tier: SeverityTier, reason: Exclusion | None
) -> None:
    assert Eligibility(options).exclusion(file, tier) is reason


def test_exclusion__answers_the_same_the_second_time() -> None:
    eligibility = Eligibility(FilterOptions(exclude_paths=(("a.py",),)))

    assert eligibility.exclusion("a.py", HIGH) is eligibility.exclusion("a.py", HIGH) is Exclusion.EXCLUDED_BY_PATH


@pytest.mark.parametrize(
    ("file", "language"),
    [
        ("a/B.PY", "python"),
        ("a.tsx", "typescript"),
        ("Makefile", ""),
        ("a.b/c", ""),
        (".github/workflows/ci.yml", "actions"),
        ("tool/action.yml", "actions"),
        ("config/app.yaml", ""),
        ("x.hpp", "cpp"),
    ],
)
def test_language_of__goes_by_the_name(file: str, language: str) -> None:
    assert language_of(file) == language


def test_expand__knows_what_codeql_scans_together() -> None:
    assert expand(["JavaScript-TypeScript", " c-cpp "]) == {"javascript", "typescript", "cpp"}
    assert expand(["ruby"]) == {"ruby"}
    assert {"actions", "java-kotlin", "swift"} <= KNOWN


@pytest.mark.parametrize("glob", ["!", "[z-a]", "\ud800", "a" * 1_000_000])
def test_eligibility__refuses_what_is_no_glob(glob: str) -> None:
    with pytest.raises(ConfigError, match="is no glob in gitignore syntax"):
        Eligibility(FilterOptions(exclude_paths=(("fine/",), (glob,))))


def test_eligibility__refuses_more_globs_than_can_be_matched_together() -> None:
    globs = tuple(f"**/?*[abc]*{number}*/**/*b?" for number in range(1000))

    with pytest.raises(ConfigError, match="too many or too long globs"):
        Eligibility(FilterOptions(exclude_paths=(globs,)))


@pytest.mark.parametrize("glob", ["*a" * 50 + "b", "**/a/" * 50 + "b", "a/" + "**/a/" * 50 + "b"])
@pytest.mark.parametrize("file", ["a" * 4000, "a/" * 2000 + "c"])
def test_exclusion__takes_no_power_of_the_length_of_a_path(glob: str, file: str) -> None:
    """A matcher that goes back over its steps does not come to an end here."""
    assert Eligibility(FilterOptions(exclude_paths=((glob,),))).exclusion(file, HIGH) is None
