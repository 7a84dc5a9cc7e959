"""The process that does one session's work: waits for a slot, works, and says how it ended, whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.adapters.local_agent.attempt import Job
from codeql_fixer.adapters.local_agent.folder import Ending, Line, SessionFolder, Status
from codeql_fixer.adapters.local_agent.git import Git
from codeql_fixer.adapters.local_agent.guard import Guard
from codeql_fixer.adapters.local_agent.processes import Programs
from codeql_fixer.adapters.local_agent.repository import Repository
from codeql_fixer.adapters.local_agent.slots import slot
from codeql_fixer.adapters.local_agent.steps import QUEUED, Step
from codeql_fixer.adapters.local_agent.work import BRANCHES, Work
from codeql_fixer.domain.session import PullRequestLink, ReportStatus, SessionReport, SessionState
from codeql_fixer.errors import CodeqlFixerError
from codeql_fixer.policy.plain_text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from codeql_fixer.ports.forge import Forge

_DETAIL = 4000  # characters
MOST_STARTS = 3  # of workers for one session; one that is killed each time kills itself


class StopAskedError(BaseException):
    """Somebody asked for the end of the session; nothing between here and the boundary is to catch it."""


def run_session(
    path: Path,
    forge: Forge,
    *,
    lock: int | None,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    access: Mapping[str, str] | None = None,
) -> None:
    """Work off one session in this process, which must have no threads; everything is told in the session's folder.

    Args:
        path: the folder, made by LocalAgent.create.
        forge: where the target lives.
        lock: the descriptor that LocalAgent handed to this process; None takes the lock here.
        environment: where PATH and the locale come from. None of it but those reaches a fixer or a gate.
        now: tells the time.
        access: variables that let git in at the forge's server; only fetch and push see them.
    """
    folder = SessionFolder(path)
    with contextlib.ExitStack() as held:
        if lock is None:
            lock = held.enter_context(folder.lock())
        if lock is None or folder.ending() is not None:
            return
        os.set_inheritable(lock, False)  # noqa: FBT003 - a program that we start is not to hold it
        guard = Guard()  # after the lock, which it is to hold as well, and before anything else is open
        signal.signal(signal.SIGTERM, _raise_stop)
        _Session(folder, forge, environment, now=now, access=access or {}, guard=guard).run()


def _raise_stop(number: int, frame: object) -> None:
    del number, frame
    raise StopAskedError


class _Session:
    def __init__(
        self,
        folder: SessionFolder,
        forge: Forge,
        environment: Mapping[str, str],
        *,
        now: Callable[[], datetime],
        access: Mapping[str, str],
        guard: Guard,
    ) -> None:
        self._folder, self._forge, self._environment, self._now = folder, forge, environment, now
        self._order = folder.order()
        limits = self._order.options.limits
        self._guard, self._programs, self._state_dir = guard, Programs(guard), folder.path.parents[2]
        self._git = Git(self._programs, environment, access=access, seconds=limits.git_seconds)
        before = folder.status()
        self._status = Status(
            step=QUEUED.name,
            state=SessionState.QUEUED,
            percent=0,
            at=now(),
            pid=os.getpid(),
            starts=before.starts + 1 if before else 1,
        )

    def run(self) -> None:
        """Work, and say how it ended."""
        try:
            ending = self._worked()
        except StopAskedError:
            ending = self._ended(SessionState.STOPPED, "stopped on request")
        except CodeqlFixerError as error:
            ending = self._ended(SessionState.FAILED, str(error))
        except OSError as error:
            ending = self._ended(SessionState.FAILED, f"this machine could not go on: {error}")
        except Exception as error:  # noqa: BLE001 - the boundary of the process: one session's bug is that session's
            print(traceback.format_exc(), file=sys.stderr)  # noqa: T201 - worker.log
            ending = self._ended(SessionState.FAILED, f"a bug of ours, told in its worker.log: {error!r}")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with contextlib.suppress(OSError):  # a full disk may still take the few bytes that matter
            self._say(f"{ending.state}: {ending.detail}\n")
        self._folder.put_ending(ending)

    def _worked(self) -> Ending:
        if self._status.starts > MOST_STARTS:
            return self._ended(SessionState.FAILED, f"its worker was killed {MOST_STARTS} times")
        self._step(QUEUED)
        with slot(self._state_dir / "slots", self._order.options.sessions_at_once):
            workspace = Path(tempfile.mkdtemp(prefix="codeql-fixer-"))
            self._guard.clear(workspace)
            work = Work(
                self._job(workspace),
                self._forge,
                lambda url: Repository(self._state_dir / "repositories", url, self._git),
            )
            repository, draft = work.draft(self._folder.draft())
            self._folder.put_draft(draft)
            opened = work.publish(repository, draft)
        return Ending(
            state=SessionState.FINISHED,
            detail=f"{opened.url} proposes the fix",
            report=replace(draft.report, pull_request_url=opened.url),
            at=self._now(),
            pull_requests=(PullRequestLink(opened.url, opened.state.value),),
        )

    def _job(self, workspace: Path) -> Job:
        return Job(
            request=self._order.request,
            options=self._order.options,
            at=self._order.at.isoformat(),
            branch=self._order.request.head_branch or f"{BRANCHES}{self._order.request.intent_id}",
            workspace=workspace,
            environment=self._environment,
            programs=self._programs,
            step=self._step,
            say=self._say,
        )

    def _ended(self, state: SessionState, detail: str) -> Ending:
        detail = clean(detail, _DETAIL)  # the end of what a stranger's program printed may be in it
        report = SessionReport(status=ReportStatus.FAILED, progress_percent=self._status.percent, error=detail)
        return Ending(state=state, detail=detail, report=report, at=self._now())

    def _step(self, step: Step) -> None:
        if self._folder.is_to_stop:
            raise StopAskedError
        state = SessionState.QUEUED if step is QUEUED else SessionState.WORKING
        self._put(step=step.name, state=state, percent=step.percent)
        self._say(f"{step.name}\n")

    def _put(self, **changed: object) -> None:
        self._status = replace(self._status, at=self._now(), **changed)
        self._folder.put_status(self._status)

    def _say(self, text: str) -> None:
        self._folder.say(Line(at=self._now(), step=self._status.step, text=text))
