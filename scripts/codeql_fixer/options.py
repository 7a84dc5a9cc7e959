"""The one table of options: command-line flags, environment variables, action inputs and the reference page.

Kept free of other imports, so that `--help` starts fast.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Use(StrEnum):
    """Where an option can be given."""

    EVERYWHERE = "everywhere"
    ACTION = "action"  # prepares the scan inside action.yml; the command never sees it
    FLEET = "fleet"  # flags and variables of scripts/orchestrator.py; of secrets variables only
    DISPATCH = "dispatch"  # variables and action inputs of what starts sessions; no flags, since some are secrets
    VARIABLE = "variable"  # variables of scripts/orchestrator.py; no flags, since some are secrets
    COMMANDS = "commands"  # flags and variables of both commands, no action input
    PIPELINE = "pipeline"  # the same of scripts/pipeline.py only


class Option(NamedTuple):
    """One option. `--batch-size`, `BATCH_SIZE` and the input `batch_size` are the same thing.

    A list takes several values: repeated flags, or one value with commas or line breaks. What the command requires,
    the action fills in.
    """

    name: str
    help: str
    default: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    is_list: bool = False
    is_flag: bool = False
    is_secret: bool = False
    is_required: bool = False
    use: Use = Use.EVERYWHERE

    @property
    def flag(self) -> str:
        """The command-line flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def has_flag(self) -> bool:
        """True when a command takes it as a flag; others see those, so no secret is one."""
        return not self.is_secret and self.use not in {Use.ACTION, Use.DISPATCH, Use.VARIABLE}

    @property
    def is_input(self) -> bool:
        """True when the action takes it as an input."""
        return self.use in {Use.EVERYWHERE, Use.ACTION, Use.DISPATCH}

    @property
    def variable(self) -> str:
        """The environment variable."""
        return self.name.upper()


MODES = ("dry-run", "basic", "orchestrator")
SCANNERS = ("bandit", "semgrep")
THRESHOLDS = ("critical", "high", "medium", "low")
TRUE, FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off", ""})
BATCH_SIZES = range(1, 51)
MAX_SESSIONS = range(1, 101)
REGISTRY_FILE = "repo_registry.json"  # where the orchestrator looks when no other is named

OPTIONS = (
    Option("mode", "what to do with the batches; dry-run writes prompts and needs no secret", "basic", choices=MODES),
    Option("sarif", "SARIF file or directory (also .gz); several may be given", metavar="PATH", is_list=True),
    Option("findings_csv", "CSV file of findings", metavar="PATH"),
    Option("scanner", "run this local scanner on the target directory", choices=SCANNERS),
    Option("target_repo", "repository that the findings belong to, as owner/name or URL", metavar="OWNER/NAME"),
    Option("target_dir", "checkout of the target: snippets, tests and line hashes come from it", metavar="DIR"),
    Option("output_dir", "where issues.json, batches.json, prompts, run.json and summary.md go", metavar="DIR"),
    Option("severity_threshold", "least severe tier that is worked on", "low", choices=THRESHOLDS),
    Option("batch_size", "most issues in one batch, 1 to 50", "5", "N"),
    Option("max_sessions", "most batches, 1 to 100; what is beyond is reported as left out", "25", "N"),
    Option("include_paths", "only files that match these gitignore-style globs", metavar="GLOB", is_list=True),
    Option("exclude_paths", "no files that match these gitignore-style globs", metavar="GLOB", is_list=True),
    Option("languages", "only these languages; CodeQL scans them, too", metavar="LANGUAGE", is_list=True),
    Option("config_file", "configuration inside the target; default: .codeql-fixer.yml if it is there", metavar="FILE"),
    Option("prompt_template", "Jinja2 template to use for the prompts", metavar="FILE"),
    Option(
        "default_branch", "branch that pull requests go to; default: the one that the agent finds", metavar="BRANCH"
    ),
    Option("run_id", "identity of this run; default: the workflow run, else the time", metavar="ID"),
    Option(
        "ledger",
        "where the records go: address or path of a git repository, or a directory; #BRANCH may follow; "
        "default: branch telemetry of the control repository",
        metavar="PLACE",
    ),
    Option(
        "control_repo", "repository that holds the ledger; default: in Actions the workflow's own", metavar="OWNER/NAME"
    ),
    Option("agent", "who fixes, whatever the rules say: devin, codemodder, or a name of the registry", metavar="NAME"),
    Option("registry", "the operator's repo_registry.json: agents, rules and limits", metavar="FILE"),
    Option(
        "wave_size",
        "sessions in a wave, the most severe first; each is followed to its end before the next; 0: all at once",
        "0",
        "N",
    ),
    Option("json", "print one JSON document with the counts on standard output", is_flag=True),
    Option("queries", "CodeQL query suite", "security-extended", use=Use.ACTION),
    Option(
        "github_token",
        "token that can read the target, open pull requests and write the control repository",
        is_secret=True,
        use=Use.DISPATCH,
    ),
    Option("devin_api_key", "key of the Devin API (cog_... or apk_...)", is_secret=True, use=Use.DISPATCH),
    Option("devin_org_id", "organisation of a cog_ key", use=Use.DISPATCH),
    Option("devin_api_url", "address of the Devin API", "https://api.devin.ai", use=Use.DISPATCH),
    Option(
        "session_secrets",
        "names of variables that sessions get, as secrets of their own",
        is_list=True,
        use=Use.DISPATCH,
    ),
    Option("wave_gate", "share of a wave, in percent, that has to end well before the next", "50", use=Use.DISPATCH),
    Option("max_acu_per_session", "most agent compute units for one session", use=Use.DISPATCH),
    Option("max_failure_rate", "share of sessions, in percent, that may fail to start", "50", use=Use.DISPATCH),
    Option("max_retry_attempts", "most sessions for one issue after the first", "3", use=Use.DISPATCH),
    Option(
        "enable_knowledge", "share what was learned through Devin's knowledge; not used yet", "false", use=Use.DISPATCH
    ),
    Option("knowledge_folder_id", "folder for that knowledge; not used yet", use=Use.DISPATCH),
    Option("webhook_url", "address that gets lifecycle events; not used yet", use=Use.DISPATCH),
    Option("webhook_secret", "secret that signs them; not used yet", is_secret=True, use=Use.DISPATCH),
    Option("poll_seconds", "between two looks at sessions", "15", "SECONDS", use=Use.COMMANDS),
    Option("session_minutes", "a session of a wave that takes longer is stopped", "180", "MINUTES", use=Use.PIPELINE),
    Option(
        "forge",
        "directory of bare repositories that plays the forge for local agents; they need it, for now",
        metavar="DIR",
        use=Use.COMMANDS,
    ),
    Option(
        "state_dir",
        "where the index and a copy of the ledger are kept between runs; both can be deleted at any time; "
        "pipeline.py keeps none when it is not given",
        ".codeql-fixer",
        "DIR",
        use=Use.COMMANDS,
    ),
    Option(
        "index",
        "database of the index: a file, or postgresql://...; default: in state_dir",
        metavar="DB",
        use=Use.FLEET,
    ),
    Option("alert_webhook_url", "where alerts go, signed (docs/guides/alerts.md)", is_secret=True, use=Use.VARIABLE),
    Option("alert_webhook_secret", "what signs them: whsec_ and 32 bytes in base64", is_secret=True, use=Use.VARIABLE),
    Option("alert_slack_url", "incoming webhook of a chat that is like Slack", is_secret=True, use=Use.VARIABLE),
    Option("alert_github", "repository that gets an issue per alert; with #NUMBER, a comment there", use=Use.VARIABLE),
    Option("alert_summary", "alerts stand in the job's summary, too", "false", use=Use.VARIABLE),
    Option("alert_templates", "directory with your words for alerts", metavar="DIR", use=Use.VARIABLE),
    Option("alert_allow_private", "alerts may go to addresses inside a network", "false", use=Use.VARIABLE),
    Option(
        "github_app_id",
        "number or client id of the GitHub App whose tokens are used where GITHUB_TOKEN is not given",
        use=Use.VARIABLE,
    ),
    Option("github_app_private_key", "private key of that App, in PEM", is_secret=True, use=Use.VARIABLE),
    Option("github_api_url", "address of GitHub's API; default: github.com's", "", "URL", use=Use.FLEET),
    Option(
        "workflow_ref", "branch or tag of the control repository's workflow that scans", "main", "REF", use=Use.FLEET
    ),
    Option(
        "sla_hours",
        "hours until an issue has to be fixed, by tier",
        "critical=24,high=72,medium=168,low=720",
        "TIER=HOURS,...",
        use=Use.FLEET,
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}
