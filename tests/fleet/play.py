"""A fleet for some days: two orchestrators at once, each struck now and then, and checks after every round."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.fleet import checks
from tests.fleet.cycles import Machine, ended, is_over
from tests.fleet.meetings import Meeting
from tests.fleet.places import write_registry
from tests.fleet.world import World
from tests.remotes import BRANCH, bare, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet.world import Twins

_MOMENTS = (30, 120, 500)  # a cycle has some hundred
_RECOVERIES = 5
_MOST_ROUNDS = 60  # four days have some fifteen
_DEVIN_FAULTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("commit-then-500", {}),
    ("reset", {}),
    ("half-body", {}),
    ("429", {"retry_after": 0}),
    ("503", {}),
)
_GITHUB_FAULTS: tuple[tuple[str, dict[str, object]], ...] = (*_DEVIN_FAULTS, ("secondary-limit", {}), ("404", {}))


class Played(NamedTuple):
    """What it came to."""

    rounds: int
    struck: int
    duels: int
    sessions: int
    runs: int
    merged: int
    verified: int
    alerts: int


class Play:
    """One game.

    Args:
        seed: decides everything but which process is faster.
        folder: an empty one, which is evidence when something goes wrong.
        twins: of the services; their clocks stand.
        repositories: how many.
    """

    def __init__(self, seed: int, folder: Path, *, twins: Twins, repositories: int) -> None:
        self._luck = random.Random(seed)  # noqa: S311 - the same seed is the same game
        (folder / "tmp").mkdir()
        self._remote = bare(folder / "ledger.git")
        self._world = World(folder, self._luck, twins=twins, remote=self._remote, count=repositories)
        self._registry = folder / "registry.json"
        write_registry(self._registry, self._world.places)
        self._machines = [Machine(self._world, name, self._remote) for name in ("one", "two")]
        self._struck = self._rounds = self._duels = 0

    def run(self, days: float) -> Played:
        """Play, recover, and judge.

        Raises:
            AssertionError: something that must not be.
        """
        end = self._world.now().timestamp() + days * 86_400
        while self._world.now().timestamp() < end or self._is_too_short():
            self._round()
            self._world.act(3600 * self._luck.choice([3, 6, 10]))
        self._recover()
        verified = checks.judge(self._world, self._machines)
        return Played(
            rounds=self._rounds,
            struck=self._struck,
            duels=self._duels,
            sessions=len(self._world.devin.sessions()),
            runs=len(self._world.github.runs()),
            merged=sum(not one.is_open for one in self._world.proposals.values()),
            verified=verified,
            alerts=len(set(self._world.hook.accepted())),
        )

    def _is_too_short(self) -> bool:
        """True while the game could say nothing about proved fixes: which process is faster is for nobody to decide."""
        return self._rounds < _MOST_ROUNDS and not checks.fixes_that_a_scan_looked_at(self._world)

    def _round(self) -> None:
        self._rounds += 1
        luck = self._luck
        hold = luck.choices(["", "registry", "ledger"], [14, 1, 1])[0]
        before = len(self._world.devin.sessions())
        self._hold(hold)
        self._sabotage()
        for machine in self._machines:
            if luck.random() < 0.05:
                machine.forget()
        luck.choices([self._strike, self._tell_at_once, self._tell_meanwhile], [3, 1, 1])[0]()
        for twin in (self._world.devin, self._world.github):
            twin.clear_faults()
        self._world.hook.status = 204
        if luck.random() < 0.3:  # started again at once
            self._struck += ended({luck.choice(self._machines).fork(): ""})
        if hold:
            assert len(self._world.devin.sessions()) == before, f"held by the {hold}, and sessions start"
        self._hold("")
        checks.after_round(self._world)

    def _strike(self) -> None:
        """Both at once, and each of them may die or fail somewhere."""
        children = {}
        for machine in self._machines:
            how = self._luck.choices(["", "kill", "fail"], [4, 3, 1])[0]
            strike_at = self._luck.randint(1, self._luck.choice(_MOMENTS)) if how else 0
            children[machine.fork(strike_at=strike_at, how=how)] = how
        self._struck += ended(children)

    def _tell_at_once(self) -> None:
        """Both have found the same news, and none of them has claimed any yet."""
        meeting = Meeting(self._world.folder / f"meeting-{self._rounds}")
        ended({machine.fork(meeting=meeting): "" for machine in self._machines})
        self._duels += 1

    def _tell_meanwhile(self) -> None:
        """One is about to tell what it has claimed, and the other one looks for what there is to tell."""
        hook = self._world.hook
        hook.status = 204
        hook.hold_next()
        first = self._machines[0].fork()
        while not hook.is_held.wait(0.01) and not is_over(first):
            pass
        ended({self._machines[1].fork(): ""})
        hook.let_go()
        ended({first: ""})
        self._duels += 1

    def _sabotage(self) -> None:
        """Some requests go wrong."""
        luck = self._luck
        if luck.random() < 0.3:
            fault, more = luck.choice(_DEVIN_FAULTS)
            self._world.devin.fault(fault, match={"path": r"/sessions$", "nth": luck.randint(1, 3)}, **more)
        if luck.random() < 0.3:
            fault, more = luck.choice(_GITHUB_FAULTS)
            self._world.github.fault(fault, match={"nth": luck.randint(1, 9), "times": luck.randint(1, 3)}, **more)

        self._world.hook.status = 500 if self._rounds % 3 == 1 else 204  # in the first round, too

    def _hold(self, how: str) -> None:
        """A person holds the fleet, or lets it go on."""
        write_registry(self._registry, self._world.places, paused="somebody looks" if how == "registry" else "")
        _put_pause(self._remote, is_there=how == "ledger")

    def _recover(self) -> None:
        """Nothing is struck any more, and time goes on until all is known."""
        for _ in range(_RECOVERIES):
            self._world.act(3600)
            ended({machine.fork(): "" for machine in self._machines})
            checks.after_round(self._world)


def _put_pause(remote: Path, *, is_there: bool) -> None:
    """Put the file that holds the fleet on the branch, or take it away, as a person does with git."""
    tip = git(remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")
    had = bool(tip and git(remote, "ls-tree", "--name-only", tip, "telemetry/paused"))
    if had == is_there:
        return
    git(remote, "read-tree", tip or "--empty")
    if is_there:
        done = subprocess.run(
            ["git", "-C", remote, "hash-object", "-w", "--stdin"],
            input="somebody looks",
            capture_output=True,
            text=True,
            check=True,
        )
        git(remote, "update-index", "--add", "--cacheinfo", f"100644,{done.stdout.strip()},telemetry/paused")
    else:
        git(remote, "--git-dir=.", "--work-tree=.", "update-index", "--force-remove", "telemetry/paused")
    tree = git(remote, "write-tree")
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
    parents = ("-p", tip) if tip else ()
    commit = git(remote, *who, "commit-tree", tree, *parents, "-m", "Hold" if is_there else "Go on")
    git(remote, "update-ref", f"refs/heads/{BRANCH}", commit, tip)
