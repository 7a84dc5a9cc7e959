"""The commands of `orchestrator`: their names, what they take, and how their help reads."""

from __future__ import annotations

from typing import NamedTuple

SHARED = ("ledger", "control_repo", "state_dir", "index", "registry", "json")  # options that all of them take


class Argument(NamedTuple):
    """An argument of one verb; positional unless the name starts with a dash."""

    name: str
    help: str
    metavar: str = ""
    is_flag: bool = False
    is_list: bool = False
    is_optional: bool = False


class Verb(NamedTuple):
    """A command: its help and its arguments. The module of the same name in this package has its `run`."""

    name: str
    help: str
    examples: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()
    options: tuple[str, ...] = ()


_REPO = Argument("--repo", "only this repository", "OWNER/NAME")
_TAG = Argument("--tag", "only repositories with this tag", "TAG")
_SESSION = Argument("session", "id of a session of ours", "SESSION")
_CYCLE = (
    _REPO,
    _TAG,
    Argument("--dry-run", "only say what would be done", is_flag=True),
    Argument("--max-duration", "begin nothing new after so many seconds", "SECONDS"),
)
_DECIDING = ("agent", "max_sessions", "sla_hours", "forge")
_SCANNING = ("workflow_ref", "scanner")
_HOSTING = ("github_api_url",)
_AGENTS = ("forge", "poll_seconds")
VERBS = (
    Verb(
        "ingest",
        "put the record of a scan on the ledger",
        ("orchestrator.py ingest --run out/run.json --control-repo acme/security",),
        (Argument("--run", "run.json that the pipeline wrote", "FILE"),),
    ),
    Verb(
        "import-runs",
        "put what the first generation left on the ledger, as records of today",
        (
            "orchestrator.py import-runs telemetry/runs --ledger ../ledger.git",
            "orchestrator.py import-runs runs --upstream acme-forks/shop=acme/shop --dry-run",
        ),
        (
            Argument("directory", "its telemetry/runs", "DIR"),
            Argument("--upstream", "this fork was scanned for that repository", "FORK=UPSTREAM", is_list=True),
            Argument("--dry-run", "only say what would be put there", is_flag=True),
        ),
    ),
    Verb(
        "status",
        "show how many issues are in which state",
        ("orchestrator.py status", "orchestrator.py status --repo acme/shop --json | jq .repositories"),
        (_REPO,),
        ("sla_hours",),
    ),
    Verb(
        "plan",
        "show what the next cycle would start, and why the rest waits",
        (
            "orchestrator.py plan --registry repo_registry.json",
            "orchestrator.py plan --tag pci --json | jq .dispatches",
        ),
        (_REPO, _TAG),
        _DECIDING,
    ),
    Verb(
        "explain",
        "show why an issue gets a session now or does not: gates, score, limits, and when that could change",
        (
            "orchestrator.py explain 4be89e0fbf4569e1d682 --registry repo_registry.json",
            "orchestrator.py explain --cycle dispatch-20260301T100000-ab12cd-01234567",
        ),
        (
            Argument("fingerprint", "of the issue, or the start of it", "FINGERPRINT", is_optional=True),
            Argument("--cycle", "decide again what this cycle decided, from the records", "ID"),
            _REPO,
        ),
        _DECIDING,
    ),
    Verb(
        "dispatch",
        "see what came of sessions, decide, and start sessions",
        ("orchestrator.py dispatch --registry repo_registry.json --dry-run", "orchestrator.py dispatch --tag pci"),
        _CYCLE,
        (*_DECIDING, *_HOSTING),
    ),
    Verb(
        "scan",
        "have repositories scanned that are due",
        ("orchestrator.py scan --control-repo acme/security --registry repo_registry.json",),
        _CYCLE,
        ("sla_hours", *_SCANNING, *_HOSTING),
    ),
    Verb(
        "cycle",
        "scan what is due, then dispatch: what a schedule runs",
        ("orchestrator.py cycle --registry repo_registry.json --max-duration 3000",),
        _CYCLE,
        (*_DECIDING, *_SCANNING, *_HOSTING),
    ),
    Verb(
        "history",
        "show the whole life of an issue",
        ("orchestrator.py history 4be89e0fbf4569e1d682", "orchestrator.py history 4be89e --repo acme/shop"),
        (Argument("fingerprint", "of the issue, or the start of it", "FINGERPRINT"), _REPO),
        ("sla_hours",),
    ),
    Verb(
        "search",
        "find issues by words in rule, file and message",
        ("orchestrator.py search sql injection login",),
        (Argument("words", "words, or starts of words", "WORD", is_list=True),),
    ),
    Verb(
        "sessions",
        "show the sessions that were started, and how they are doing",
        ("orchestrator.py sessions --days 2", "orchestrator.py sessions --follow --json | jq .state"),
        (
            _REPO,
            Argument("--days", "started in the last so many days; default: 7", "DAYS"),
            Argument("--follow", "until all of them are over; what is seen goes on the ledger", is_flag=True),
        ),
        _AGENTS,
    ),
    Verb(
        "costs",
        "show what sessions took, by agent, family and repository, and what the next month will take",
        ("orchestrator.py costs", "orchestrator.py costs --repo acme/shop --days 90 --json | jq .next_30_days"),
        (_REPO, Argument("--days", "started in the last so many days; default: 30", "DAYS")),
    ),
    Verb(
        "learning",
        "show how often attempts end in a proved fix, by rule, language, agent, prompt and playbook",
        ("orchestrator.py learning", "orchestrator.py learning --days 30 --json | jq .versions"),
        (_REPO, Argument("--days", "started in the last so many days; default: 90", "DAYS")),
    ),
    Verb(
        "stream",
        "show what a session writes, as it comes, until it is over",
        ("orchestrator.py stream devin-0123456789abcdef0123456789abcdef",),
        (_SESSION, Argument("--new", "only what is written from now on", is_flag=True)),
        _AGENTS,
    ),
    Verb(
        "message",
        "write to a session; a sleeping one wakes up, which may cost",
        ("orchestrator.py message devin-0123... 'The tests need Postgres: make test-db'",),
        (_SESSION, Argument("text", "what to write", "TEXT")),
        _AGENTS,
    ),
    Verb(
        "stop",
        "end a session of ours",
        ("orchestrator.py stop devin-0123456789abcdef0123456789abcdef",),
        (_SESSION,),
        _AGENTS,
    ),
    Verb(
        "settle",
        "say what became of a claim of which nobody could tell",
        (
            "orchestrator.py settle i-0123456789abcdef01234567 --session devin-0123...",
            "orchestrator.py settle i-0123456789abcdef01234567 --none --reason 'none in that hour'",
        ),
        (
            Argument("intent", "id of the claim, as 'history' shows it", "INTENT"),
            Argument("--session", "the session that was started for it", "SESSION"),
            Argument("--none", "none was started; the issues are free again", is_flag=True),
            Argument("--reason", "how you know; it is kept", "TEXT"),
        ),
        ("forge",),
    ),
    Verb(
        "resume",
        "let a repository go on that a bad wave has paused",
        ("orchestrator.py resume acme/shop --reason 'the flaky test is mended'",),
        (Argument("repository", "owner/name", "OWNER/NAME"), Argument("--reason", "why; it is kept", "TEXT")),
    ),
    Verb(
        "forge",
        "keep repositories and pull requests in a directory, for local agents",
        (
            "orchestrator.py forge add acme/shop shop --forge forge",
            "orchestrator.py forge list acme/shop --forge forge",
            "orchestrator.py forge merge acme/shop 1 --forge forge",
            "orchestrator.py forge review acme/shop 1 --forge forge --changes 'Test it, too.' --file a.py --line 3",
            "orchestrator.py forge check acme/shop 1 --forge forge --name tests --failed '2 tests failed'",
        ),
        (
            Argument("action", "add, list, merge, close, review or check", "ACTION"),
            Argument("repository", "owner/name", "OWNER/NAME"),
            Argument("what", "directory to add, or number of the pull request", "DIR|NUMBER", is_optional=True),
            Argument("--changes", "for review: ask for changes, and say which", "TEXT"),
            Argument("--approve", "for review: approve instead", is_flag=True),
            Argument("--file", "for review: what is said is about this file", "FILE"),
            Argument("--line", "for review: and about this line of it", "N"),
            Argument("--by", "for review: who says it; default: reviewer", "NAME"),
            Argument("--name", "for check: its name; default: tests", "NAME"),
            Argument("--failed", "for check: it failed, with this as the end of its log", "LOG"),
            Argument("--passed", "for check: it passed", is_flag=True),
        ),
        ("forge",),
    ),
    Verb(
        "registry",
        "show, check and change the operator's list of repositories",
        (
            "orchestrator.py registry show acme/shop --json",
            "orchestrator.py registry add acme/shop --importance high --tag production --alias acme-forks/shop",
            "orchestrator.py registry validate --registry fleet.json",
            "orchestrator.py registry discover acme",
        ),
        (
            Argument("action", "show, validate, add, remove or discover", "ACTION"),
            Argument(
                "repository",
                "owner/name; show shows all without one, discover takes an organization or user of GitHub",
                "OWNER/NAME",
                is_optional=True,
            ),
            Argument("--importance", "for add: critical, high, medium, low, or 0 to 100", "N"),
            Argument("--tag", "for add: a tag of it; can be given again", "TAG", is_list=True),
            Argument("--schedule", "for add: how often it is scanned", "SCHEDULE"),
            Argument("--alias", "for add: a fork or an earlier name; can be given again", "OWNER/NAME", is_list=True),
        ),
        ("github_api_url",),
    ),
    Verb(
        "verify",
        "compare the scan after a change with the one before it, and say of each finding what is proved",
        (
            "orchestrator.py verify --baseline before.sarif --candidate after.sarif",
            "orchestrator.py verify --baseline a.sarif --candidate b.sarif --diff d --targets 4be89e0fbf4569e1d682",
            "orchestrator.py verify --baseline a.sarif --candidate b.sarif --baseline-dir main --candidate-dir pr",
        ),
        (
            Argument("--baseline", "SARIF of the scan before the change: a file or a directory", "SARIF"),
            Argument("--candidate", "SARIF of the scan after it", "SARIF"),
            Argument("--targets", "what was to be fixed; default: everything in the baseline", "FINGERPRINT,..."),
            Argument("--baseline-dir", "the code before the change, where it is at hand", "DIR"),
            Argument("--candidate-dir", "the code after it", "DIR"),
            Argument("--diff", "the change itself as git writes it; default: what differs between the two", "FILE"),
            Argument("--commit", "what the candidate has to be a scan of; default: the candidate's checkout", "SHA"),
            Argument("--evidence", "write evidence of what is verified as fixed, as an in-toto statement", "FILE"),
            Argument("--export-sarif", "write the candidate with a baselineState on every result", "FILE"),
            Argument("--export-vex", "write the verdicts as an OpenVEX document", "FILE"),
            Argument("--repo", "whose findings these are", "OWNER/NAME"),
            Argument("--pull-request", "the change", "NUMBER"),
            Argument("--session", "the session that made it", "SESSION"),
            Argument("--record", "put the verdicts on the ledger", is_flag=True),
            Argument("--publish", "say it at the pull request: label, comment, check", is_flag=True),
        ),
        ("github_api_url",),
    ),
    Verb(
        "evidence",
        "look whether evidence of a fix holds: digests, and the same scans decided again; needs no network",
        (
            "orchestrator.py evidence verify fix.intoto.json",
            "orchestrator.py evidence verify fix.intoto.json --baseline a.sarif --candidate b.sarif --diff pr.diff",
        ),
        (
            Argument("action", "verify", "ACTION"),
            Argument("file", "what 'verify --evidence' wrote", "FILE"),
            Argument("--baseline", "SARIF to look at in place of what goes along", "SARIF"),
            Argument("--candidate", "the same of the scan after the change", "SARIF"),
            Argument("--baseline-dir", "the code before the change", "DIR"),
            Argument("--candidate-dir", "the code after it", "DIR"),
            Argument("--diff", "the change", "FILE"),
        ),
    ),
    Verb(
        "fsck",
        "check every record on the ledger",
        ("orchestrator.py fsck --ledger ../ledger.git",),
    ),
    Verb(
        "replay",
        "put records on the ledger that a failed run kept",
        ("orchestrator.py replay out/unrecorded --control-repo acme/security",),
        (Argument("directory", "where they were kept", "DIR"),),
    ),
    Verb(
        "rebuild",
        "forget the index and read the whole ledger again",
        ("orchestrator.py rebuild",),
    ),
    Verb(
        "compact",
        "pack scan runs of months that are long over; loses nothing",
        ("orchestrator.py compact --older-than-days 90 --dry-run",),
        (
            Argument("--older-than-days", "only months that ended so many days ago; default: 90", "DAYS"),
            Argument("--dry-run", "only say what would be packed", is_flag=True),
        ),
    ),
    Verb(
        "simulate",
        "play the next days on this machine, under one registry or several; nothing is paid",
        (
            "orchestrator.py simulate --repositories 100 --days 30",
            "orchestrator.py simulate --registry repo_registry.json --policy repo_registry.json --policy twice.json",
        ),
        (
            Argument("--days", "how many; default: 30", "N"),
            Argument("--repositories", "so many made-up ones, instead of those of the registry", "N"),
            Argument(
                "--policy",
                "what is different from the registry, in its format; several are compared",
                "FILE",
                is_list=True,
            ),
            Argument("--seeds", "how many times, each with another luck; default: 1, or 10 to compare", "N"),
            Argument("--seed", "the first of them; default: 1", "N"),
        ),
        ("max_sessions", "sla_hours"),
    ),
)
