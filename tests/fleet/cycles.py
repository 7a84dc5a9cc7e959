"""Cycles as processes: wired as the command wires them, with another clock, and struck somewhere."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import tempfile
import time
import traceback
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from codeql_fixer.adapters.devin.factory import devin_account
from codeql_fixer.adapters.github.factory import github_host
from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.app.cycle import CycleReport
from codeql_fixer.app.replay import replay
from codeql_fixer.bootstrap.cycle import Wanted, build_cycle
from codeql_fixer.bootstrap.fleet import KEPT
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.errors import CodeqlFixerError
from codeql_fixer.settings import FleetSettings
from codeql_fixer.transport.circuit import CircuitLimits
from codeql_fixer.transport.http import Limits as HttpLimits
from codeql_fixer.transport.retry import Timing
from tests.faults.points import Points, WatchedAgent
from tests.fleet.meetings import MeetingLedger
from tests.fleet.places import CONTROL
from tests.receiver import SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from codeql_fixer.ports.agent import Agent
    from codeql_fixer.ports.hosting import Hosting
    from codeql_fixer.ports.ledger import Ledger
    from tests.fleet.meetings import Meeting
    from tests.fleet.world import World

_HTTP = HttpLimits(connect_seconds=1.0, answer_seconds=2.0, deadline_seconds=4.0, circuit=CircuitLimits(failures=50))
_PATIENCE_SECONDS = 120.0


def _timing() -> Timing:
    """Waits are short here: the twins' clocks stand still meanwhile."""
    return Timing(sleep=lambda seconds: time.sleep(seconds / 500))


class PlayedRoom(OrchestratorRoom):
    """The parts of the orchestrator, with clients that do not wait long and calls that are moments to die at."""

    def __init__(self, world: World, environ: Mapping[str, str], *, points: Points, log: Path) -> None:
        self._points = points
        super().__init__(FleetSettings.from_environ(environ), environ, clock=world.now, tell=_Said(log))

    def agents(self, *, is_starting: bool) -> dict[str, Agent]:
        del is_starting
        settings = self.settings.dispatch
        account = devin_account(
            settings.devin_api_key,
            org_id=settings.devin_org_id,
            base_url=settings.devin_api_url,
            limits=_HTTP,
            timing=_timing(),
        )
        return {"devin": WatchedAgent(account.agent(), self._points)}

    def hosting(self, *, is_needed: bool) -> Hosting | None:
        del is_needed
        settings = self.settings
        return github_host(
            settings.ledger.token,
            base_url=settings.github_api_url,
            state=self.fleet.directory,
            http=_HTTP,
            timing=_timing(),
        )


class _Said:
    """A file of what was told, which is evidence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, text: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{text}\n")


class Machine:
    """One that runs cycles, and keeps its state from one to the next.

    Args:
        world: around it.
        name: of its folder.
        remote: the ledger's repository.
    """

    def __init__(self, world: World, name: str, remote: Path) -> None:
        self.world, self.name, self.folder = world, name, world.folder / name
        self.folder.mkdir()
        self.registry = world.folder / "registry.json"
        self._cycles = 0
        self._environ = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - tests
            "HOME": os.environ["HOME"],  # noqa: TID251 - tests
            "LEDGER": str(remote),
            "CONTROL_REPO": CONTROL,
            "REGISTRY": str(self.registry),
            "STATE_DIR": str(self.folder / "state"),
            **world.devin.environment,
            **world.github.environment,
            "ALERT_WEBHOOK_URL": world.hook.url,
            "ALERT_WEBHOOK_SECRET": SECRET,
            "ALERT_ALLOW_PRIVATE": "true",
        }

    def index(self) -> SqlIndex:
        """Its index."""
        index = self._room(Points(0, "")).fleet.index()
        assert isinstance(index, SqlIndex)
        return index

    def forget(self) -> None:
        """As runners do that are new each time; what was kept for a replay is an artifact, and stays."""
        for path in (self.folder / "state").glob("*/*"):
            if path.name != KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def fork(self, *, strike_at: int = 0, how: str = "", meeting: Meeting | None = None) -> int:
        """A cycle in a process of its own, which shares nothing with this one but the disk; its id.

        With a meeting it claims its alerts together with the other one who has it.
        """
        self._cycles += 1
        child = os.fork()
        if child:
            return child
        code = 0
        try:
            os.setpgid(0, 0)
            gc.disable()
            tempfile.tempdir = str(self.world.folder / "tmp")
            points = Points(strike_at, how)
            points.arm()
            self._cycle(points, meeting)
        except (CodeqlFixerError, OSError) as error:
            _Said(self.folder / "log.txt")(f"{type(error).__name__}: {error}")
            code = 3
        except BaseException:  # noqa: BLE001 - the process ends here
            (self.world.folder / f"bug-{self.name}-{self._cycles}.txt").write_text(traceback.format_exc())
            code = 1
        finally:
            if meeting:
                meeting.come()
            os._exit(code)

    def _cycle(self, points: Points, meeting: Meeting | None) -> None:
        room = self._room(points)
        kept = room.fleet.directory / KEPT
        if kept.exists():
            replay(DirectoryLedger(kept), room.fleet.recorder(), lambda _: None)
            shutil.rmtree(kept)
        report = CycleReport()
        parts = build_cycle(room, Wanted(run_id=f"{self.name}-{self._cycles}"), lambda _: None)
        runner = parts.runner
        if meeting:
            told = replace(runner.alerter, ledger=cast("Ledger", MeetingLedger(runner.ledger, meeting)))
            runner = replace(runner, alerter=told)
        runner.run(parts.work, report)
        for problem in report.problems:
            room.tell(f"problem: {problem}")
        scans, sessions = len(report.scans), len(report.dispatch.started)
        room.tell(f"cycle {self._cycles}, {self.world.now():%d %H:%M}: {scans} scans, {sessions} sessions")

    def _room(self, points: Points) -> PlayedRoom:
        return PlayedRoom(self.world, self._environ, points=points, log=self.folder / "log.txt")


def is_over(child: int) -> bool:
    """True when a process has ended; `ended` takes its end."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def ended(children: Mapping[int, str]) -> int:
    """Wait for cycles, by id with how each was to be struck; how many died or failed of it."""
    waiting, struck = dict(children), 0
    until = time.monotonic() + _PATIENCE_SECONDS
    while waiting:
        assert time.monotonic() < until, f"cycles hang: {waiting}"
        for child in [*waiting]:  # not any child: those of other tests are theirs
            has_ended, status = os.waitpid(child, os.WNOHANG)
            if not has_ended:
                continue
            how = waiting.pop(child)
            struck += os.WIFSIGNALED(status) or (how == "fail" and os.WEXITSTATUS(status) != 0)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)  # its git, if that lives on
        time.sleep(0.01)
    return struck
