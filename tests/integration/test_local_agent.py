"""The local agent with real processes: what fixes become, what bad fixers get, and what the port says of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.local_agent.codemods import codemod_for, rules_with_codemods
from codeql_fixer.adapters.local_agent.options import Limits, LocalOptions
from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.scanners.command import CommandScanner
from codeql_fixer.adapters.scanners.programs import PROGRAMS
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.session import IssueResult, ReportStatus, SessionState
from codeql_fixer.errors import SessionNotFoundError, SessionRefusedError
from tests.local_sessions import GOOD, NAME, ROOT, Machine, ended, report_of, request, require, run, said, target
from tests.remotes import git

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.finding import Finding
    from codeql_fixer.domain.session import FixTarget

SHOP = ROOT / "examples/vulnerable-shop"
FIXED_IN_THE_SHOP = {
    *(("B311", "shop/accounts.py"), ("B608", "shop/orders.py"), ("B306", "shop/reports.py")),
    *(("python-insecure-random", "shop/accounts.py"), ("python-sql-injection", "shop/orders.py")),
    ("python-insecure-temp-file", "shop/reports.py"),
}


def _scanned(directory: Path, sarif: Path, path: str) -> list[FixTarget]:
    """What both scanners find, as a session is asked to fix it."""
    found: list[Finding] = []
    for program in ("bandit", "semgrep"):
        CommandScanner(PROGRAMS[program], {"PATH": path}).scan(directory, sarif)
        found += SarifReader([sarif]).read().findings
    return [
        target(number, rule_id=finding.rule.id, file=finding.file, line=finding.start_line)
        for number, finding in enumerate(found)
    ]


def test_codemods__fix_the_shop_and_a_scan_agrees(tmp_path: Path) -> None:
    """The whole way: findings, codemods, the shop's own tests, pull request, merge, and the same scans again."""
    path = require("codemodder", "semgrep", "bandit")
    machine = Machine(tmp_path, source=SHOP)
    before = _scanned(SHOP, tmp_path / "found.sarif", path)
    wanted = [found for found in before if codemod_for(found.rule_id)]
    agent = machine.agent()

    session = run(agent, request("i-1", *wanted))
    machine.forge.merge(NAME, 1)
    git(tmp_path, "clone", "--quiet", machine.forge.clone_url(NAME), "merged")
    after = _scanned(tmp_path / "merged", tmp_path / "found.sarif", path)

    report = report_of(session)
    assert (report.confidence, "tests: python -m pytest passed" in report.tests) == ("high", True)
    claimed = {issue.id for issue in report.issues if issue.result is IssueResult.FIXED}
    claims = {(found.rule_id, found.file) for found in wanted if found.id in claimed}
    gone = {(found.rule_id, found.file) for found in before} - {(found.rule_id, found.file) for found in after}
    assert gone == FIXED_IN_THE_SHOP
    # A column name cannot be a parameter: the claim is not true, and the scan is what tells.
    assert claims - gone == {("B608", "shop/catalogue.py"), ("python-sql-injection", "shop/catalogue.py")}


def test_codemods__of_our_table_are_all_known_to_codemodder() -> None:
    path = require("codemodder")
    program = shutil.which("codemodder", path=path)

    listed = subprocess.run([str(program), "--list", "."], check=True, capture_output=True, text=True).stdout.split()

    assert set(rules_with_codemods()) <= set(listed)


def test_session__becomes_a_branch_and_a_pull_request(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD))

    session = run(agent, request(tags=("family:crypto",)))

    assert (session.state, session.raw_state, session.agent) == (SessionState.FINISHED, "finished", "local")
    assert session.tags == ("cqf:i-1", "family:crypto")
    [pull] = machine.forge.pull_requests(NAME)
    assert (pull.state, pull.head, pull.base, pull.title) == (
        PullRequestState.OPEN,
        "cqf/i-1",
        "main",
        "Fix predictable tokens",
    )
    assert [(link.url, link.state) for link in session.pull_requests] == [(pull.url, "open")]
    report = report_of(session)
    assert (report.status, report.progress_percent, report.pull_request_url) == (ReportStatus.COMPLETED, 100, pull.url)
    assert (report.files_changed, report.tests, report.confidence) == (
        ("app.py",),
        "tests: python -m pytest passed",
        "medium",
    )
    assert [(issue.id, issue.result) for issue in report.issues] == [("CQLF-R1-0001", IssueResult.FIXED)]
    assert "return secrets.token_hex()" in machine.show("cqf/i-1:app.py")
    trailers = git(machine.repository, "log", "-1", "--format=%(trailers)", "cqf/i-1").splitlines()
    assert trailers == ["Fixes-Finding: 00000000000000000001 CQLF-R1-0001", "Codeql-Fixer-Intent: i-1"]
    assert "1 passed" in said(agent, session.id)


BETTER = """
import sys
from pathlib import Path
for file in sys.argv[1:]:
    path = Path(file)
    path.write_text(path.read_text().replace("token_hex()", "token_hex(32)"))
"""


def test_session__goes_on_with_the_branch_of_another_one(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    first = run(machine.agent(machine.command(GOOD)))
    agent = machine.agent(machine.command(BETTER))
    asked = request("i-2", base_branch="main", head_branch="cqf/i-1")

    second = run(agent, asked)
    shutil.rmtree(machine.state_dir)  # somebody else does it again, who knows of nothing
    third = run(machine.agent(machine.command(BETTER)), asked)

    assert (agent.capabilities.goes_on, machine.agent().capabilities.goes_on) == (True, False)
    assert first.pull_requests == second.pull_requests == third.pull_requests
    assert len(list(machine.forge.pull_requests(NAME))) == 1
    assert "return secrets.token_hex(32)" in machine.show("cqf/i-1:app.py")
    assert machine.show("refs/pull/1/head:app.py") == machine.show("cqf/i-1:app.py")
    intents = git(machine.repository, "log", "--format=%(trailers:key=Codeql-Fixer-Intent,valueonly)", "main..cqf/i-1")
    assert intents.split() == ["i-2", "i-1"]


def test_session__with_a_branch_that_is_gone_says_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    session = run(machine.agent(machine.command(GOOD)), request(head_branch="cqf/i-9"))

    assert (session.state, session.pull_requests) == (SessionState.FAILED, ())
    assert "branch cqf/i-9 of the pull request is not there any more" in session.detail


APP = "p = Path('app.py'); "
BAD = {
    "a workflow": ("Path('.github/workflows/ci.yml').write_text('on: {}')", r"\.github/workflows/ci\.yml: a fix never"),
    "a suppression": (APP + "p.write_text(p.read_text() + 'x = 1  # nosec\\n')", r"app\.py: a comment that silences"),
    "scan configuration": ("Path('.semgrepignore').write_text('*')", r"\.semgrepignore: a fix never changes how"),
    "a deleted test": ("Path('tests/test_app.py').unlink()", r"tests/test_app\.py: a test file was deleted"),
    "a link": ("Path('link').symlink_to('/etc/passwd')", "link: a fix never changes links"),
    "a link in place of a file": (
        APP + "p.unlink(); p.symlink_to('/etc/passwd')",
        r"app\.py: a fix never changes links",
    ),
    "a repository": (
        "run('git init -q sub; cd sub; git -c user.name=x -c user.email=x commit -q --allow-empty -m x', shell=True)",
        "sub: a fix never changes links or repositories",
    ),
    "too many lines": (APP + "p.write_text('x = 1\\n' * 600)", "more than the 500 allowed"),
    "a binary file": ("Path('a.bin').write_bytes(bytes(range(256)))", r"a\.bin: a fix never changes binary"),
    "a lost import": (APP + "p.write_text(p.read_text()[14:])", r"app\.py uses random, which nothing defines"),
    "a name that is no text": ("open(b'\\xff.py', 'w').write('x = 1')", "no plain path"),
    "nothing": ("", "nothing to fix could be changed: the file was not changed"),
    "only what programs leave": ("Path('__pycache__').mkdir(); Path('__pycache__/a.pyc').touch()", "nothing to fix"),
    "a failure": ("print('no idea'); sys.exit(3)", "(?s)failed with exit code 3:.*no idea"),
    "its own git": ("shutil.rmtree('.git')", "nothing to fix could be changed"),
}


@pytest.mark.parametrize(("script", "reason"), BAD.values(), ids=BAD.keys())
def test_session__with_a_bad_fixer_proposes_nothing_and_says_why(tmp_path: Path, script: str, reason: str) -> None:
    machine = Machine(tmp_path)
    imports = "import shutil, sys\nfrom pathlib import Path\nfrom subprocess import run\n"

    session = run(machine.agent(machine.command(imports + script)))

    assert session.state is SessionState.FAILED
    assert re.search(reason, session.detail), session.detail
    assert report_of(session).error == session.detail
    assert machine.branches() == []
    assert list(machine.forge.pull_requests(NAME)) == []


PRINTS_ENVIRONMENT = """
import os, sys
for name, value in os.environ.items():
    print(f"VARIABLE {name}={value}")
print("STDIN", sys.stdin.read() == "", "HOME", os.listdir(os.environ["HOME"]), os.listdir(os.environ["TMPDIR"]))
"""


def test_session__gives_a_fixer_nothing_of_ours(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(PRINTS_ENVIRONMENT))

    session = run(agent, request(secrets={"API_KEY": "secret-of-the-request"}))

    text = said(agent, session.id)
    names = {line.split()[1].partition("=")[0] for line in text.splitlines() if line.startswith("VARIABLE ")}
    assert {"PATH", "HOME", "TMPDIR"} <= names <= {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE"}
    assert "STDIN True HOME [] []" in text
    kept = [path for path in machine.state_dir.rglob("*") if path.is_file() and b"secret-of-" in path.read_bytes()]
    assert kept == []
    assert "secret-of-" not in text + session.detail


def test_session__gives_a_fixer_prompt_attachments_and_mode(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = machine.folder / "fixer.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nprint('GIVEN', sys.argv[1:])\n"
        "print([(p.name, p.read_text()) for p in sorted(Path(sys.argv[1]).parent.iterdir())])\n"
    )
    command = (sys.executable, str(script), "{prompt_file}", "--in={worktree}", "{mode}", "{files}", "{{}}")
    agent = machine.agent(LocalOptions(command=command))

    session = run(agent, request("i-1", target(1), target(2), target(3, file="--help"), mode="fast"))

    text = said(agent, session.id)
    assert "'fast', './app.py', './--help', '{}']" in text
    assert "[('prompt.md', 'Fix it.')]" in text


# --- the agent's port


def test_agent__knows_its_sessions(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD, finds_gates=False))
    for number in (1, 2):
        run(agent, request(f"i-{number}", tags=("run:1",)))
    other = machine.agent()  # as another process sees it

    assert [session.intent_id for session in other.ours()] == ["i-2", "i-1"]
    assert [session.id for session in other.find_by_tag("cqf:i-1")] == ["local-i-1"]
    assert [session.id for session in other.find_by_tag("run:1")] == ["local-i-1", "local-i-2"]
    assert other.find_by_tag("cqf:i") == []
    assert [session.id for session in other.states(["local-i-2", "local-i-9", "../x", "local-i-2"])] == ["local-i-2"]
    assert other.get("local-i-1").state is SessionState.FINISHED
    assert not other.capabilities.takes_messages
    assert other.account == ""


def test_agents__of_two_names_share_a_directory_and_no_session(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    one, other = machine.agent(), machine.agent(machine.command(GOOD, name="other", finds_gates=False))
    session = run(other)

    assert (session.id, session.agent) == ("local-i-1", "other")
    assert list(one.ours()) == one.find_by_tag("cqf:i-1") == []
    with pytest.raises(SessionNotFoundError):
        one.get(session.id)


@pytest.mark.parametrize(
    "session_id", ["", "i-1", "local-", "local-i-9", "local-../../etc", "local-a/b", "local-\0", "../state"]
)
def test_agent__knows_no_other_sessions(tmp_path: Path, session_id: str) -> None:
    agent = Machine(tmp_path).agent()

    for call in (agent.get, agent.stop, agent.messages, lambda name: agent.send(name, "x")):
        with pytest.raises(SessionNotFoundError):
            call(session_id)


@pytest.mark.parametrize(
    "changed",
    [{"intent_id": "../x"}, {"intent_id": "a b"}, {"intent_id": ""}, {"target_repo": "x"}, {"prompt": "\ud800"}],
)
def test_create__refuses_what_can_be_no_session(tmp_path: Path, changed: dict[str, str]) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent()

    with pytest.raises(SessionRefusedError):
        agent.create(request(**changed))

    assert list(agent.ours()) == []


def test_create__twice_makes_one_session(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD, finds_gates=False))

    first, second = agent.create(request()), machine.agent().create(request())
    session = ended(agent, first.session_id)
    third = agent.create(request())

    assert [first.was_there, second.was_there, third.was_there] == [False, True, True]
    assert {first.session_id, second.session_id, third.session_id} == {session.id}
    assert len(machine.branches()) == 2  # the branch and refs/pull/1/head
    with pytest.raises(SessionRefusedError, match="takes no messages"):
        agent.send(session.id, "hello")


def test_messages__go_on_where_the_cursor_is(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD, finds_gates=False))
    session = run(agent)
    whole = agent.messages(session.id)
    journal = machine.state_dir / "sessions/local" / session.id / "journal.jsonl"

    with journal.open("ab") as stream:
        stream.write(b'{"at": "half')
    half = agent.messages(session.id, whole.cursor)
    with journal.open("ab") as stream:
        stream.write(b'\n{"at": "2026-03-01T00:00:00Z", "step": "later", "text": "\\u001b[31mred"}\n')
    rest = agent.messages(session.id, half.cursor)

    assert (half.messages, half.cursor) == ((), whole.cursor)
    assert [(message.text, message.is_agent) for message in rest.messages] == [("[31mred", True)]
    assert agent.messages(session.id, rest.cursor).messages == ()


def test_messages__keep_so_much_of_the_output_and_no_more(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = "import sys\nfor _ in range(3000): print('x' * 99)\nprint('END')\nsys.exit(1)\n"
    agent = machine.agent(machine.command(script, limits=Limits(output_bytes=10_000)))

    session = run(agent)

    assert 10_000 < len(said(agent, session.id)) < 100_000
    assert "[more output is not kept]" in said(agent, session.id)
    assert session.detail.endswith("END")
