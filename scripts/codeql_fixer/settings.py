"""Settings: what the user wants, typed and checked; every fault is reported at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.alert_settings import AlertSettings, read_alerts
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import ConfigError
from codeql_fixer.github_settings import GitHubApp, read_github_app
from codeql_fixer.options import BATCH_SIZES, BY_NAME, FALSE, MAX_SESSIONS, THRESHOLDS, TRUE, Option
from codeql_fixer.policy.eligibility import compiled
from codeql_fixer.policy.languages import KNOWN, expand

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names as GitHub allows them; a host in front is dropped, since a target is known by owner and name.
_REPOSITORY = re.compile(
    r"(?:https?://[^/\s@]+/|git@[^:\s/]+:)?(?P<slug>[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}?)(?:\.git)?/*"
)
# Becomes part of file names and of git refs, which end neither in a dot nor in `.lock` and hold no `..`.
_RUN_ID = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?<!\.)(?<!\.lock)")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
_LINES = re.compile(r"[\r\n]")
_LINES_OR_COMMAS = re.compile(r"[\r\n,]")
_NUMBER = re.compile(r"[0-9]{1,9}")
_PERCENT = range(101)
_RETRIES = range(11)
_WAVES = range(101)
_POLLS = range(1, 3601)
_MINUTES = range(1, 10_081)
_AGENT = re.compile(r"[a-z][a-z0-9-]{0,39}")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,100}")
_ADDRESS = re.compile(r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?")
_ACUS = range(1, 10_001)
_HOURS = range(1, 100_000)
_SERVER = "https://github.com"
_LEDGER_BRANCH = "telemetry"
_HAS_PASSWORD = re.compile(r"https?://[^/@]*@")


class DispatchSettings(Struct, frozen=True, kw_only=True):
    """What starting sessions needs. `session_secrets` are names with values; nothing secret is ever shown."""

    agent: str
    registry: str
    forge: str
    devin_api_key: str
    devin_org_id: str
    devin_api_url: str
    session_secrets: dict[str, str]
    max_acu_per_session: int | None
    max_failure_rate: int
    max_retry_attempts: int
    wave_size: int
    wave_gate: int
    poll_seconds: int
    session_minutes: int
    is_knowledge_enabled: bool
    knowledge_folder_id: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> DispatchSettings:
        """Read the variables of the option table; a flag that was given wins over its variable.

        Raises:
            ConfigError: one line per fault, all faults at once; secrets are never shown.
        """
        reader = _Reader(environ, flags or {})
        settings = reader.dispatch()
        if reader.faults:
            raise ConfigError("\n".join(reader.faults))
        return settings

    def __repr__(self) -> str:
        """Nothing secret."""
        return f"DispatchSettings(agent={self.agent!r}, registry={self.registry!r}, forge={self.forge!r})"


class LedgerSettings(Struct, frozen=True, kw_only=True):
    """Where the ledger is: an address or path, and the branch there."""

    place: str
    branch: str
    server: str
    token: str = ""

    def __repr__(self) -> str:
        """Everything but the token."""
        return f"LedgerSettings({self.place!r}, {self.branch!r})"


class FleetSettings(Struct, frozen=True, kw_only=True):
    """What the commands of the orchestrator share. `sla_hours` has the tiers with a deadline.

    The ledger's place is "" for the one command that does without, when nobody names one.
    """

    ledger: LedgerSettings
    state_dir: str
    index: str
    sla_hours: dict[SeverityTier, int]
    dispatch: DispatchSettings
    max_sessions: int = 25
    control_repo: str = ""
    workflow_ref: str = "main"
    github_api_url: str = ""
    scanner: str = "semgrep"
    github_app: GitHubApp = GitHubApp()
    alerts: AlertSettings = AlertSettings()

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str], flags: Mapping[str, str] | None = None, *, needs_ledger: bool = True
    ) -> FleetSettings:
        """Read the variables of the option table; a flag that was given wins over its variable.

        Raises:
            ConfigError: one line per fault, all faults at once; secrets are never shown.
        """
        reader = _Reader(environ, flags or {})
        ledger = reader.ledger(is_needed=needs_ledger)
        settings = cls(
            ledger=ledger or LedgerSettings(place="", branch="", server=""),
            state_dir=reader.required("state_dir"),
            index=reader.text("index"),
            sla_hours=reader.hours("sla_hours"),
            dispatch=reader.dispatch(),
            max_sessions=reader.number("max_sessions", MAX_SESSIONS),
            control_repo=reader.control_repo(),
            workflow_ref=reader.matching("workflow_ref", _BRANCH, "a branch or tag"),
            github_api_url=reader.address("github_api_url"),
            github_app=read_github_app(reader, environ),
            scanner=reader.choice("scanner") or "semgrep",
            alerts=read_alerts(reader, environ),
        )
        if "@" in (flags or {}).get("index", "").partition("//")[2]:
            reader.fault(BY_NAME["index"], "a flag is no place for a password; give it as the variable INDEX")
        if reader.faults:
            raise ConfigError("\n".join(reader.faults))
        return settings


class Settings(Struct, frozen=True, kw_only=True):
    """The options of one run; meanings and defaults stand in options.py.

    `languages` are named as `language_of` names them, whatever spelling was given.
    """

    mode: Mode
    target_repo: str
    output_dir: str
    sarif: tuple[str, ...]
    findings_csv: str
    scanner: str
    target_dir: str
    severity_threshold: SeverityTier
    batch_size: int
    max_sessions: int
    include_paths: tuple[str, ...]
    exclude_paths: tuple[str, ...]
    languages: frozenset[str]
    config_file: str
    prompt_template: str
    default_branch: str
    run_id: str
    is_json: bool
    ledger: LedgerSettings | None
    state_dir: str
    dispatch: DispatchSettings

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> Settings:
        """Read the variables of the option table; a flag that was given wins over its variable.

        Args:
            environ: the environment, or what plays its part.
            flags: option name to text, for the flags that were given.

        Raises:
            ConfigError: one line per fault, all faults at once; secrets are never shown.
        """
        reader = _Reader(environ, flags or {})
        settings = cls(
            mode=Mode(reader.choice("mode")),
            target_repo=reader.repository("target_repo"),
            output_dir=reader.required("output_dir"),
            sarif=reader.list("sarif"),
            findings_csv=reader.text("findings_csv"),
            scanner=reader.choice("scanner"),
            target_dir=reader.text("target_dir"),
            severity_threshold=SeverityTier(reader.choice("severity_threshold")),
            batch_size=reader.number("batch_size", BATCH_SIZES),
            max_sessions=reader.number("max_sessions", MAX_SESSIONS),
            include_paths=reader.globs("include_paths"),
            exclude_paths=reader.globs("exclude_paths"),
            languages=reader.languages("languages"),
            config_file=reader.text("config_file"),
            prompt_template=reader.text("prompt_template"),
            default_branch=reader.matching("default_branch", _BRANCH, "a branch name"),
            run_id=reader.matching("run_id", _RUN_ID, "up to 64 letters, digits, dots, dashes and underscores"),
            is_json=reader.boolean("json"),
            ledger=reader.ledger(is_needed=reader.text("mode") in {Mode.ORCHESTRATOR, Mode.BASIC}),
            state_dir=reader.given("state_dir"),
            dispatch=reader.dispatch(),
        )
        reader.check_sources(settings)
        if reader.faults:
            raise ConfigError("\n".join(reader.faults))
        return settings


class _Reader:
    """Reads one option after the other and collects what is wrong."""

    def __init__(self, environ: Mapping[str, str], flags: Mapping[str, str]) -> None:
        self._environ, self._flags = environ, flags
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        option = BY_NAME[name]
        value = (self._flags.get(name) or self._environ.get(option.variable, "")).strip() or option.default
        if not option.is_list and not value.isprintable():
            self.fault(option, "must be one line of printable text")
            return option.default
        return value

    def given(self, name: str) -> str:
        """The value that the user gave, "" where only the default is left."""
        return self.text(name) if self._flags.get(name) or self._environ.get(BY_NAME[name].variable) else ""

    def secrets(self, name: str) -> dict[str, str]:
        """The values of the variables that an option names."""
        names = self.list(name)
        missing = sorted(variable for variable in names if not self._environ.get(variable))
        if missing:
            self.fault(BY_NAME[name], f"{', '.join(missing)!r:.80} is not among the variables of this run")
        return {variable: self._environ[variable] for variable in names if variable not in missing}

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            self.fault(BY_NAME[name], "is required")
        return value

    def list(self, name: str) -> tuple[str, ...]:
        separators = _LINES if name == "sarif" else _LINES_OR_COMMAS  # a file name may hold a comma
        return tuple(part.strip() for part in separators.split(self.text(name)) if part.strip())

    def globs(self, name: str) -> tuple[str, ...]:
        globs = self.list(name)
        try:
            if globs:
                compiled(globs)
        except ConfigError as error:
            self.fault(BY_NAME[name], str(error))
        return globs

    def languages(self, name: str) -> frozenset[str]:
        wanted = expand(self.list(name))
        if unknown := sorted(wanted - KNOWN):
            self.fault(BY_NAME[name], f"{', '.join(unknown)!r:.80} unknown; known are {', '.join(sorted(KNOWN))}")
        return wanted

    def choice(self, name: str) -> str:
        option, value = BY_NAME[name], self.text(name)
        if value and value not in option.choices:
            self.fault(option, f"must be one of {', '.join(option.choices)}, got {value!r:.60}")
            return option.default
        return value

    def number(self, name: str, allowed: range) -> int:
        value = self.text(name)
        if _NUMBER.fullmatch(value) and int(value) in allowed:
            return int(value)
        self.fault(BY_NAME[name], f"must be a whole number from {allowed[0]} to {allowed[-1]}, got {value!r:.60}")
        return int(BY_NAME[name].default or allowed[0])

    def boolean(self, name: str) -> bool:
        value = self.text(name).lower()
        if value not in TRUE | FALSE:
            self.fault(BY_NAME[name], f"must be true or false, got {value!r:.60}")
        return value in TRUE

    def matching(self, name: str, pattern: re.Pattern[str], wanted: str) -> str:
        value = self.text(name)
        if value and not pattern.fullmatch(value):
            self.fault(BY_NAME[name], f"must be {wanted}, got {value!r:.60}")
        return value

    def address(self, name: str) -> str:
        """An address, which is not shown when it is wrong: it may hold a password."""
        value = self.text(name)
        if value and not _ADDRESS.fullmatch(value):
            self.fault(BY_NAME[name], "must be https://... or http://... without a password")
        return value

    def repository(self, name: str, *, is_required: bool = True) -> str:
        value = self.required(name) if is_required else self.text(name)
        found = _REPOSITORY.fullmatch(value)
        if value and not found:
            self.fault(BY_NAME[name], f"must be owner/name or a URL of a repository, got {value!r:.80}")
        return found["slug"] if found else ""

    def hours(self, name: str) -> dict[SeverityTier, int]:
        allowed = {}
        for part in self.list(name):
            tier, _, hours = part.partition("=")
            if tier not in THRESHOLDS or not _NUMBER.fullmatch(hours) or int(hours) not in _HOURS:
                self.fault(BY_NAME[name], f"must be like critical=24,high=72, hours from 1 to 99999, got {part!r:.60}")
            else:
                allowed[SeverityTier(tier)] = int(hours)
        return allowed

    def control_repo(self) -> str:
        """The repository that holds the ledger, which in Actions is known; "" where nobody says."""
        return self.repository("control_repo", is_required=False) or self._environ.get("GITHUB_REPOSITORY", "")

    def ledger(self, *, is_needed: bool) -> LedgerSettings | None:
        """Where the ledger is: as given, else the control repository's branch, which in Actions is known."""
        server = self._environ.get("GITHUB_SERVER_URL", "") or _SERVER
        place, _, branch = self.text("ledger").partition("#")
        control = self.control_repo()
        if not place and control:
            place = f"{server}/{control}.git"
        if not place:
            if is_needed:
                self.fault(BY_NAME["ledger"], "is required where --control-repo is not given and no workflow runs")
            return None
        if branch and not _BRANCH.fullmatch(branch):
            self.fault(BY_NAME["ledger"], f"the part after # must be a branch name, got {branch!r:.60}")
        if _HAS_PASSWORD.match(place):
            self.fault(BY_NAME["ledger"], "must hold no user name or password; give the token as GITHUB_TOKEN")
        return LedgerSettings(
            place=place, branch=branch or _LEDGER_BRANCH, server=server, token=self._environ.get("GITHUB_TOKEN", "")
        )

    def dispatch(self) -> DispatchSettings:
        has_limit = bool(self.text("max_acu_per_session"))
        return DispatchSettings(
            agent=self.matching("agent", _AGENT, "the name of an agent"),
            registry=self.text("registry"),
            forge=self.text("forge"),
            devin_api_key=self.text("devin_api_key"),
            devin_org_id=self.matching("devin_org_id", _WORD, "letters, digits, dashes and underscores"),
            devin_api_url=self.address("devin_api_url"),
            session_secrets=self.secrets("session_secrets"),
            max_acu_per_session=self.number("max_acu_per_session", _ACUS) if has_limit else None,
            max_failure_rate=self.number("max_failure_rate", _PERCENT),
            max_retry_attempts=self.number("max_retry_attempts", _RETRIES),
            wave_size=self.number("wave_size", _WAVES),
            wave_gate=self.number("wave_gate", _PERCENT),
            poll_seconds=self.number("poll_seconds", _POLLS),
            session_minutes=self.number("session_minutes", _MINUTES),
            is_knowledge_enabled=self.boolean("enable_knowledge"),
            knowledge_folder_id=self.matching("knowledge_folder_id", _WORD, "letters, digits, dashes and underscores"),
        )

    def check_sources(self, settings: Settings) -> None:
        """Exactly one source of findings; a scanner and a configuration file need the checkout."""
        given = [name for name in ("sarif", "findings_csv", "scanner") if getattr(settings, name)]
        if len(given) != 1:
            found = f"got {' and '.join(BY_NAME[name].flag for name in given)}" if given else "got none"
            self.faults.append(f"findings: exactly one of --sarif, --findings-csv and --scanner is needed, {found}")
        for name in ("scanner", "config_file"):
            if getattr(settings, name) and not settings.target_dir:
                self.fault(BY_NAME[name], "needs --target-dir")

    def fault(self, option: Option, problem: str) -> None:
        """Note a fault under every name the user may have used for the option."""
        flag = f"{option.flag}, " if option.has_flag else ""
        self.faults.append(f"{option.name} ({flag}{option.variable}): {problem}")
