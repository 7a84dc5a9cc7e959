"""Workers of the local agent: many at once, stopped, killed at every step, and without what they need."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.local_agent.folder import Order, SessionFolder, Status
from codeql_fixer.adapters.local_agent.options import Limits, LocalOptions
from codeql_fixer.domain.gate import Gate, GateKind
from codeql_fixer.domain.session import IssueResult, ReportStatus, SessionState
from codeql_fixer.errors import AgentUnavailableError
from tests.local_sessions import (
    GOOD,
    LOOPS,
    NAME,
    TARGET,
    Machine,
    ended,
    is_running,
    now,
    report_of,
    request,
    run,
    said,
    until,
)
from tests.remotes import git, hook

BRANCH = "refs/heads/cqf/i-1"
_KEPT_AS = hashlib.sha256(b"refs/heads/main").hexdigest()[:20]


def test_session__with_a_fixer_that_never_ends_is_over_in_time(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = LOOPS.format(place=str(tmp_path / "pids"))

    session = run(machine.agent(machine.command(script, limits=Limits(fixer_seconds=1))))

    assert session.state is SessionState.FAILED
    assert "ran out of time and was stopped" in session.detail
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    until(lambda: not any(is_running(pid) for pid in pids))


# --- many at once, and stopping

WAITS = "import time\nfrom pathlib import Path\nwhile not Path({place!r}).exists(): time.sleep(0.02)\n" + GOOD


def test_sessions__wait_for_a_slot(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(WAITS.format(place=str(tmp_path / "go")), sessions_at_once=1))
    first = agent.create(request("i-1")).session_id
    until(lambda: agent.get(first).raw_state == "fixing")

    second = agent.create(request("i-2")).session_id
    until(lambda: "queued" in said(agent, second))
    assert (agent.get(first).state, agent.get(second).state) == (SessionState.WORKING, SessionState.QUEUED)
    assert report_of(agent.get(first)).status is ReportStatus.FIXING
    (tmp_path / "go").touch()

    assert {ended(agent, name).state for name in (first, second)} == {SessionState.FINISHED}
    assert len(list(machine.forge.pull_requests(NAME))) == 2


def test_stop__ends_working_and_waiting_sessions(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(LOOPS.format(place=str(tmp_path / "pids")), sessions_at_once=1))
    first = agent.create(request("i-1")).session_id
    until((tmp_path / "pids").exists)
    second = agent.create(request("i-2")).session_id

    for name in (second, first):
        agent.stop(name)
        agent.stop(name)

    assert [agent.get(name).state for name in (first, second)] == [SessionState.STOPPED] * 2
    assert agent.create(request("i-1")).was_there
    assert agent.get(first).state is SessionState.STOPPED
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    until(lambda: not any(is_running(pid) for pid in pids))
    assert machine.branches() == []


def test_stop__leaves_what_has_ended_as_it_is(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD, finds_gates=False))
    session = run(agent)

    agent.stop(session.id)

    assert agent.get(session.id) == session


ENDS_WHEN_ASKED = """
import os, sys, time
while not os.path.exists(os.path.join(sys.argv[1], "stop")):
    time.sleep(0.02)
"""


def test_stop__of_a_worker_that_has_said_nothing_leaves_strangers_alone(tmp_path: Path) -> None:
    """The process number of the worker before it may be somebody else's by now."""
    machine = Machine(tmp_path)
    folder = SessionFolder(machine.state_dir / "sessions/local/local-i-1")
    folder.path.mkdir(parents=True)
    folder.put_order(Order(request=request(), options=LocalOptions(), at=now()))
    with subprocess.Popen(["sleep", "600"]) as stranger:
        status = Status(step="fixing", state=SessionState.WORKING, percent=1, at=now(), pid=stranger.pid, starts=2)
        folder.put_status(status)
        agent = machine.agent(worker=[sys.executable, "-c", ENDS_WHEN_ASKED])
        agent.create(request())

        agent.stop("local-i-1")

        is_alone = stranger.poll() is None
        stranger.kill()
    assert is_alone
    assert agent.get("local-i-1").state is SessionState.STOPPED
    assert folder.status() == replace(status, pid=0)


# --- workers that are killed


def _git_that_kills(folder: Path, word: str, moment: str) -> Path:
    """A git that kills whoever started it at the first command with this word, before or after doing it."""
    script, real = folder / "bin/git", shutil.which("git")
    script.parent.mkdir()
    once = f'case " $* " in *" {word} "*) if mkdir {folder}/killed 2>/dev/null; then {{}}; fi;; esac'
    kill = "kill -9 $PPID; sleep 5"
    before, after = (once.format(kill), "") if moment == "before" else ("", once.format(kill))
    script.write_text(f'#!/bin/sh\n{before}\n{real} "$@"\ncode=$?\n{after}\nexit $code\n')
    script.chmod(0o755)
    return script.parent


GIT_MOMENTS = [
    (word, moment)
    for word in ("ls-remote", "fetch", "reset", "write-tree", "commit-tree", "push")
    for moment in ("before", "after")
]


@pytest.mark.parametrize(("word", "moment"), GIT_MOMENTS)
def test_worker__killed_at_a_step_leaves_one_branch_and_one_pull_request(
    tmp_path: Path, word: str, moment: str
) -> None:
    machine = Machine(tmp_path, path=_git_that_kills(tmp_path, word, moment))
    _killed_and_created_again(machine)


@pytest.mark.parametrize("moment", ["clone_url", "before propose", "after propose"])
def test_worker__killed_at_the_forge_leaves_one_branch_and_one_pull_request(tmp_path: Path, moment: str) -> None:
    machine = Machine(tmp_path, dies=moment)
    _killed_and_created_again(machine)


KILLS_ITS_WORKER = """
import os, signal
if not os.path.exists({mark!r}):
    open({mark!r}, "w").close()
    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()
"""


def test_worker__killed_while_the_fixer_works(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    _killed_and_created_again(machine, machine.command(KILLS_ITS_WORKER.format(mark=str(tmp_path / "mark")) + GOOD))


def test_worker__killed_while_a_gate_runs(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = tmp_path / "gate.py"
    script.write_text(KILLS_ITS_WORKER.format(mark=str(tmp_path / "mark")))
    gate = Gate(kind=GateKind.TESTS, command=(sys.executable, str(script)))
    _killed_and_created_again(machine, machine.command(GOOD, gates=(gate,)))


def _killed_and_created_again(machine: Machine, options: LocalOptions | None = None) -> None:
    agent = machine.agent(options or machine.command(GOOD, finds_gates=False))

    lost = run(agent)
    assert (lost.state, lost.raw_state) == (SessionState.FAILED, "lost")
    again = agent.create(request())
    session = ended(agent, again.session_id)

    assert again.was_there
    assert session.state is SessionState.FINISHED, session.detail
    [pull] = machine.forge.pull_requests(NAME)
    assert sorted(machine.branches()) == [BRANCH, "refs/pull/1/head"]
    assert pull.head_commit == git(machine.repository, "rev-parse", BRANCH)
    assert report_of(session).pull_request_url == pull.url


def test_worker__killed_each_time_is_given_up(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nsignal.pause()\n"
    agent = machine.agent(machine.command(script))
    for _ in range(3):
        assert run(agent).raw_state == "lost"

    session = run(agent)

    assert (session.state, session.detail) == (SessionState.FAILED, "its worker was killed 3 times")


def test_worker__killed_takes_its_programs_along(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(LOOPS.format(place=str(tmp_path / "pids"))))
    name = agent.create(request()).session_id
    until((tmp_path / "pids").exists)
    worker = int((tmp_path / "pids").read_text().split()[0])
    parent = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])

    os.kill(parent, signal.SIGKILL)

    assert ended(agent, name).raw_state == "lost"
    until(lambda: not any(is_running(int(pid)) for pid in (tmp_path / "pids").read_text().split()))


# --- other faults


@pytest.mark.parametrize(
    ("worker", "word"), [(["true"], "lost"), ([sys.executable, "-c", "raise SystemExit(1)"], "lost")]
)
def test_worker__that_never_worked_is_a_failure(tmp_path: Path, worker: list[str], word: str) -> None:
    agent = Machine(tmp_path).agent(worker=worker)

    session = run(agent)

    assert (session.state, session.raw_state) == (SessionState.FAILED, word)
    assert "worker.log" in session.detail


def test_create__that_cannot_start_a_worker_makes_no_session(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    with pytest.raises(AgentUnavailableError, match="no worker can be started"):
        machine.agent(worker=[str(tmp_path / "nowhere")]).create(request())

    assert machine.agent().find_by_tag("cqf:i-1") == []
    assert not machine.agent(machine.command(GOOD, finds_gates=False)).create(request()).was_there
    ended(machine.agent(), "local-i-1")


def test_create__that_cannot_write_makes_no_session(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.state_dir.write_text("a file, no directory")

    with pytest.raises(AgentUnavailableError, match="no session was started"):
        machine.agent().create(request())


def test_create__that_cannot_note_a_worker_starts_none(tmp_path: Path) -> None:
    """A worker without a note would work although we said that there is none."""
    machine = Machine(tmp_path)
    worker = [sys.executable, "-c", f"open({str(tmp_path / 'worked')!r}, 'w')"]
    folder = machine.state_dir / "sessions/local/local-i-1"
    folder.mkdir(parents=True)
    (folder / "started").symlink_to(tmp_path / "no/such/directory")

    with pytest.raises(AgentUnavailableError, match="no session was started"):
        machine.agent(worker=worker).create(request())

    with SessionFolder(folder).lock() as descriptor:  # which a worker would have
        assert descriptor is not None
    assert not (tmp_path / "worked").exists()


def test_create__again_that_cannot_start_a_worker_keeps_the_session(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert run(machine.agent(worker=["true"])).raw_state == "lost"

    with pytest.raises(AgentUnavailableError, match="no worker can be started"):
        machine.agent(worker=[str(tmp_path / "nowhere")]).create(request())

    assert machine.agent().get("local-i-1").raw_state == "lost"


def test_create__again_after_a_kill_before_the_worker_starts_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD, finds_gates=False))
    folder = SessionFolder(machine.state_dir / "sessions/local/local-i-1")
    folder.path.mkdir(parents=True)
    folder.put_order(Order(request=request(), options=machine.command(GOOD, finds_gates=False), at=now()))
    folder.note_start()
    assert agent.get("local-i-1").raw_state == "lost"

    assert agent.create(request()).was_there
    assert ended(agent, "local-i-1").state is SessionState.FINISHED


@pytest.mark.parametrize("name", ["status.json", "ending.json", "order.json"])
def test_session__that_cannot_be_read_is_not_taken_for_absent(tmp_path: Path, name: str) -> None:
    """Who takes it for absent makes a second one."""
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD, finds_gates=False))
    session = run(agent)
    (machine.state_dir / "sessions/local" / session.id / name).write_text("{")

    for call in (lambda: agent.find_by_tag("cqf:i-1"), lambda: agent.get(session.id), lambda: list(agent.ours())):
        with pytest.raises(AgentUnavailableError, match=f"{name} cannot be read"):
            call()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"target_repo": "acme/gone"}, "there is no repository acme/gone"),
        ({"base_branch": "gone"}, "has no branch gone"),
        ({"base_branch": "--upload-pack=x"}, "has no branch"),
    ],
)
def test_session__whose_target_is_not_there_says_so(tmp_path: Path, changed: dict[str, str], reason: str) -> None:
    session = run(Machine(tmp_path).agent(), request(**changed))

    assert session.state is SessionState.FAILED
    assert reason in session.detail


def test_session__whose_server_does_not_answer_is_over_in_time(tmp_path: Path) -> None:
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase " $* " in *" fetch "*) sleep 600;; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    machine = Machine(tmp_path, path=slow.parent)

    session = run(machine.agent(machine.command(GOOD, limits=Limits(git_seconds=1))))

    assert session.state is SessionState.FAILED
    assert "git fetch did not end within 1 s and was stopped" in session.detail


def test_session__without_its_program_says_so(tmp_path: Path) -> None:
    session = run(Machine(tmp_path).agent(LocalOptions(command=("no-such-program",))))

    assert "no-such-program is not installed" in session.detail


def test_session__adopts_what_a_lost_machine_pushed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    options = machine.command(GOOD, finds_gates=False)
    run(machine.agent(options))
    shutil.rmtree(machine.state_dir)

    session = run(machine.agent(options))

    assert session.state is SessionState.FINISHED
    assert "earlier run" in report_of(session).tests
    assert [issue.result for issue in report_of(session).issues] == [IssueResult.FIXED]
    assert len(list(machine.forge.pull_requests(NAME))) == 1


def test_session__is_not_held_up_by_locks_that_a_killed_git_left(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    agent = machine.agent(machine.command(GOOD, finds_gates=False))
    run(agent)
    [copy] = (machine.state_dir / "repositories").glob("*.git")
    for name in (f"refs/cqf/{_KEPT_AS}.lock", "config.lock", "packed-refs.lock"):
        (copy / name).write_text("")
    _commit_more(machine)

    session = run(agent, request("i-2"))

    assert session.state is SessionState.FINISHED, session.detail


def _commit_more(machine: Machine) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    tip = git(machine.repository, *identity, "commit-tree", "-p", "main", "-m", "more", "main^{tree}")
    git(machine.repository, "update-ref", "refs/heads/main", tip)


def test_session__on_a_full_disk_is_a_failure(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    options = machine.command("print('x' * 200_000)\n" + GOOD, finds_gates=False)
    worker = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", *machine.worker]  # files of 51,200 bytes at most

    session = run(machine.agent(options, worker=worker))

    assert session.state is SessionState.FAILED
    assert "this machine could not go on" in session.detail
    assert machine.branches() == []


def test_session__leaves_somebody_elses_branch_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    git(machine.repository, "branch", "cqf/i-1", "main")

    session = run(machine.agent(machine.command(GOOD, finds_gates=False)))

    assert session.state is SessionState.FAILED
    assert "is not of this intent" in session.detail
    assert git(machine.repository, "rev-parse", "cqf/i-1") == git(machine.repository, "rev-parse", "main")


def test_session__that_the_server_refuses_says_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    hook(machine.repository, "pre-receive", "echo no fixes on Fridays; exit 1")

    session = run(machine.agent(machine.command(GOOD, finds_gates=False)))

    assert session.state is SessionState.FAILED
    assert "git push failed" in session.detail
    assert "no fixes on Fridays" in session.detail
    assert machine.branches() == []


def test_session__runs_nothing_that_the_target_names(tmp_path: Path) -> None:
    """Hooks do not travel, filters and drivers are only named: a fixer that plants them reaches its own copy only."""
    plants = (
        "import subprocess\nfrom pathlib import Path\n"
        f"run = 'touch {tmp_path}/planted; cat'\n"
        "for name in ('filter.x.clean', 'filter.x.smudge', 'core.fsmonitor', 'diff.x.textconv', 'core.sshCommand'):\n"
        "    subprocess.run(['git', 'config', name, run], check=True)\n"
        "Path('.git/hooks').mkdir(exist_ok=True)\n"
        "for hook in ('pre-commit', 'pre-push', 'post-index-change', 'reference-transaction'):\n"
        "    Path('.git/hooks', hook).write_text('#!/bin/sh\\n' + run); Path('.git/hooks', hook).chmod(0o755)\n"
    )
    files = {
        **TARGET,
        ".gitattributes": "* filter=x diff=x\n",
        ".gitmodules": '[submodule "s"]\npath = s\nurl = ext::sh -c x\n',
    }
    machine = Machine(tmp_path, files)

    session = run(machine.agent(machine.command(plants + GOOD)))

    assert session.state is SessionState.FINISHED, session.detail
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("end", ["", "import signal\nos.kill(os.getppid(), signal.SIGKILL)\nsignal.pause()\n"])
def test_session__leaves_no_work_tree_even_if_its_worker_is_killed(tmp_path: Path, end: str) -> None:
    machine = Machine(tmp_path)
    script = f"import os\nopen({str(tmp_path / 'place')!r}, 'w').write(os.getcwd())\n"

    run(machine.agent(machine.command(script + end, finds_gates=False)))

    until(lambda: not Path((tmp_path / "place").read_text()).parent.exists())


_CREATE = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
import msgspec
from codeql_fixer.adapters.local_agent.agent import LocalAgent
from codeql_fixer.adapters.local_agent.options import LocalOptions
from codeql_fixer.domain.session import SessionRequest

place, asked, options, *worker = sys.argv[1:]
options = msgspec.json.decode(options, type=LocalOptions)
agent = LocalAgent(Path(place), options, worker=worker, environment=os.environ, now=lambda: datetime.now(UTC))
print(agent.create(msgspec.json.decode(asked, type=SessionRequest)).was_there)
"""


def test_create__by_several_processes_at_once_makes_one_session(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    given = [msgspec.json.encode(value).decode() for value in (request(), machine.command(GOOD, finds_gates=False))]
    command = [sys.executable, "-c", _CREATE, str(machine.state_dir), *given, *machine.worker]
    started = [subprocess.Popen(command, env=machine.environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {process.communicate()[0].strip() for process in started}

    session = ended(machine.agent(), "local-i-1")

    assert session.state is SessionState.FINISHED
    assert answers <= {"True", "False"}
    assert "False" in answers
    assert len(list(machine.forge.pull_requests(NAME))) == 1
    assert said(machine.agent(), session.id).count("fixing\n") == 1
