"""Settings: typed, from flags and environment, every fault at once."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import ConfigError
from codeql_fixer.options import BY_NAME, MODES, OPTIONS, THRESHOLDS, Use
from codeql_fixer.settings import FleetSettings, Settings

BASE = {"TARGET_REPO": "acme/shop", "OUTPUT_DIR": "out", "SARIF": "a.sarif", "LEDGER": "ledger"}


def test_from_environ__has_the_defaults_of_the_table() -> None:
    settings = Settings.from_environ(BASE)

    assert settings.mode is Mode.BASIC
    assert (settings.batch_size, settings.max_sessions) == (5, 25)
    assert settings.severity_threshold is SeverityTier.LOW
    assert (settings.sarif, settings.include_paths, settings.is_json) == (("a.sarif",), (), False)
    assert settings.dispatch.max_failure_rate == 50
    assert settings.dispatch.max_acu_per_session is None
    assert settings.dispatch.devin_api_key == ""


def test_from_environ__a_flag_wins_over_a_variable() -> None:
    settings = Settings.from_environ({**BASE, "BATCH_SIZE": "9"}, {"batch_size": "3"})

    assert settings.batch_size == 3


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_from_environ__an_empty_variable_is_none(empty: str) -> None:
    assert Settings.from_environ({**BASE, "BATCH_SIZE": empty}).batch_size == 5


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ("acme/shop", "acme/shop"),
        (" https://github.com/acme/shop/ ", "acme/shop"),
        ("https://github.example/acme/shop.git", "acme/shop"),
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("a-b/c.d_e-f", "a-b/c.d_e-f"),
    ],
)
def test_from_environ__knows_a_repository_by_owner_and_name(given: str, slug: str) -> None:
    assert Settings.from_environ({**BASE, "TARGET_REPO": given}).target_repo == slug


@pytest.mark.parametrize(
    "given",
    ["acme", "acme/shop/x", "acme/sh op", "../shop", "https://user:secret@github.com/a/b", "a/b\nc", "-a/b", "a/b`x`"],
)
def test_from_environ__refuses_what_is_no_repository(given: str) -> None:
    with pytest.raises(ConfigError, match="target_repo"):
        Settings.from_environ({**BASE, "TARGET_REPO": given})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "fast"),
        ("BATCH_SIZE", "0"),
        ("BATCH_SIZE", "51"),
        ("BATCH_SIZE", "2.5"),
        ("BATCH_SIZE", "\u0665"),
        ("BATCH_SIZE", "9" * 400),
        ("BATCH_SIZE", "000000005000"),
        ("MAX_SESSIONS", "101"),
        ("SEVERITY_THRESHOLD", "none"),
        ("SCANNER", "rm"),
        ("JSON", "perhaps"),
        ("RUN_ID", "../x"),
        ("RUN_ID", "a" * 65),
        ("RUN_ID", "a..b"),
        ("RUN_ID", "a.lock"),
        ("RUN_ID", "a."),
        ("DEFAULT_BRANCH", "main; rm"),
        ("OUTPUT_DIR", "a\nb=c"),
        ("MAX_FAILURE_RATE", "101"),
        ("MAX_ACU_PER_SESSION", "0"),
        ("ENABLE_KNOWLEDGE", "2"),
        ("LANGUAGES", "python, cobol"),
        ("INCLUDE_PATHS", "src/, [z-a]"),
        ("EXCLUDE_PATHS", "!"),
    ],
)
def test_from_environ__names_the_option_of_a_wrong_value(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_environ({**BASE, name: value})

    assert name in str(caught.value)


def test_from_environ__reports_all_faults_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_environ({"BATCH_SIZE": "x", "MODE": "y"})

    assert [line.partition(" ")[0] for line in str(caught.value).splitlines()] == [
        "mode",
        "target_repo",
        "output_dir",
        "batch_size",
        "findings:",
    ]


@pytest.mark.parametrize(
    "given",
    [{"SARIF": ""}, {"FINDINGS_CSV": "a.csv"}, {"SCANNER": "bandit", "TARGET_DIR": "."}],
    ids=["none", "two", "2"],
)
def test_from_environ__wants_exactly_one_source(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="exactly one of --sarif, --findings-csv and --scanner"):
        Settings.from_environ({**BASE, **given})


@pytest.mark.parametrize("given", [{"SARIF": "", "SCANNER": "bandit"}, {"CONFIG_FILE": "x.yml"}])
def test_from_environ__wants_the_checkout_where_it_is_needed(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="needs --target-dir"):
        Settings.from_environ({**BASE, **given})


def test_from_environ__splits_lists() -> None:
    settings = Settings.from_environ({**BASE, "EXCLUDE_PATHS": "a/, b/\nc/\n\n", "SARIF": "one,two.sarif\nthree"})

    assert settings.exclude_paths == ("a/", "b/", "c/")
    assert settings.sarif == ("one,two.sarif", "three")  # a file name may hold a comma


def test_from_environ__knows_languages_by_any_spelling() -> None:
    settings = Settings.from_environ({**BASE, "LANGUAGES": "JavaScript-TypeScript, c++"})

    assert settings.languages == {"javascript", "typescript", "cpp"}


def test_from_environ__never_keeps_or_shows_a_secret() -> None:
    secrets = {option.variable: f"top-secret-{option.name}" for option in OPTIONS if option.is_secret}

    settings = Settings.from_environ({**BASE, **secrets})

    assert settings.dispatch.devin_api_key
    assert "top-secret" not in repr(settings)
    with pytest.raises(ConfigError) as caught:
        Settings.from_environ({**BASE, **secrets, "BATCH_SIZE": "x"})
    assert "top-secret" not in str(caught.value)


def test_options__agree_with_the_types() -> None:
    assert set(MODES) == set(Mode)
    assert list(THRESHOLDS) == [tier.value for tier in SeverityTier if tier is not SeverityTier.NONE]
    assert len(BY_NAME) == len(OPTIONS)
    assert not [option.name for option in OPTIONS if option.is_secret and option.use is Use.EVERYWHERE]


def test_from_environ__hands_secrets_to_sessions_by_name() -> None:
    settings = Settings.from_environ({**BASE, "SESSION_SECRETS": "NPM_TOKEN", "NPM_TOKEN": "geheim"})

    assert settings.dispatch.session_secrets == {"NPM_TOKEN": "geheim"}
    assert "geheim" not in repr(settings)
    with pytest.raises(ConfigError, match=r"session_secrets.*NPM_TOKEN"):
        Settings.from_environ({**BASE, "SESSION_SECRETS": "NPM_TOKEN"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AGENT", "rm -rf"),
        ("DEVIN_ORG_ID", "org/../x"),
        ("DEVIN_API_URL", "ftp://x"),
        ("DEVIN_API_URL", "https://user:pass@x"),
        ("WAVE_SIZE", "-1"),
        ("WAVE_GATE", "101"),
        ("KNOWLEDGE_FOLDER_ID", "a b"),
    ],
)
def test_from_environ__refuses_wrong_settings_of_dispatch(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Settings.from_environ({**BASE, name: value})


@pytest.mark.parametrize(("mode", "is_needed"), [("dry-run", False), ("basic", True), ("orchestrator", True)])
def test_from_environ__needs_a_ledger_where_something_is_recorded(mode: str, *, is_needed: bool) -> None:
    environ = {name: value for name, value in BASE.items() if name != "LEDGER"} | {"MODE": mode}

    if is_needed:
        with pytest.raises(ConfigError, match="ledger"):
            Settings.from_environ(environ)
    else:
        assert Settings.from_environ(environ).ledger is None


def test_from_environ__keeps_no_state_unless_told() -> None:
    """The default place may lie in a stranger's checkout, whose index would be believed."""
    assert Settings.from_environ(BASE).state_dir == ""
    assert Settings.from_environ({**BASE, "STATE_DIR": "state"}).state_dir == "state"


_PEM = "-----BEGIN RSA PRIVATE KEY-----\nR2VoZWlt\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("key", [_PEM, _PEM.replace("\n", "\\n"), _PEM.replace("\n", "\r\n") + "\n"])
def test_github_app__has_a_key_of_many_lines(key: str) -> None:
    settings = _fleet(GITHUB_APP_ID="123", GITHUB_APP_PRIVATE_KEY=key)

    assert (settings.github_app.id, settings.github_app.private_key) == ("123", _PEM)
    assert settings.github_app.is_given
    assert "R2VoZWlt" not in repr(settings)
    assert not _fleet().github_app.is_given


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"GITHUB_APP_ID": "123"}, "goes with GITHUB_APP_ID; give both"),
        ({"GITHUB_APP_PRIVATE_KEY": _PEM}, "goes with GITHUB_APP_ID; give both"),
        ({"GITHUB_APP_ID": "my app", "GITHUB_APP_PRIVATE_KEY": _PEM}, "must be the number or client id of an App"),
        ({"GITHUB_APP_ID": "123", "GITHUB_APP_PRIVATE_KEY": "R2VoZWlt"}, "must be a private key in PEM"),
        ({"GITHUB_APP_ID": "123", "GITHUB_APP_PRIVATE_KEY": _PEM[:-9]}, "must be a private key in PEM"),
    ],
)
def test_github_app__that_is_wrong_is_told_without_the_key(given: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        _fleet(**given)

    assert "R2VoZWlt" not in str(caught.value)


def _fleet(**given: str) -> FleetSettings:
    return FleetSettings.from_environ({"LEDGER": "somewhere", **given})
