"""Measures dispatching and watching sessions of Devin's twin, whose every answer takes 50 ms.

Wall-clock seconds, since waiting is what this work is made of, beside the floor (calls x latency / calls at a time)
and beside clients that know no ledger, no claims and no retries. Only ratios of one run count. Aims:
docs/reference/performance.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import msgspec  # noqa: E402 - the paths come first
import requests  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402

from codeql_fixer.adapters.devin.factory import devin_account  # noqa: E402
from codeql_fixer.adapters.devin.order import Choices, order_of  # noqa: E402
from codeql_fixer.adapters.index.sql_index import SqlIndex  # noqa: E402
from codeql_fixer.adapters.index.sqlite import SqliteDatabase  # noqa: E402
from codeql_fixer.adapters.ledger.directory import DirectoryLedger  # noqa: E402
from codeql_fixer.app.author import Author  # noqa: E402
from codeql_fixer.app.catch_up import catch_up  # noqa: E402
from codeql_fixer.app.claiming import Claimer  # noqa: E402
from codeql_fixer.app.dispatch import Dispatcher  # noqa: E402
from codeql_fixer.app.follow import Follower  # noqa: E402
from codeql_fixer.app.keep import Recorder  # noqa: E402
from codeql_fixer.app.observe import Observer  # noqa: E402
from codeql_fixer.app.settle import Settler  # noqa: E402
from codeql_fixer.app.start import Starter  # noqa: E402
from codeql_fixer.domain.dispatch import DispatchOutcome  # noqa: E402
from codeql_fixer.domain.session import SessionRequest  # noqa: E402
from codeql_fixer.policy.dispatching import CandidateIssue, Limits, RepositoryLimits  # noqa: E402
from codeql_fixer.ports.ledger import Stored  # noqa: E402
from codeql_fixer.transport.http import Limits as HttpLimits  # noqa: E402
from tests.devin_twin import devin_twin  # noqa: E402
from tests.dispatching import REPOSITORY, candidate, route  # noqa: E402
from tests.records import PRODUCER, fingerprint, scan  # noqa: E402
from tests.remotes import bare, git, hook, ledger_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from codeql_fixer.adapters.devin.agent import DevinAgent
    from codeql_fixer.domain.dispatch import DispatchIntent
    from codeql_fixer.domain.route import Route
    from codeql_fixer.policy.dispatching import Candidate, Dispatch, Facts
    from codeql_fixer.ports.ledger import Ledger
    from tests.devin_twin import DevinTwin

LATENCY_SECONDS = 0.05
SESSIONS = 1000
MANY = 50  # calls at a time
USUAL = 8  # as the product makes them (bootstrap/agents.py)
SAMPLE = 20  # calls that stand for all where they are made one at a time
Call: TypeAlias = tuple[str, bytes]  # the rest of a path, and a body, b"" for a GET
PROMPT = "Fix the findings below, one commit for each, and open one pull request for all of them. " * 40


class Spent(NamedTuple):
    """Seconds by the clock, and CPU seconds of this process."""

    seconds: float
    cpu_seconds: float


def spent(call: Callable[[], object]) -> Spent:
    """What a call takes."""
    started, cpu = time.monotonic(), time.process_time()
    call()
    return Spent(time.monotonic() - started, time.process_time() - cpu)


def middle(found: Sequence[Spent]) -> Spent:
    """The medians of both figures."""
    return Spent(statistics.median(one.seconds for one in found), statistics.median(one.cpu_seconds for one in found))


def median(call: Callable[[], object], rounds: int) -> Spent:
    """What a call takes in the middle of some rounds."""
    return middle([spent(call) for _ in range(rounds)])


def shown(found: Spent, calls: int, at_a_time: int) -> str:
    """Beside the floor, below which waiting alone does not get."""
    floor = calls * LATENCY_SECONDS / at_a_time
    cpu = 1000 * found.cpu_seconds / calls
    return f"{found.seconds:.2f} s = {found.seconds / floor:.2f} x the floor, CPU {cpu:.2f} ms each"


def agent_of(twin: DevinTwin, *, at_a_time: int, key: str = "") -> DevinAgent:
    """The product's agent, of v3 unless the key is one of v1."""
    limits = HttpLimits(connections=at_a_time)
    return devin_account(key or twin.key, org_id=twin.org, base_url=twin.url, limits=limits).agent()


def order(name: object) -> SessionRequest:
    """An order for a session, as long as prompts are."""
    return SessionRequest(
        intent_id=str(name), target_repo=REPOSITORY, title="Fix it", prompt=PROMPT, family="injection", targets=()
    )


def body(request: SessionRequest) -> bytes:
    """The order as the product sends it."""
    return msgspec.json.encode(order_of(request, Choices(), repos=[REPOSITORY], structured_output_required=True))


class Peers:
    """Clients as people write them, for the same calls.

    Args:
        twin: the server.
    """

    def __init__(self, twin: DevinTwin) -> None:
        self._twin, self._path = twin, f"/v3/organizations/{twin.org}/sessions"
        self._headers = {"Authorization": f"Bearer {twin.key}", "Content-Type": "application/json"}

    def with_requests(self, calls: Iterable[Call], at_a_time: int) -> None:
        """`requests` with one session for all threads."""
        with requests.Session() as session, ThreadPoolExecutor(at_a_time) as pool:
            session.mount("http://", HTTPAdapter(pool_maxsize=at_a_time))
            session.headers.update(self._headers)
            session.trust_env = False

            def ask(call: Call) -> None:
                answer = session.request(_method(call), self._twin.url + self._path + call[0], data=call[1])
                answer.raise_for_status()
                answer.json()

            list(pool.map(ask, calls))

    def with_http_client(self, calls: Iterable[Call], at_a_time: int) -> None:
        """Next to nothing around the sockets: what is left is the server's time and Python's."""
        waiting, lock = iter(calls), threading.Lock()

        def ask_some() -> None:
            with closing(HTTPConnection(urlsplit(self._twin.url).netloc)) as connection:
                while True:
                    with lock:
                        call = next(waiting, None)
                    if call is None:
                        return
                    connection.request(_method(call), self._path + call[0], call[1] or None, self._headers)
                    answer = connection.getresponse()
                    assert msgspec.json.decode(answer.read())
                    assert answer.status == HTTPStatus.OK

        with ThreadPoolExecutor(at_a_time) as pool:
            for worker in [pool.submit(ask_some) for _ in range(at_a_time)]:
                worker.result()

    def one_at_a_time(self, calls: Sequence[Call]) -> float:
        """Seconds that all would take by plain `requests`, from a sample of them."""
        sample = calls[:SAMPLE]

        def ask_each() -> None:
            for call in sample:
                url = self._twin.url + self._path + call[0]
                requests.request(_method(call), url, data=call[1], headers=self._headers, timeout=60).json()

        return spent(ask_each).seconds * len(calls) / len(sample)


def _method(call: Call) -> str:
    return "POST" if call[1] else "GET"


def compare(peers: Peers, calls: Sequence[Call], ours: Spent, *, at_a_time: int, rounds: int) -> None:
    """Print what the peers need for the same calls."""
    for name, peer in (("requests", peers.with_requests), ("http.client", peers.with_http_client)):
        took = median(partial(peer, calls, at_a_time), rounds)
        print(f"    {name} and {at_a_time} threads, the calls alone: {shown(took, len(calls), at_a_time)}")
    one = peers.one_at_a_time(calls)
    print(f"    requests one at a time: {one:.0f} s = {one / ours.seconds:.0f} x ours", flush=True)


class WatchBench:
    """P7: the states of sessions."""

    def __init__(self, twin: DevinTwin, rounds: int) -> None:
        self._twin, self._rounds = twin, rounds

    def run(self) -> None:
        """Ask for the states of all in every way there is."""
        agent = agent_of(self._twin, at_a_time=MANY)
        ids = self._sessions(agent)
        for name, key in (("v3, 100 ids a page", self._twin.key), ("v1, 100 sessions a page", self._twin.v1_key)):
            listing = agent_of(self._twin, at_a_time=2 * USUAL, key=key)
            took = median(partial(_all_of, listing, ids), self._rounds)
            print(f"P7: states of {SESSIONS:,} sessions by listing, {name}: {took.seconds:.2f} s", flush=True)

        def ask_each() -> None:
            with ThreadPoolExecutor(MANY) as pool:
                assert len(list(pool.map(agent.get, ids))) == SESSIONS

        ours = median(ask_each, self._rounds)
        print(f"P7: one by one, {MANY} at a time: {shown(ours, SESSIONS, MANY)}", flush=True)
        compare(Peers(self._twin), [(f"/{name}", b"") for name in ids], ours, at_a_time=MANY, rounds=self._rounds)

    def _sessions(self, agent: DevinAgent) -> list[str]:
        self._twin.reset()
        self._twin.switch(latency_ms=0)
        with ThreadPoolExecutor(USUAL) as pool:
            ids = [made.session_id for made in pool.map(agent.create, map(order, range(SESSIONS)))]
        self._twin.switch(latency_ms=1000 * LATENCY_SECONDS)
        return ids


def _all_of(agent: DevinAgent, ids: Sequence[str]) -> None:
    assert len({session.id for session in agent.states(ids)}) == len(ids)


class Work:
    """A session for each issue."""

    def __init__(self, index: SqlIndex, issues: int) -> None:
        self._index, self._issues = index, issues

    def candidates(self, facts: Facts, limits: Limits) -> Sequence[Candidate]:
        del facts, limits
        return [candidate(f"B{number}", self._issue(number)) for number in range(self._issues)]

    def _issue(self, number: int) -> CandidateIssue:
        name = fingerprint(number)
        [row] = self._index.issues(name, REPOSITORY)
        return CandidateIssue(id=f"CQLF-R1-{number:04}", fingerprint=name, tracked=row.issue, lifecycle=row.lifecycle)

    def route(self, candidate: Candidate, number: int) -> Route:
        del candidate, number
        return route()

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        del dispatch
        return order(intent.id)


class Dispatched(NamedTuple):
    """What a dispatch took, the seconds of its steps by name and of the run after it, and how many commits it made."""

    spent: Spent
    steps: dict[str, float]
    next_seconds: float
    commits: int


class DispatchBench:
    """P8: from the first look at the ledger to the last outcome on it.

    Args:
        folder: for repositories.
        twin: without sessions that matter.
        issues: of one dispatch, each of which gets a session.
        at_a_time: requests.
    """

    def __init__(self, folder: Path, twin: DevinTwin, *, issues: int, at_a_time: int) -> None:
        self._folder, self._twin = folder, twin
        self._issues, self._at_a_time = issues, at_a_time

    def run(self, rounds: int) -> None:
        """Dispatch, and let the peers do no more than create sessions."""
        runs = [self._dispatch() for _ in range(rounds)]
        ours, commits = middle([one.spent for one in runs]), statistics.median(one.commits for one in runs)
        print(f"P8: {self._issues:,} sessions, {self._at_a_time} at a time, ledger included: {self._shown(ours)}")
        for name in runs[0].steps:
            print(f"    {name}: {statistics.median(one.steps[name] for one in runs):.2f} s")
        later = statistics.median(one.next_seconds for one in runs)
        print(f"    {commits:.0f} commits; the next run, which finds all of them at work: {later:.2f} s", flush=True)
        calls = [("", body(order(f"peer-{number}"))) for number in range(self._issues)]
        compare(Peers(self._twin), calls, ours, at_a_time=self._at_a_time, rounds=rounds)

    def run_behind_slow_server(self, server_seconds: float) -> None:
        """The same, where the ledger's server takes its time for each push."""
        found = self._dispatch(server_seconds)
        print(f"    with {1000 * server_seconds:.0f} ms for each push: {self._shown(found.spent)}, ", end="")
        print(f"{found.commits} commits", flush=True)

    def _shown(self, spent: Spent) -> str:
        return shown(spent, self._issues, self._at_a_time)

    def _dispatch(self, server_seconds: float = 0) -> Dispatched:
        self._twin.reset()
        with TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            remote = bare(folder / "remote.git")
            ledger, index = ledger_of(remote, mirror=folder / "mirror.git"), SqlIndex(SqliteDatabase(folder / "index"))
            ledger.append([scan("1", 0, *range(self._issues))])
            catch_up(ledger, index)
            if server_seconds:
                hook(remote, "pre-receive", f"sleep {server_seconds}")
            steps: list[tuple[str, float]] = []
            dispatcher = self._dispatcher(
                folder, ledger, index, on_step=lambda step: steps.append((step, time.monotonic()))
            )
            work = Work(index, self._issues)
            took = spent(partial(dispatcher.run, work))
            steps.append(("", time.monotonic()))
            commits = int(git(remote, "rev-list", "--count", "telemetry")) - 1
            by_name = {name: end - begin for (name, begin), (_, end) in pairwise(steps)}
            later = spent(partial(dispatcher.run, work)).seconds
            self._check(ledger)
        return Dispatched(took, by_name, later, commits)

    def _dispatcher(
        self, folder: Path, ledger: Ledger, index: SqlIndex, *, on_step: Callable[[str], None]
    ) -> Dispatcher:
        agents = {"devin": agent_of(self._twin, at_a_time=self._at_a_time)}
        author = Author(producer=PRODUCER, run_id="1", clock=lambda: datetime.now(UTC))  # noqa: TID251 - a tool
        recorder = Recorder(ledger=ledger, kept=DirectoryLedger(folder / "kept"), replay="")
        most = self._issues
        return Dispatcher(
            settler=Settler(ledger=ledger, index=index, agents=agents, author=author, tell=print),
            claimer=Claimer(ledger=ledger, index=index, agents=agents, author=author, monotonic=time.monotonic),
            starter=Starter(
                agents=agents,
                recorder=recorder,
                author=author,
                parallel=self._at_a_time,
                max_failure_rate=0,
                on_outcome=lambda *_: None,
            ),
            watchers=(Observer(index=index, agents=agents, recorder=recorder, author=author, tell=print),),
            follower=Follower(
                agents=agents,
                recorder=recorder,
                author=author,
                sleep=time.sleep,
                poll_seconds=1,
                time_limit=timedelta(hours=1),
                on_session=lambda _: None,
            ),
            limits=Limits(
                max_sessions=most, max_in_period=most, max_at_work=most, each=RepositoryLimits(max_sessions=most)
            ),
            waves=None,
            on_step=on_step,
        )

    def _check(self, ledger: Ledger) -> None:
        """Each session has an outcome, and there is one for each issue."""
        records = [entry.record for entry in ledger.read_since("").entries if isinstance(entry, Stored)]
        named = {record.session_id for record in records if isinstance(record, DispatchOutcome)}
        made = {session["session_id"] for session in self._twin.sessions()}
        assert len(made) == self._issues, f"{len(made)} sessions for {self._issues} issues"
        assert {name.removeprefix("devin-") for name in named} == made, "a session without an outcome"


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, and fewer sessions a few at a time")
    parser.add_argument("--only", choices=["watch", "dispatch"])
    given = parser.parse_args()
    rounds = 1 if given.quick else 5
    with TemporaryDirectory() as name, devin_twin("--latency-ms", f"{1000 * LATENCY_SECONDS:g}") as twin:
        if given.only in {None, "watch"}:
            WatchBench(twin, rounds).run()
        if given.only in {None, "dispatch"}:
            many = DispatchBench(Path(name), twin, issues=SESSIONS, at_a_time=MANY)
            few = DispatchBench(Path(name), twin, issues=160 if given.quick else SESSIONS, at_a_time=USUAL)
            for bench in (many, few):
                bench.run(rounds)
                if not given.quick:
                    bench.run_behind_slow_server(0.2)


if __name__ == "__main__":
    main()
