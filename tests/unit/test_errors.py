"""The error tree."""

from codeql_fixer.errors import ConfigError, ExitCode, InputError, UpstreamError


def test_input_error__names_file_place_and_remedy() -> None:
    error = InputError("a.sarif", "$.runs[0]", "is not an object", remedy="re-run the scanner")

    assert str(error) == "a.sarif: $.runs[0]: is not an object (re-run the scanner)"


def test_exit_code__follows_the_class() -> None:
    assert InputError("a", "", "b").exit_code is ExitCode.USER_CAN_FIX
    assert ConfigError("a").exit_code is ExitCode.USER_CAN_FIX
    assert UpstreamError("a").exit_code is ExitCode.UPSTREAM_FAILED
