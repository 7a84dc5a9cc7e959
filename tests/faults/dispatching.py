"""One scenario: two dispatchers at once, round after round, each struck somewhere; then recovery, and the count.

The ledger is a real branch of a real repository (or a directory), dispatchers are real processes, the agent is Devin's
client against the twin over HTTP. Only the time is played: it moves between rounds.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import signal
import tempfile
import time
import traceback
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.adapters.devin.factory import devin_account
from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.app.author import Author
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.dispatch import Dispatcher
from codeql_fixer.app.follow import Follower
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.replay import replay
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.session import TAG_PREFIX, SessionRequest
from codeql_fixer.errors import CodeqlFixerError
from codeql_fixer.policy.claims import GRACE, LEASE
from codeql_fixer.policy.dispatching import Candidate, CandidateIssue, Limits
from codeql_fixer.ports.ledger import Stored
from codeql_fixer.transport.circuit import CircuitLimits
from codeql_fixer.transport.http import Limits as HttpLimits
from codeql_fixer.transport.retry import Timing
from tests.dispatching import REPOSITORY, candidate, route
from tests.faults.points import Points, WatchedAgent
from tests.records import PRODUCER, at, fingerprint, scan
from tests.remotes import bare, ledger_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from codeql_fixer.domain.route import Route
    from codeql_fixer.policy.dispatching import Dispatch, Facts
    from codeql_fixer.ports.ledger import Ledger
    from tests.devin_twin import DevinTwin

_PATH = r"/sessions$"
# What happens to requests that create sessions, and to those that look for them.
TWIN_FAULTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("commit-then-500", {}),
    ("timeout-after-commit", {"seconds": 0.6}),
    ("timeout-before", {"seconds": 0.6}),
    ("half-body", {}),
    ("slow-drip", {"seconds": 0.6}),
    ("reset", {}),
    ("reset", {"commits": False}),
    ("429", {"retry_after": 0}),
    ("429", {}),
    ("500", {}),
    ("503", {}),
    ("422", {}),
)
LISTING_FAULTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("duplicate-listing", {}),
    ("503", {}),
    ("half-body", {}),
    ("unknown-enum", {}),
    ("stale-listing", {"seconds": 300}),
    ("stale-listing", {"seconds": 300}),
)
_HTTP = HttpLimits(
    connect_seconds=1.0,
    answer_seconds=0.3,
    deadline_seconds=2.0,
    circuit=CircuitLimits(failures=50),
)
_MOST_MOMENTS = 70
_RECOVERIES = 12
_PATIENCE_SECONDS = 60.0


class Played(NamedTuple):
    """What a scenario came to."""

    faults: int
    sessions: int
    intents: int
    kinds: Counter[str]


class Scene:
    """The places of a scenario.

    Args:
        folder: an empty one.
        twin: without sessions and faults.
        luck: decides everything.
    """

    def __init__(self, folder: Path, twin: DevinTwin, luck: random.Random) -> None:
        self.folder, self.twin, self.luck = folder, twin, luck
        self.issues = luck.randint(1, 5)
        self.limits = Limits(max_in_period=luck.choice([3, 100]), max_at_work=luck.choice([2, 100]))
        self.is_git = luck.random() < 0.7
        self.is_one_machine = luck.random() < 0.5
        (folder / "tmp").mkdir()
        self._clock = folder / "clock"
        self._clock.write_text("0")
        if self.is_git:
            self._remote = bare(folder / "remote.git")
        self.ledger("setup").append([scan("1", 0, *range(1, self.issues + 1))])

    def now(self) -> datetime:
        """The time, which is the same for all."""
        return at(10) + timedelta(seconds=float(self._clock.read_text()))

    def pass_time(self, by: timedelta) -> None:
        """Let it move. What dead dispatchers have sent and the twin has not read yet does not wait that long."""
        self.twin.disconnect()
        self._clock.write_text(str((self.now() - at(10) + by).total_seconds()))
        self.twin.advance(by.total_seconds())

    def ledger(self, who: str) -> Ledger:
        """The ledger as one process sees it."""
        if not self.is_git:
            return DirectoryLedger(self.folder / "ledger")
        return ledger_of(self._remote, mirror=self.folder / self._machine(who) / "mirror.git", seconds=10)

    def index(self, who: str) -> SqlIndex:
        """The index of one machine."""
        return SqlIndex(SqliteDatabase(self.folder / self._machine(who) / "index.sqlite"))

    def dispatch(self, who: str, points: Points | None = None) -> None:
        """Run a dispatcher to its end."""
        account = devin_account(
            self.twin.key,
            org_id=self.twin.org,
            base_url=self.twin.url,
            limits=_HTTP,
            timing=Timing(sleep=lambda seconds: time.sleep(seconds / 200)),
        )
        devin = account.agent()
        agents = {"devin": WatchedAgent(devin, points) if points else devin}
        author = Author(producer=PRODUCER, run_id=who, clock=lambda: self._seen(points))
        ledger, index, kept = self.ledger(who), self.index(who), DirectoryLedger(self.folder / who / "kept")
        recorder = Recorder(ledger=ledger, kept=kept, replay="")
        if (self.folder / who / "kept").exists():
            replay(kept, recorder, lambda _: None)
        work = _Work(index, self.issues, points)
        Dispatcher(
            settler=Settler(ledger=ledger, index=index, agents=agents, author=author, tell=lambda _: None),
            watchers=(Observer(index=index, agents=agents, recorder=recorder, author=author, tell=lambda _: None),),
            claimer=Claimer(ledger=ledger, index=index, agents=agents, author=author, monotonic=time.monotonic),
            starter=Starter(
                agents=agents,
                recorder=recorder,
                author=author,
                parallel=2,
                max_failure_rate=100,
                on_outcome=lambda *_: None,
            ),
            follower=Follower(
                agents=agents,
                recorder=recorder,
                author=author,
                sleep=lambda _: None,
                poll_seconds=0,
                time_limit=timedelta(hours=1),
                on_session=lambda _: None,
            ),
            limits=self.limits,
            waves=None,
            on_step=lambda _: None,
        ).run(work)

    def _seen(self, points: Points | None) -> datetime:
        if points:
            points.looked()
        return self.now()

    def _machine(self, who: str) -> str:
        return "machine" if self.is_one_machine and who != "setup" else who


class _Work:
    """One candidate per issue."""

    def __init__(self, index: SqlIndex, issues: int, points: Points | None) -> None:
        self._index, self._issues, self._points = index, issues, points

    def candidates(self, facts: Facts, limits: Limits) -> Sequence[Candidate]:
        del facts, limits
        attempts = self._index.attempts(REPOSITORY)
        found = []
        for number in range(1, self._issues + 1):
            [row] = self._index.issues(fingerprint(number), REPOSITORY)
            issue = CandidateIssue(
                id=f"CQLF-R1-{number:04}",
                fingerprint=fingerprint(number),
                tracked=row.issue,
                lifecycle=row.lifecycle,
                attempts=attempts.get(fingerprint(number), ()),
            )
            found.append(candidate(f"B{number}", issue))
        return found

    def route(self, candidate: Candidate, number: int) -> Route:
        del candidate, number
        return route()

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        if self._points:
            self._points.at_prompt()  # it is made from files
        names = ",".join(issue.fingerprint for issue in dispatch.candidate.issues)
        return SessionRequest(
            intent_id=intent.id,
            target_repo=REPOSITORY,
            title="Fix it",
            prompt=f"Fix {names}",
            family="injection",
            targets=(),
            tags=(f"issue:{names}",),
        )


def play(seed: int, folder: Path, twin: DevinTwin) -> Played:
    """Play the scenario of a seed.

    Raises:
        AssertionError: a session too many, a claim that is lost, or a limit that was exceeded.
    """
    luck = random.Random(seed)  # noqa: S311 - the same seed is the same scenario
    twin.reset()
    twin.clear_faults()
    twin.outcome("never_ending")  # one that ends makes room for another
    scene = Scene(folder, twin, luck)
    kinds: Counter[str] = Counter()
    for _ in range(luck.randint(4, 8)):
        kinds += _round(scene)
        scene.pass_time(luck.choice([timedelta(0), timedelta(minutes=5), LEASE + GRACE]))
    twin.clear_faults()
    for _ in range(_RECOVERIES):
        scene.pass_time(LEASE + GRACE)
        before = scene.ledger("recovery").read_since("").tip
        scene.dispatch("recovery")
        if scene.ledger("recovery").read_since("").tip == before:
            break  # nothing is left to do
    return _judge(scene, kinds)


def _round(scene: Scene) -> Counter[str]:
    """Two dispatchers at once, with faults everywhere; returns the faults that struck."""
    luck, twin = scene.luck, scene.twin
    kinds: Counter[str] = Counter()
    for _ in range(luck.randint(1, 3)):
        fault, more = luck.choice(TWIN_FAULTS)
        twin.fault(fault, match={"method": "POST", "path": _PATH, "nth": luck.randint(1, 2)}, **more)
    if luck.random() < 0.4:
        fault, more = luck.choice(LISTING_FAULTS)
        twin.fault(fault, match={"method": "GET", "path": _PATH}, **more)
    children = {}
    for who in ("one", "two"):
        # One who is stopped while it holds a file's lock stops the others on its machine, which is as it should be.
        may_stop = scene.is_git and not scene.is_one_machine
        how = luck.choices(["kill", "fail", "", "stop"], [6, 2, 1, 4 * may_stop])[0]
        strike_at = luck.choice([luck.randint(1, _MOST_MOMENTS), -luck.randint(1, 2)]) if how else 0
        children[_fork(scene, who, strike_at, how=how)] = how
    for ended, how in _ended(scene, children):
        if ended:
            kinds[how] += 1
    kinds["http"] += _struck(twin)
    twin.clear_faults()
    return kinds


def _fork(scene: Scene, who: str, strike_at: int, *, how: str) -> int:
    """A dispatcher in a process of its own, which shares nothing with this one but the disk."""
    child = os.fork()
    if child:
        return child
    code = 0
    try:
        os.setpgid(0, 0)
        gc.disable()
        tempfile.tempdir = str(scene.folder / "tmp")  # where what killed ones leave behind is found and taken away
        points = Points(strike_at, how)
        points.arm()
        scene.dispatch(who, points)
    except (CodeqlFixerError, OSError):
        code = 3
    except BaseException:  # noqa: BLE001 - the process ends here
        (scene.folder / f"bug-{who}.txt").write_text(traceback.format_exc())
        code = 1
    finally:
        os._exit(code)


def _ended(scene: Scene, children: dict[int, str]) -> list[tuple[bool, str]]:
    """Wait for the dispatchers; who was stopped goes on much later. Returns who was struck, and how.

    Time passes when nobody is at work: a request that is on its way does not take as long as a claim lasts.
    """
    struck = []
    waiting, stopped = dict(children), set[int]()
    until = time.monotonic() + _PATIENCE_SECONDS
    while waiting:
        assert time.monotonic() < until, f"dispatchers hang: {waiting}"
        if stopped == waiting.keys():
            scene.pass_time(LEASE + GRACE)
            scene.dispatch("healer")
            for child in stopped:
                os.kill(child, signal.SIGCONT)
            stopped.clear()
        child, status = os.waitpid(-1, os.WUNTRACED | os.WNOHANG)
        if not child:
            time.sleep(0.005)
            continue
        how = waiting[child]
        if os.WIFSTOPPED(status):
            stopped.add(child)
            struck.append((True, how))
            continue
        del waiting[child]
        if how != "stop":
            struck.append((os.WIFSIGNALED(status) or (how == "fail" and os.WEXITSTATUS(status) != 0), how))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)  # its git, if that lives on
    return struck


def _struck(twin: DevinTwin) -> int:
    """How many requests the twin has let go wrong."""
    return sum(fault["struck"] for fault in twin.admin("GET", "faults")["faults"])


def _judge(scene: Scene, kinds: Counter[str]) -> Played:
    bugs = [path.read_text() for path in scene.folder.glob("bug-*.txt")]
    assert not bugs, bugs[0]
    records = [entry.record for entry in scene.ledger("judge").read_since("").entries if isinstance(entry, Stored)]
    intents = {record.id: record for record in records if isinstance(record, DispatchIntent)}
    outcomes = {record.id: record for record in records if isinstance(record, DispatchOutcome)}
    sessions = scene.twin.sessions()
    (scene.folder / "sessions.json").write_text(json.dumps(sessions, indent=1))
    by_tag = Counter(tag for session in sessions for tag in session["tags"] if tag.startswith(TAG_PREFIX))
    by_issue = Counter(tag for session in sessions for tag in session["tags"] if tag.startswith("issue:"))
    assert all(count == 1 for count in by_tag.values()), f"two sessions for one claim: {by_tag}"
    assert all(count == 1 for count in by_issue.values()), f"an issue was paid twice: {by_issue}"
    assert {tag.removeprefix(TAG_PREFIX) for tag in by_tag} <= intents.keys(), "a session without a claim"
    assert intents.keys() == outcomes.keys(), f"claims without an end: {intents.keys() - outcomes.keys()}"
    for tag in by_tag:
        outcome = outcomes[tag.removeprefix(TAG_PREFIX)]
        assert outcome.status in {DispatchStatus.CREATED, DispatchStatus.ADOPTED}, f"{tag} is paid and {outcome.status}"
    allowed = min(scene.issues, scene.limits.max_in_period, scene.limits.max_at_work)
    assert len(sessions) <= allowed, f"{len(sessions)} sessions, {allowed} are allowed"
    assert len(sessions) == allowed, f"{len(sessions)} sessions after recovery, {allowed} could be"
    return Played(sum(kinds.values()), len(sessions), len(intents), kinds)
