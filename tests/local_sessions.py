"""Sessions of a local agent for tests: a target in a local forge, fixers as tiny scripts, and waiting for the end."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from codeql_fixer.adapters.forge.local import LocalForge
from codeql_fixer.adapters.local_agent.agent import LocalAgent
from codeql_fixer.adapters.local_agent.folder import Order
from codeql_fixer.adapters.local_agent.options import LocalOptions
from codeql_fixer.domain.session import FixTarget, Session, SessionRequest, SessionState
from tests.remotes import git, refs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from codeql_fixer.domain.session import SessionReport

ROOT = Path(__file__).parents[1]
NAME = "acme/app"
TARGET = {
    "app.py": "import random\n\n\ndef token():\n    return random.random()\n",
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "tests/test_app.py": "import app\n\n\ndef test_token():\n    assert app.token() != app.token()\n",
    ".github/workflows/ci.yml": "on: push\n",
}
GOOD = """
import sys
from pathlib import Path
for file in sys.argv[1:]:
    path = Path(file)
    path.write_text(path.read_text().replace("random", "secrets").replace("secrets.secrets()", "secrets.token_hex()"))
"""
LOOPS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({place!r}, "w").write(f"{{os.getpid()}} {{child.pid}}\\n")
while True:
    time.sleep(0.01)
"""
# The worker of tests: what an entrypoint does. The optional last argument names what to do at a call of the forge.
_WORKER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from codeql_fixer.adapters.forge.local import LocalForge
from codeql_fixer.adapters.local_agent.worker import run_session

class Forge(LocalForge):
    def _die(self, moment):
        mark = Path(sys.argv[1]) / "died"
        if sys.argv[2] == moment and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    def clone_url(self, repository):
        self._die("clone_url")
        return super().clone_url(repository)
    def propose(self, proposal):
        self._die("before propose")
        opened = super().propose(proposal)
        self._die("after propose")
        return opened

def now():
    return datetime.now(UTC)

forge = Forge(Path(sys.argv[1]) / "forge", environment=os.environ, now=now)
run_session(Path(sys.argv[3]), forge, lock=int(sys.argv[4]), environment=os.environ, now=now)
"""


def now() -> datetime:
    """The time, which tests never look at."""
    return datetime.now(UTC)  # noqa: TID251 - tests


def require(*programs: str) -> str:
    """PATH with these programs; skips, or fails where everything has to be there, when one is missing."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # noqa: TID251 - tests
    for program in programs:
        if not shutil.which(program, path=path):
            if os.environ.get("CODEQL_FIXER_NEEDS_ALL"):  # noqa: TID251 - tests
                pytest.fail(f"{program} is not on PATH, and .ci/run has to have it")
            pytest.skip(f"{program} is not on PATH; 'make test' puts it there")
    return path


class Machine:
    """A machine with a local forge, which holds one target, and a local agent.

    Args:
        folder: an empty directory.
        files: of the target.
        name: of the target.
        source: a directory that holds the target, instead of files.
        dies: at which call of the forge the worker kills itself, once.
        path: directories with programs before all others.
    """

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, str] | None = None,
        *,
        name: str = NAME,
        source: Path | None = None,
        dies: str = "",
        path: Path | None = None,
    ) -> None:
        self.folder = folder
        self.worker = [sys.executable, str(folder / "worker.py"), str(folder), dies]
        programs = f"{path}{os.pathsep}{require()}" if path else require()
        self.environment = {
            "PATH": programs,
            "HOME": os.environ["HOME"],  # noqa: TID251 - tests
            "PYTHONPATH": str(ROOT / "scripts"),
            "SECRET_TOKEN": "secret-of-the-worker",
            "GITHUB_TOKEN": "secret-of-the-forge",
        }
        self.forge = LocalForge(folder / "forge", environment={"PATH": require()}, now=now)
        if source is None:
            source = folder / "source"
            for file, text in (files or TARGET).items():
                (source / file).parent.mkdir(parents=True, exist_ok=True)
                (source / file).write_text(text)
        self.forge.add_repository(name, source)
        (folder / "worker.py").write_text(_WORKER)

    @property
    def repository(self) -> Path:
        """The target's bare repository."""
        return self.folder / f"forge/{NAME}.git"

    @property
    def state_dir(self) -> Path:
        """Where the agent keeps everything."""
        return self.folder / "state"

    def agent(self, options: LocalOptions | None = None, *, worker: list[str] | None = None) -> LocalAgent:
        """An agent as another process would have it."""
        return LocalAgent(
            self.state_dir,
            options or LocalOptions(),
            worker=worker or self.worker,
            environment=self.environment,
            now=now,
        )

    def branches(self) -> list[str]:
        """What is in the target besides its base."""
        return [ref for ref in refs(self.repository) if ref != "refs/heads/main"]

    def show(self, name: str) -> str:
        """A file of a commit of the target."""
        return git(self.repository, "show", name)

    def command(self, script: str, **options: Any) -> LocalOptions:  # noqa: ANN401 - passed on
        """Options with a fixer that is this Python script; {files} are its arguments."""
        place = self.folder / "fixer.py"
        place.write_text(script)
        return LocalOptions(command=(sys.executable, str(place), "{files}"), **options)


def target(number: int = 1, *, rule_id: str = "B311", file: str = "app.py", line: int | None = 5) -> FixTarget:
    """One issue."""
    return FixTarget(
        id=f"CQLF-R1-{number:04d}",
        fingerprint=f"{number:020x}",
        rule_id=rule_id,
        family="crypto",
        file=file,
        start_line=line,
        message="predictable",
    )


def request(intent_id: str = "i-1", *targets: FixTarget, **changed: Any) -> SessionRequest:  # noqa: ANN401 - passed on
    """One request."""
    given = {
        "intent_id": intent_id,
        "target_repo": NAME,
        "title": "Fix predictable tokens",
        "prompt": "Fix it.",
        "family": "crypto",
        "targets": targets or (target(),),
    }
    return SessionRequest(**{**given, **changed})


def ended(agent: LocalAgent, session_id: str) -> Session:
    """The session when it is over."""
    for _ in range(1200):
        session = agent.get(session_id)
        if session.state not in {SessionState.QUEUED, SessionState.WORKING}:
            return session
        time.sleep(0.05)
    pytest.fail(f"{session!r} did not end: {said(agent, session_id)}")


def run(agent: LocalAgent, asked: SessionRequest | None = None) -> Session:
    """Create a session and wait for its end."""
    return ended(agent, agent.create(asked or request()).session_id)


def report_of(session: Session) -> SessionReport:
    """Its report, which there has to be."""
    assert session.report is not None
    return session.report


def said(agent: LocalAgent, session_id: str) -> str:
    """All that it wrote."""
    return "".join(message.text for message in agent.messages(session_id).messages)


def is_running(pid: int) -> bool:
    """True for what runs; a zombie is only waiting for somebody to count it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition: Any) -> None:  # noqa: ANN401 - anything that can be called
    """Wait until something is so."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it never came to be so")


class LocalStage:
    """The local agent for the contract suite of agents (tests/contract/test_agent.py). Its sessions wait for a slot.

    Args:
        folder: an empty directory.
    """

    unknown_id = "local-nobody"
    key = ""

    def __init__(self, folder: Path) -> None:
        files = {"shop/db.py": TARGET["app.py"]}
        machine = Machine(folder, files, name="acme/shop")
        self._machine, self._slots = machine, machine.state_dir / "slots"
        self._slots.mkdir(parents=True)
        self._turnstile = (self._slots / "turnstile.lock").open("w")
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        self.agent = self.other_agent()

    def other_agent(self) -> LocalAgent:
        """The same as another process has it."""
        return self._machine.agent(self._machine.command(GOOD))

    def started(self, tag: str) -> int:
        """How many folders of sessions bear the tag; all agents of a machine have the same state."""
        orders = self._machine.state_dir.glob("sessions/*/*/order.json")
        return sum(msgspec.json.decode(path.read_bytes(), type=Order).request.tag == tag for path in orders)

    def strangers_session(self) -> None:
        """Have another agent of this machine start a session."""
        self._machine.agent(self._machine.command(GOOD, name="other")).create(request("somebody-else"))

    def finish(self) -> None:
        """Let the sessions work, and wait for their end."""
        fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        for session in self.agent.ours():
            ended(self.agent, session.id)
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)

    def close(self) -> None:
        """End what is left."""
        for session in self.agent.ours():
            self.agent.stop(session.id)
        self._turnstile.close()


@contextmanager
def local_theatre() -> Iterator[Callable[[], LocalStage]]:
    """Makes stages."""
    made: list[LocalStage] = []
    with tempfile.TemporaryDirectory(prefix="local-agent-", ignore_cleanup_errors=True) as folder:

        def make() -> LocalStage:
            for stage in made:
                stage.close()
            made[:] = [LocalStage(Path(tempfile.mkdtemp(dir=folder)))]
            return made[0]

        yield make
        for stage in made:
            stage.close()
