"""Configuration of scanners that a change loosens: less is looked at, or with fewer rules."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.domain.change import FileStatus
from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.policy.hiding.changed_text import squashed
from codeql_fixer.policy.hiding.code_places import is_outside
from codeql_fixer.policy.hiding.outline import settings_of
from codeql_fixer.policy.hiding.suppression_table import ESLINT_STYLE, RUFF_STYLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.policy.hiding.changed_text import ChangedFile, Line
    from codeql_fixer.policy.hiding.outline import Setting

_FILES = re.compile(
    r"(?:^|/)(?:"
    r"\.?codeql[\w.-]*\.ya?ml|[\w.-]*codeql[\w.-]*config[\w.-]*\.ya?ml|\.?lgtm\.ya?ml|\.codeql-fixer\.ya?ml"
    r"|\.?semgrep[\w.-]*\.ya?ml|\.bandit(?:\.ya?ml|\.toml|rc)?|bandit[\w.-]*\.(?:ya?ml|toml|ini)"
    r"|\.eslintrc[\w.]*|eslint\.config\.\w+|\.oxlintrc\.json|biome\.jsonc?|tslint\.json"
    r"|sonar-project\.properties|\.sonarcloud\.properties|sonar[\w.-]*\.properties"
    r"|\.?gosec(?:\.\w+)?|\.golangci\.(?:ya?ml|toml|json)|staticcheck\.conf|\.snyk"
    r"|\.?trivy[\w.-]*\.ya?ml|\.?checkov[\w.-]*\.ya?ml|\.?tfsec[\w.-]*\.(?:ya?ml|json)"
    r"|tfsec/config\.\w+|\.?kics[\w.-]*\.(?:ya?ml|json|toml)"
    r"|\.?gitleaks[\w.-]*\.toml|\.hadolint\.ya?ml|\.rubocop[\w.-]*\.yml|brakeman\.yml"
    r"|\.swiftlint\.yml|detekt[\w.-]*\.yml"
    r"|phpstan[\w.-]*\.neon(?:\.dist)?|psalm[\w.-]*\.xml(?:\.dist)?|phpcs\.xml(?:\.dist)?"
    r"|\.phpcs\.xml(?:\.dist)?|\.codacy\.ya?ml|\.codeclimate\.ya?ml"
    r"|\.deepsource\.toml|qodana\.ya?ml|\.?ruff\.toml|\.flake8|\.pylintrc|pylintrc|\.shellcheckrc"
    r"|\.clang-tidy|\.?bearer\.ya?ml"
    r"|osv-scanner\.toml|\.?grype\.ya?ml|deny\.toml|audit\.toml|\.whitesource|\.?horusec[\w.-]*\.json"
    r"|\.prospector\.ya?ml|\.scalafix\.conf"
    r"|zizmor\.ya?ml|\.?dockle\w*|clippy\.toml|\.pre-commit-config\.ya?ml|checkstyle\.xml"
    r"|\.editorconfig-checker\.json|\.?njsscan|\.?mobsf"
    r")$|(?:^|/)\.github/codeql/.+\.ya?ml$|(?:^|/)\.?semgrep/.+\.ya?ml$",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"(?:^|/)(?:pyproject\.toml|setup\.cfg|tox\.ini|package\.json|Cargo\.toml|pom\.xml|build\.gradle(?:\.kts)?)$"
)
_SHARED_SECTIONS = re.compile(
    r"(?:tool\.)?(?:bandit|ruff|semgrep|pylint|flake8|pysa|checkov|trivy|codeql|prospector|dlint"
    r"|safety|vulture)(?:[.:]|$)"
    r"|eslint(?:config|ignore)|sonar\b|lints\.clippy",
    re.IGNORECASE,
)
_IGNORE_FILES = re.compile(
    r"(?:^|/)(?:\.(?:semgrep|bandit|trivy|gitleaks|codacy|eslint|gosec|snyk|sonar\w*|bearer|checkov"
    r"|tfsec|kics|codeql|lgtm|secrets?|talisman"
    r"|ggshield|hadolint|grype|nsp|njsscan|phpstan|psalm|rubocop|brakeman|codeclimate|sast|scan"
    r"|security|safety|pip-?audit|osv|cve|audit|tslint"
    r"|detekt|ktlint|pmd|spotbugs|findbugs|swiftlint|shellcheck|mobsf|horusec|veracode|fortify"
    r"|checkmarx|cx|whitesource|dependency-?check)"
    r"-?_?(?:ignore|rc-ignore|allow)\w*|\.?cve-?ignore|\.nsprc)(?:\.\w+)?$",
    re.IGNORECASE,
)
_BASELINES = re.compile(
    r"(?:^|/)(?:\.secrets\.baseline|\.rubocop_todo\.yml|brakeman\.ignore|audit-ci\.jsonc?|\.iyarc"
    r"|\.talismanrc|\.gitallowed"
    r"|[\w.-]*(?:secrets?|detekt|phpstan|psalm|lint|bandit|semgrep|gitleaks|brakeman|codeql|security"
    r"|sarif|spotbugs|findbugs|pmd|sonar|trivy"
    r"|checkov|snyk|ruff|flake8|pylint|sast|scan|trufflehog|kics|gosec|vuln\w*|audit"
    r"|errors?)[._-]?baseline[\w.-]*|\.?baseline(?:\.(?:json|xml|ya?ml|toml|sarif|neon))?"
    r"|baseline[._-](?:secrets?|detekt|phpstan|psalm|lint|bandit|semgrep|gitleaks|brakeman|codeql"
    r"|security|spotbugs|pmd|sonar|trivy|checkov|snyk|ruff|sast|scan)[\w.-]*"
    r"|[\w.-]*(?:suppress(?:ion|ions|ed)?|(?:spotbugs|findbugs|pmd|checkstyle|dependency-?check"
    r"|owasp)[\w-]*(?:exclude|filter|suppress|ignore)\w*)"
    r"\.(?:xml|json|ya?ml|txt|toml|cs))$",
    re.IGNORECASE,
)
_ATTRIBUTES = re.compile(
    r"\slinguist-(?:generated|vendored|documentation)(?:=(?:true|1))?(?=\s|$)|\s-linguist-detectable"
    r"|\slinguist-detectable=false"
)
# Names under which more means that less is found, ...
_LESS = re.compile(
    r"(?:[\w.@-]*[._-])?(?:(?:path|file|dir|rule|check|test|query|branch)?s?[._-]?)?"
    r"(?:ignore[ds]?\w*|ignores|exclu(?:de|sion)[ds]?\w*|skip\w*|disabled?(?:_rules|_checks|rules"
    r"|checks)?|allow-?list\w*|white-?list\w*|suppress\w*|omit|off|nosec"
    r"|ignore-?patterns?|exclude-?\w+|skip-?\w+|excluded?_\w+|ignore_?\w*|per-file-ignores"
    r"|extend-ignore|extend-exclude|extend-per-file-ignores|risk-accepted)"
    r"(?:[._-].*)?",
    re.IGNORECASE,
)
# ... and those under which less means that.
_MORE = re.compile(
    r"(?:queries|packs|rules?|id|select|extend-select|enabled?(?:-all)?|opt_in_rules|only_rules"
    r"|plugins|extends|checks|tests|languages?|sources|targets?"
    r"|threat-models|uses|use|repo|hooks|enabled_rules|scanners|security-checks|include|engines"
    r"|analyzers?|require|sonar\.sources|sonar\.tests)",
    re.IGNORECASE,
)
_SCOPES = re.compile(r"paths|include_paths|sonar\.inclusions|only", re.IGNORECASE)  # none means all
_ON = frozenset({"true", "yes", "1", "on"})
_OFF = frozenset({"false", "no", "0", "off", "none", "never", "~", "null", '"off"', "allow"})
_ON_HIDES = re.compile(
    r"disable-default-queries|soft[-_]fail|no[-_]fail|nosec|allow[-_]failure|exit[-_]zero|quiet-fail"
    r"|skip[-_]?\w*|disable[sd]?\w*",
    re.IGNORECASE,
)
_OFF_HIDES = re.compile(
    r"enabled?|active|buildUponDefaultConfig|exit[-_]code|fail[-_]on[-_]?\w*|security/[\w-]+"
    r"|no-(?:eval|implied-eval|new-func|script-url|unsafe\w*|danger\w*)"
    r"|(?:[\w@-]+/)?(?:detect|no-danger|no-unsafe|no-unsanitized|xss|secur)[\w-]*|report\w*|upload|clippy::\w+",
    re.IGNORECASE,
)
_DIGITS = 9
_LEVELS = re.compile(
    r"(?:[\w-]*[_-])?(?:severity|severities|severity_threshold|confidence|minimum_severity"
    r"|min[-_]?severity|level|threshold)",
    re.IGNORECASE,
)
_RANKS = {
    "info": 0,
    "note": 0,
    "unknown": 0,
    "low": 1,
    "minor": 1,
    "medium": 2,
    "moderate": 2,
    "warning": 2,
    "major": 2,
    "high": 3,
    "error": 3,
}
_RANKS |= {"critical": 4, "blocker": 4}
_HARMLESS = re.compile(r".*\.(?:md|rst|adoc|png|svg)|docs?/\*{0,2}|LICENSE")
_USUAL = re.compile(r"(?:\*\*/)?(?:\.[a-z][\w.-]*|__\w+__|\w*env|[\w*.-]+\.egg(?:-info|s)?|tests?)")
_ELSEWHERE = re.compile(r"(?:\*\*/)?(?:tests?|docs?)/")  # settings for tests and documents only


class ChangedSettings(NamedTuple):
    """What a change does to the settings of a file."""

    came: list[Setting]
    went: list[Setting]
    now: frozenset[tuple[str, ...]]  # names that are set
    before: frozenset[tuple[str, ...]]
    came_values: Mapping[tuple[str, ...], list[str]]
    went_values: Mapping[tuple[str, ...], list[str]]


def scan_config_signs(file: ChangedFile) -> Iterator[HidingSign]:
    """Signs in one file, whatever scanner it belongs to."""
    old_path, new_path = file.file.old_path, file.file.new_path
    if new_path.rpartition("/")[2] == ".gitattributes":
        yield from _attribute_signs(file)
    elif _IGNORE_FILES.search(file.path) or _BASELINES.search(file.path):
        yield from _list_signs(file)
    elif is_scan_config(old_path) and (file.file.status is FileStatus.DELETED or not is_scan_config(new_path)):
        yield HidingSign(kind=HidingKind.SCAN_CONFIG, file=file.path, text=f"{old_path} is gone")
    elif is_scan_config(new_path):
        yield from loosened(file.path, changed_settings(file))
    elif _SHARED.search(new_path):
        settings = _of_sections(changed_settings(file))
        yield from loosened(file.path, settings if old_path else _without_usual(settings))


def is_scan_config(path: str) -> bool:
    """True for a file that configures scanners and nothing else."""
    return _FILES.search(path) is not None


def changed_settings(file: ChangedFile) -> ChangedSettings:
    """What is set now and was not before, and the other way round; what only moved is neither."""
    now, before = list(settings_of(file.new)), list(settings_of(file.old))
    old, new = Counter(setting.content for setting in before), Counter(setting.content for setting in now)
    came, went = [], []
    for setting in now:
        if old[setting.content]:
            old[setting.content] -= 1
        else:
            came.append(setting)
    for setting in before:
        if new[setting.content]:
            new[setting.content] -= 1
        else:
            went.append(setting)
    return ChangedSettings(came, went, _names(now), _names(before), _values(came), _values(went))


def loosened(path: str, settings: ChangedSettings) -> Iterator[HidingSign]:
    """Signs among the settings of a scanner."""
    for setting in settings.came:
        if _hides(setting, settings):
            yield sign(HidingKind.SCAN_CONFIG, path, setting)
    added = Counter(setting.names for setting in settings.came if setting.value)
    for setting in settings.went:
        if not setting.value:
            continue
        if added[setting.names]:
            added[setting.names] -= 1
        elif _was_needed(setting, settings):
            text = f"no longer: {setting.raw.strip()}"
            yield HidingSign(kind=HidingKind.SCAN_CONFIG, file=path, text=text)


def sign(kind: HidingKind, path: str, setting: Setting) -> HidingSign:
    """A sign at the place of a setting."""
    return HidingSign(kind=kind, file=path, line=setting.number, text=setting.raw.strip())


def _hides(setting: Setting, settings: ChangedSettings) -> bool:
    own, value = setting.names[-1] if setting.names else "", setting.value.strip().lower()
    if _HARMLESS.fullmatch(setting.value) or _is_style(setting) or value.startswith("!"):
        return False
    if value in _ON:
        return _ON_HIDES.fullmatch(own) is not None
    if value in _OFF:
        is_rule = setting.names[-2:-1] == ("rules",) and ESLINT_STYLE.fullmatch(own) is None
        return is_rule or _OFF_HIDES.fullmatch(own) is not None
    if _LEVELS.fullmatch(own) and "rules" not in setting.names:
        return _is_raised(setting, settings)
    return _lists_less(setting, settings)


def _lists_less(setting: Setting, settings: ChangedSettings) -> bool:
    """True for an entry in a list of what is left out, and for the first ones of all that is looked at."""
    own, names = setting.names[-1] if setting.names else "", setting.names
    is_entry = not setting.value and setting.raw.rstrip()[-1:] == ":" and any(map(_LESS.fullmatch, names[:-1]))
    if not (setting.value or is_entry) or any(map(_ELSEWHERE.match, names)):
        return False
    if any(map(_LESS.fullmatch, names)) or own.lower().startswith("sonar.issue.ignore"):
        return True
    return _SCOPES.fullmatch(own) is not None and names not in settings.before


def _is_style(setting: Setting) -> bool:
    value = setting.value
    is_code = re.fullmatch(r"[A-Z]{1,4}[0-9]{1,4}", value) is not None and "gosec" not in setting.names
    return is_code and RUFF_STYLE.fullmatch(value) is not None


def _is_raised(setting: Setting, settings: ChangedSettings) -> bool:
    """True when what counts has to be worse, or a check less strict, than before."""
    new = _rank(setting.value)
    olds, news = settings.went_values.get(setting.names, []), settings.came_values[setting.names]
    old = _rank(olds[0]) if len(olds) == len(news) == 1 else None  # of a list, nobody knows which is which
    if new is None or old is None:
        return False
    return new < old if setting.value.isdigit() else new > old


def _rank(value: str) -> int | None:
    return int(value) if value.isdigit() and len(value) <= _DIGITS else _RANKS.get(value.strip("\"' ").lower())


def _was_needed(setting: Setting, settings: ChangedSettings) -> bool:
    own = setting.names[-1] if setting.names else ""
    if any(_LESS.fullmatch(name) for name in setting.names):
        return setting.value.startswith("!") or own == "tests"
    if _LEVELS.fullmatch(own):
        return setting.names not in settings.came_values and setting.names in settings.now  # the lower ones of a list
    if _SCOPES.fullmatch(own):
        return setting.names in settings.now
    is_rule = setting.names[-2:-1] == ("rules",) and re.match(r"error|warn|[12]\b|\[", setting.value) is not None
    return is_rule or _MORE.fullmatch(own) is not None


def _values(settings: Sequence[Setting]) -> Mapping[tuple[str, ...], list[str]]:
    values: dict[tuple[str, ...], list[str]] = {}
    for setting in settings:
        values.setdefault(setting.names, []).append(setting.value)
    return values


def _names(settings: Sequence[Setting]) -> frozenset[tuple[str, ...]]:
    return frozenset(setting.names for setting in settings)


def _of_sections(settings: ChangedSettings) -> ChangedSettings:
    def ours(setting: Setting) -> bool:
        return _SHARED_SECTIONS.match(".".join(setting.names)) is not None

    return settings._replace(came=[*filter(ours, settings.came)], went=[*filter(ours, settings.went)])


def _without_usual(settings: ChangedSettings) -> ChangedSettings:
    """Without folders that scans commonly leave out: a file that is new names them as a matter of course."""

    def is_usual(setting: Setting) -> bool:
        folder = setting.value.strip("\"'").removeprefix("./").rstrip("*/")
        return _USUAL.fullmatch(folder) is not None or is_outside(f"{folder}/")

    return settings._replace(came=[setting for setting in settings.came if not is_usual(setting)])


def _attribute_signs(file: ChangedFile) -> Iterator[HidingSign]:
    before = {squashed(line.text) for line in file.removed}
    for line in file.added:
        if _ATTRIBUTES.search(line.text) and not line.text.startswith("#") and squashed(line.text) not in before:
            yield _line_sign(HidingKind.SCAN_CONFIG, file, line)


def _list_signs(file: ChangedFile) -> Iterator[HidingSign]:
    """Lists of what is left out: each entry that came, unless it stands for one that went."""
    went = [line for line in file.removed if _is_entry(line.text)]
    came = [line for line in file.added if _is_entry(line.text)]
    gone = Counter(squashed(line.text) for line in went)
    new = []
    for line in came:
        if gone[squashed(line.text)]:
            gone[squashed(line.text)] -= 1
        else:
            new.append(line)
    is_baseline = _BASELINES.search(file.path) is not None
    if is_baseline and len(came) <= len(went):  # findings that moved, or are gone
        return
    yield from (_line_sign(HidingKind.IGNORE_FILE, file, line) for line in new[:20])


def _is_entry(text: str) -> bool:
    text = text.strip()
    return bool(text.strip("[]{}(),")) and text[0] not in "#!" and not text.startswith(("//", "<!--", "<?xml"))


def _line_sign(kind: HidingKind, file: ChangedFile, line: Line) -> HidingSign:
    return HidingSign(kind=kind, file=file.path, line=line.number, text=line.text.strip())
