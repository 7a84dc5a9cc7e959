"""Workflows and build settings that a change loosens: scans or tests run less often, or may fail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.policy.hiding.outline import settings_of
from codeql_fixer.policy.hiding.scan_config import changed_settings, sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codeql_fixer.policy.hiding.changed_text import ChangedFile
    from codeql_fixer.policy.hiding.outline import Setting
    from codeql_fixer.policy.hiding.scan_config import ChangedSettings

_WORKFLOWS = re.compile(
    r"(?:^|/)\.github/(?:workflows|actions)/.+\.ya?ml$|(?:^|/)action\.ya?ml$|(?:^"
    r"|/)\.gitlab-ci[\w.-]*\.ya?ml$|(?:^|/)azure-pipelines[\w.-]*\.ya?ml$"
    r"|(?:^|/)\.circleci/.+\.ya?ml$|(?:^|/)\.travis\.yml$|(?:^|/)bitbucket-pipelines\.yml$|(?:^"
    r"|/)\.drone\.yml$|(?:^|/)\.?buildkite/.+\.ya?ml$"
    r"|(?:^|/)(?:Jenkinsfile[\w.-]*|appveyor\.yml|cloudbuild\.ya?ml|\.woodpecker\.ya?ml|\.pre-commit-config\.ya?ml)$"
)
_BUILDS = re.compile(
    r"(?:^|/)(?:Makefile|conftest\.py|justfile|tox\.ini|noxfile\.py|package\.json|pyproject\.toml"
    r"|setup\.cfg|pytest\.ini|\.coveragerc|codecov\.ya?ml|\.codecov\.ya?ml"
    r"|(?:jest|vitest|karma|playwright|cypress)\.conf(?:ig)?\.\w+|\.nycrc(?:\.json)?|pom\.xml"
    r"|build\.gradle(?:\.kts)?|phpunit\.xml(?:\.dist)?|Taskfile\.ya?ml)$"
)
_SCANS = (
    r"codeql|semgrep|bandit|trivy|snyk|sonar|gosec|govulncheck|checkov|tfsec|gitleaks|trufflehog"
    r"|brakeman|eslint|pylint|flake8|ruff|rubocop"
    r"|golangci|staticcheck|shellcheck|hadolint|kics|zizmor|psalm|phpstan|spotbugs|detekt|clippy"
    r"|osv-scanner|pip-audit|npm audit|yarn audit"
    r"|bundler-audit|cargo audit|cargo deny|safety|grype|sast|dependency-check|dependency-review"
    r"|detect-secrets|clang-tidy|cppcheck|veracode|checkmarx"
    r"|fortify|swiftlint|horusec|bearer|devskim|scorecard|upload-sarif|lint"
)
_TESTS = (
    r"pytest|tox|nox|unittest|(?:npm|yarn|pnpm|bun)(?: run)? test|npm t|go test|mvn|gradlew?"
    r"|cargo (?:nextest|test)|rspec|rake|jest|vitest|mocha|karma|cypress"
    r"|playwright|dotnet test|phpunit|pest|ctest|make (?:[\w-]+ ){0,4}(?:test|check)|swift test"
    r"|xcodebuild|sbt|mix test|flutter test|manage\.py test|gotestsum|tests?"
)
_TOOL = re.compile(rf"(?<![A-Za-z])(?:(?P<scan>{_SCANS})|(?P<test>{_TESTS}))(?![a-z])", re.IGNORECASE)
_MAY_FAIL = re.compile(r"(?:\|\|\s*(?:true|:|exit 0|echo\b.*|/bin/true)|;\s*(?:true|exit 0|:))\s*[\"'),]*$")
_WEAK_FLAGS = re.compile(
    r"--exit-zero\b|--soft-fail\b|--no-fail\b|--exit-code[= ]0\b|--passWithNoTests\b"
    r"|-DskipTests\b(?!=false)|-Dmaven\.test\.skip(?:=true)?\b"
    r"|-DskipITs\b|--skip-tests\b|-x\s+test\b|--deselect\b|--ignore(?:-glob|-path)?[= ]\S*test\S*"
    r"|--issues-exit-code[= ]0|--no-verify\b|--severity-threshold=(?:high|critical)"
    r"|-fail-on=none|--fail-on[= ]none|\bexit 0\b|--testPathIgnorePatterns|--exclude[= ]\S*(?:src|app"
    r"|lib)\S*|-nosec\b|--skip-(?:dirs|files|check)\b|-exclude(?:-dir)?[= ]\S+"
)
_THRESHOLD = re.compile(
    r"(?P<name>fail[-_]under|cov-fail-under|max-warnings|min[-_]coverage|minimum[-_]coverage"
    r"|coverage[-_]threshold|--fail-below|threshold)[\"']?[=: ]+\s*[\"']?(?P<number>[0-9]{1,6})",
    re.IGNORECASE,
)
_COVERAGE_NAMES = re.compile(
    r"fail_under|minimum_coverage|branches|functions|lines|statements|target|threshold|minimum", re.IGNORECASE
)
_IGNORES = re.compile(r"(?:paths|branches|tags)-ignore")
_TRIGGERS = frozenset({"push", "pull_request", "schedule", "merge_group"})
_EVENTS = _TRIGGERS | {
    "pull_request_target",
    "workflow_dispatch",
    "workflow_run",
    "workflow_call",
    "release",
    "repository_dispatch",
}
_FILTERS = frozenset(
    {
        "branches",
        "branches-ignore",
        "paths",
        "paths-ignore",
        "tags",
        "tags-ignore",
        "types",
        "cron",
        "timezone",
        "workflows",
        "inputs",
        "secrets",
        "outputs",
    }
)
_OF_GITHUB = re.compile(r"(?:^|/)\.github/workflows/")
_MAP = re.compile(r"[^:]*:\s*(?:~|null|\{.*)?\s*(?:#.*)?")  # what has settings of its own, or none
_CODEQL_LISTS = re.compile(r"languages?|queries|packs|language", re.IGNORECASE)
_DOCUMENTS = re.compile(
    r"[\w*/.-]*\.(?:md|rst|txt|adoc|png|svg|jpe?g)|/?docs?/\*{0,2}|LICENSE.*|\.gitignore"
    r"|\.github/(?:ISSUE_TEMPLATE|CODEOWNERS).*|CHANGELOG.*|README.*"
)
_CONFIG_SKIPS = re.compile(r".*(?:paths-ignore|exclude|disable-default-queries)\s*:|- ")
_SKIPS = re.compile(r"skip-(?:dirs|files|check)|skip_check|exclude|skip-path|paths-ignore")
_LEAVES_OUT = re.compile(r"testPathIgnorePatterns|norecursedirs|collect_ignore\w*|modulePathIgnorePatterns")
_PASSES = re.compile(
    r"collect_ignore|<skip(?:Tests)?>true|<maven\.test\.skip>true|ignoreFailures\s*=\s*true|testFailureIgnore>true"
)
_SONAR = re.compile(r"sonar\.(?:\w{1,40}\.)?(?:\w{1,40}\.)?exclusions")
_DIGITS = 9
_NEVER = re.compile(
    r"(?:\$\{\{\s*)?(?:false|!\s*true|0|'false'|1\s*==\s*2|github\.repository\s*==\s*'(?:none|never"
    r"|)')(?:\s*&&.*)?(?:\s*\}\})?",
    re.IGNORECASE,
)
_MAY_FAIL_NAMES = frozenset(
    {
        "continue-on-error",
        "allow_failure",
        "continueOnError",
        "ignore_failures",
        "soft_fail",
        "soft-fail",
        "allow_failures",
    }
)
_EMPTY_COMMAND = re.compile(r"(?:exit 0|true|:|echo\b.*)")


def ci_signs(file: ChangedFile, *, survives: bool) -> Iterator[HidingSign]:
    """Signs in one workflow or build file.

    Args:
        file: a changed file.
        survives: whether the same change adds another workflow, where the jobs of a deleted one may have gone.
    """
    if is_workflow(file.file.old_path) and not is_workflow(file.file.new_path):
        if _runs_tools(file) and not survives:
            yield HidingSign(kind=HidingKind.CI_CONFIG, file=file.path, text=f"{file.file.old_path} is gone")
    elif is_workflow(file.file.new_path) and file.file.old_path:
        settings = changed_settings(file)
        yield from _trigger_signs(file, settings)
        yield from _step_signs(file, settings)
        yield from _scan_signs(file, settings)
        yield from _line_signs(file)
    elif _BUILDS.search(file.file.new_path) and file.file.old_path:
        settings = changed_settings(file)
        yield from _build_signs(file, settings)
        yield from _line_signs(file)


def is_workflow(path: str) -> bool:
    """True for a file that tells a CI service what to run."""
    return _WORKFLOWS.search(path) is not None


def _runs_tools(file: ChangedFile) -> bool:
    return _TOOL.search(file.path) is not None or any(_TOOL.search(line.text) for line in file.old)


def _trigger_signs(file: ChangedFile, settings: ChangedSettings) -> Iterator[HidingSign]:
    for setting in settings.came:
        if any(map(_IGNORES.fullmatch, setting.names)) and setting.value and not _DOCUMENTS.fullmatch(setting.value):
            yield sign(HidingKind.CI_CONFIG, file.path, setting)
    before, now = (_events(file, list(settings_of(lines))) for lines in (file.old, file.new))
    gone = (before & _TRIGGERS) - now
    if gone:
        yield _gone(file, f"no longer on {', '.join(sorted(gone))}")
    yield from _filter_signs(file, settings)


def _filter_signs(file: ChangedFile, settings: ChangedSettings) -> Iterator[HidingSign]:
    """Branches and paths by which a trigger is filtered: a new filter, or one with fewer entries."""
    for setting in settings.came:
        is_filter = _is_filter(setting) and setting.value not in {"**", "*", ""}
        event_is_new = setting.names[:-1] not in settings.before
        if is_filter and setting.names not in settings.before and not event_is_new and file.is_whole:
            yield sign(HidingKind.CI_CONFIG, file.path, setting)
    came = {setting.names for setting in settings.came if setting.value}
    for setting in settings.went:
        if _is_filter(setting) and setting.value and setting.names in settings.now and setting.names not in came:
            yield _gone(file, f"no longer: {setting.raw.strip()}")


def _is_filter(setting: Setting) -> bool:
    return setting.names[:1] in {("on",), ("true",), ('"on"',)} and setting.names[-1] in {
        "branches",
        "paths",
        "types",
    } - {"types"}


def _events(file: ChangedFile, settings: Sequence[Setting]) -> set[str]:
    found: set[str] = set()
    for setting in settings:
        if setting.names[:1] == ("on",):
            found |= {name for name in (*setting.names[1:2], setting.value) if name in _EVENTS}
    if not file.is_whole and _OF_GITHUB.search(file.path):
        found |= _loose_events(settings)
    return found


def _loose_events(settings: Sequence[Setting]) -> set[str]:
    """Events by their own looks, where the line with `on` is not among those of a change."""
    found = {setting.value for setting in settings if not setting.names}
    found |= {setting.names[0] for setting in settings if len(setting.names) == 1 and _MAP.fullmatch(setting.raw)}
    others = {setting.names[0] for setting in settings if not _FILTERS.issuperset(setting.names[1:2])}
    return (found - others) & _EVENTS  # what has steps is a job of that name


def _step_signs(file: ChangedFile, settings: ChangedSettings) -> Iterator[HidingSign]:
    went = {setting.value for setting in settings.went}
    for setting in settings.came:
        own, value = setting.names[-1] if setting.names else "", setting.value
        is_never = own in {"if", "when", "condition"} and _NEVER.fullmatch(value) is not None
        may_fail = own in _MAY_FAIL_NAMES and value.lower() == "true" and not _is_of_new_job(setting, settings)
        is_ignored = _MAY_FAIL.search(value) is not None and (
            _never_failing(value) in went or _TOOL.search(_never_failing(value)) is not None
        )
        is_manual = own == "when" and value in {"manual", "never"}
        if is_never or may_fail or is_ignored or is_manual or value == "set +e":
            yield sign(HidingKind.CI_CONFIG, file.path, setting)
    yield from _tool_signs(file, settings)
    if _is_unfinished(settings):
        yield _gone(file, "no longer scanned by codeql: it is set up, and never run")


def _is_unfinished(settings: ChangedSettings) -> bool:
    """True when a step that runs CodeQL went, the one that sets it up stayed, and nothing else runs it."""
    analyses, starts = (
        sum(_is_codeql(setting, step) for setting in settings.went)
        - sum(_is_codeql(setting, step) for setting in settings.came)
        for step in ("analyze", "init")
    )
    if analyses <= max(starts, 0):
        return False
    return not _tools((setting for setting in settings.came if not _is_codeql(setting)), "scan") & {"codeql"}


def _is_codeql(setting: Setting, step: str = "") -> bool:
    """True for a step of CodeQL's action."""
    return setting.names[-1:] == ("uses",) and f"codeql-action/{step}" in setting.value


def _is_of_new_job(setting: Setting, settings: ChangedSettings) -> bool:
    job = setting.names[:2]
    return job[:1] == ("jobs",) and bool(settings.before) and all(names[:2] != job for names in settings.before)


def _tool_signs(file: ChangedFile, settings: ChangedSettings) -> Iterator[HidingSign]:
    """Tools that nothing runs any more, unless another one of their sort came."""
    now = list(settings_of(file.new)) if file.is_whole else settings.came
    for sort, word in (("scan", "scanned"), ("test", "tested")):
        gone = _tools(settings.went, sort) - _tools(now, sort)
        if gone and not _tools(settings.came, sort) - _tools(settings.went, sort):
            yield _gone(file, f"no longer {word} by {', '.join(sorted(gone))}")


def _tools(settings: Iterable[Setting], sort: str) -> set[str]:
    """The tools that commands and actions run, `name:` and the like left aside."""
    found: set[str] = set()
    for setting in settings:
        own = setting.names[-1] if setting.names else ""
        if (
            own in {"run", "uses", "script", "command", "commands", "bash", "id", "task", "sh", "entrypoint", "args"}
            and setting.value
        ):
            if own != "uses" and re.match(
                r"(?:pip|npm|apt|apt-get|brew|gem|go|cargo|yarn|echo|sudo|python -m pip) (?:i|install|get|add|apt|-)",
                setting.value,
            ):
                continue
            found |= {match[sort].lower() for match in _TOOL.finditer(setting.value.partition("@")[0]) if match[sort]}
    return found


def _scan_signs(file: ChangedFile, settings: ChangedSettings) -> Iterator[HidingSign]:
    """What steps tell scanners: languages and queries of CodeQL, its configuration there, and others' flags."""
    if not _runs_tools(file):
        return
    for setting in settings.went:
        if setting.value and _is_list_of_scan(setting, settings):
            text = f"no longer: {setting.raw.strip()}"
            yield HidingSign(kind=HidingKind.SCAN_CONFIG, file=file.path, text=text)
    for setting in settings.came:
        if _tells_to_skip(setting, settings.went_values.get(setting.names, [])):
            yield sign(HidingKind.SCAN_CONFIG, file.path, setting)


def _is_list_of_scan(setting: Setting, settings: ChangedSettings) -> bool:
    """True for a language or a query that a scan has no more, and nothing in its place."""
    own = setting.names[-1] if setting.names else ""
    if not _CODEQL_LISTS.fullmatch(own) or not {"with", "matrix", "include"} & {*setting.names}:
        return False
    return (setting.names in settings.now or own == "queries") and setting.names not in settings.came_values


def _tells_to_skip(setting: Setting, olds: list[str]) -> bool:
    own, value = setting.names[-1] if setting.names else "", setting.value.lower()
    match own:
        case "config":
            return _CONFIG_SKIPS.match(value) is not None
        case "build-mode":
            return value == "none" and any(old != "none" for old in olds)
        case "upload":
            return value in {"false", "never"}
        case "exit-code" | "fail-build" | "fail_ci_if_error":
            return value in {"0", "false"} and bool(olds)
        case _:
            return _SKIPS.fullmatch(own) is not None and bool(value) and "with" in setting.names


def _line_signs(file: ChangedFile) -> Iterator[HidingSign]:
    """Flags and thresholds, wherever in a file they stand."""
    before = "\n".join(line.text for line in file.removed)
    limits = {match["name"].lower(): int(match["number"]) for match in _THRESHOLD.finditer(before)}
    for line in file.added:
        text = line.text.partition(" #")[0]
        if text.lstrip().startswith(("#", "//")):
            continue
        flag = _WEAK_FLAGS.search(text)
        if flag and flag[0] not in before and _TOOL.search(text):
            yield HidingSign(kind=HidingKind.CI_CONFIG, file=file.path, line=line.number, text=text.strip())
        for match in _THRESHOLD.finditer(text):
            name, number = match["name"].lower(), int(match["number"])
            if name in limits and (number > limits[name] if name == "max-warnings" else number < limits[name]):
                yield HidingSign(kind=HidingKind.CI_CONFIG, file=file.path, line=line.number, text=text.strip())


def _build_signs(file: ChangedFile, settings: ChangedSettings) -> Iterator[HidingSign]:
    """Commands that test, and what tests have to cover."""
    for setting in settings.came:
        old = settings.went_values.get(setting.names, [""])[-1]
        own, new = setting.names[-1] if setting.names else "", setting.value
        is_command = _TOOL.search(f"{own} {old}") is not None and "dependencies" not in " ".join(setting.names).lower()
        is_emptied = is_command and bool(old) and _EMPTY_COMMAND.fullmatch(new) is not None
        is_ignored = _MAY_FAIL.search(new) is not None and (_never_failing(new) == old or bool(_TOOL.search(new)))
        leaves_out = _LEAVES_OUT.fullmatch(own) is not None and bool(new)
        if is_emptied or is_ignored or leaves_out or _is_lowered(setting, old):
            yield sign(HidingKind.CI_CONFIG, file.path, setting)
    before = {line.text.strip() for line in file.removed}
    for line in file.added:
        text = line.text.strip()
        is_muted = line.text.startswith("\t-") and line.text[2:].strip() in before and _TOOL.search(text)
        if is_muted or _PASSES.search(text):
            yield HidingSign(kind=HidingKind.CI_CONFIG, file=file.path, line=line.number, text=text)
        if _SONAR.search(text) and text not in before:
            yield HidingSign(kind=HidingKind.SCAN_CONFIG, file=file.path, line=line.number, text=text)


def _is_lowered(setting: Setting, old: str) -> bool:
    """True for less coverage that is asked for."""
    own, new = setting.names[-1] if setting.names else "", setting.value
    if not _COVERAGE_NAMES.fullmatch(own) or not old.isdigit() or not new.isdigit() or len(old) > _DIGITS:
        return False
    is_of_tests = any("cov" in name.lower() or "report" in name or "global" in name for name in setting.names)
    return is_of_tests and int(new[:_DIGITS]) < int(old)


def _never_failing(command: str) -> str:
    return _MAY_FAIL.sub("", command).rstrip()


def _gone(file: ChangedFile, text: str) -> HidingSign:
    return HidingSign(kind=HidingKind.CI_CONFIG, file=file.path, text=text)
