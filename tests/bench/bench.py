"""Measures the main job against peers and against the floor, in one run, and prints ratios.

CPU seconds (user and system) of whole processes, start-up and reading the file included, medians. Absolute figures
differ from machine to machine and from hour to hour; ratios taken in one run are what counts. Aims:
docs/reference/performance.md.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CODEQL_FIXER_SHARED") or ROOT.parent / "shared")  # noqa: TID251 - a tool
GENERATOR = SHARED / "bench/gen_sarif.py"
MEGABYTE = 1_000_000
# What the first generation needed for 10,000 results on the machine of the reference figures (seconds).
PREDECESSOR_10K = 26.0
PEERS = {
    "json": "import json, sys; json.loads(open(sys.argv[1], 'rb').read())",
    "orjson": "import orjson, sys; orjson.loads(open(sys.argv[1], 'rb').read())",
    "sarif-tools": "import sys; from sarif import loader; loader.load_sarif_file(sys.argv[1]).get_records()",
}
FLOOR = """
import sys, msgspec
class Nothing(msgspec.Struct): pass
msgspec.json.decode(open(sys.argv[1], 'rb').read(), type=Nothing)
"""


class Cost(NamedTuple):
    """CPU seconds and peak memory in bytes."""

    cpu_seconds: float
    peak_bytes: int


def cost(command: list[str], environ: dict[str, str] | None = None) -> Cost:
    """Run a command to its end and return what it cost, children of it included."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environ or {})},  # noqa: TID251 - a tool
    )
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} failed:\n{errors.decode(errors='replace')}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median(command: list[str], rounds: int, environ: dict[str, str] | None = None) -> Cost:
    """The median of some rounds, each figure for itself."""
    costs = [cost(command, environ) for _ in range(rounds)]
    return Cost(
        statistics.median(item.cpu_seconds for item in costs),
        round(statistics.median(item.peak_bytes for item in costs)),
    )


class Bench:
    """The measurements; `folder` holds what is generated."""

    def __init__(self, folder: Path, peers: str, rounds: int) -> None:
        self._folder, self._peers, self._rounds = folder, peers, rounds

    def sarif(self, results: int, profile: str = "security") -> Path:
        """A generated file, the same bytes every time."""
        path = self._folder / f"{profile}-{results}.sarif"
        if not path.exists():
            cost([sys.executable, str(GENERATOR), str(path), "--results", str(results), "--profile", profile])
        return path

    def ours(self, path: Path) -> Cost:
        """The whole command, from start to written files."""
        out = self._folder / "out"
        options = ["--mode", "dry-run", "--target-repo", "acme/shop", "--run-id", "1", "--json"]
        script = str(ROOT / "scripts/pipeline.py")
        return median([sys.executable, script, *options, "--sarif", str(path), "--output-dir", str(out)], self._rounds)

    def floor(self, path: Path) -> Cost:
        """Reading the file and a typed decode that skips everything."""
        return median([sys.executable, "-c", FLOOR, str(path)], self._rounds)

    def peer(self, name: str, path: Path) -> Cost:
        """A peer that only loads the file."""
        return median([self._peers, "-c", PEERS[name], str(path)], self._rounds)

    def compare(self, label: str, results: int) -> None:
        """One size against floor and peers."""
        path = self.sarif(results)
        size = path.stat().st_size
        ours, floor = self.ours(path), self.floor(path)
        print(f"{label}: {results:,} results, {size / MEGABYTE:.0f} MB, the whole job")
        print(f"  ours         {ours.cpu_seconds:7.2f} s   peak {ours.peak_bytes / size:.2f} x the file")
        print(f"  floor        {floor.cpu_seconds:7.2f} s   ours / floor {ours.cpu_seconds / floor.cpu_seconds:.1f}")
        for name in PEERS:
            peer = self.peer(name, path)
            ratio = peer.cpu_seconds / ours.cpu_seconds
            memory = f"peak {peer.peak_bytes / size:.2f} x the file"
            print(f"  {name:12} {peer.cpu_seconds:7.2f} s   {name} loads / ours does all {ratio:.1f}   {memory}")

    def growth(self, sizes: tuple[int, ...]) -> None:
        """The exponent of the cost above start-up between the smallest and the largest size."""
        start = self.ours(self.sarif(1)).cpu_seconds
        costs = [self.ours(self.sarif(size)).cpu_seconds - start for size in sizes]
        exponent = math.log(costs[-1] / costs[0]) / math.log(sizes[-1] / sizes[0])
        shown = ", ".join(f"{size:,}: {value:.2f} s" for size, value in zip(sizes, costs, strict=True))
        print(f"P2: growth above {start:.2f} s of start-up ({shown}): exponent {exponent:.2f}")
        if 10_000 in sizes:
            whole = costs[sizes.index(10_000)] + start
            print(f"P2: first generation's {PREDECESSOR_10K:.0f} s for 10,000 / ours {PREDECESSOR_10K / whole:.0f}")

    def heavy(self, results: int) -> None:
        """Long data flows: bytes per second above start-up."""
        path = self.sarif(results, "heavy")
        seconds = self.ours(path).cpu_seconds - self.ours(self.sarif(1)).cpu_seconds
        floor = self.floor(path).cpu_seconds
        size = path.stat().st_size
        print(f"P3: heavy flows, {results:,} results, {size / MEGABYTE:.0f} MB: {size / seconds / 1e9:.2f} GB/s, ")
        print(f"    ours / floor {seconds / floor:.1f} (both with reading the file)")

    def start(self) -> None:
        """`--help` against an empty interpreter."""
        rounds = self._rounds * 5
        empty = median([sys.executable, "-c", "pass"], rounds).cpu_seconds
        for script, *verb in (["pipeline.py"], ["orchestrator.py"], ["orchestrator.py", "status"]):
            command = [sys.executable, str(ROOT / "scripts" / script), *verb, "--help"]
            ours = median(command, rounds).cpu_seconds
            shown = " ".join([script, *verb, "--help"])
            times = f"{1000 * ours:.0f} ms, {1000 * empty:.0f} ms"
            print(f"P11: {shown} / an empty interpreter {ours / empty:.1f}   ({times})")

    def set_up(self) -> None:
        """The action's environment against `python -m venv` and pip in it."""
        pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
        locked = ["--requirement", str(ROOT / "requirements.txt")]
        place = str(self._folder / "venv")
        usual = cost([sys.executable, "-m", "venv", place]).cpu_seconds
        usual += cost([f"{place}/bin/python", *pip, *locked]).cpu_seconds
        target = ["--no-deps", "--no-compile", "--target", str(self._folder / "packages")]
        ours = cost([sys.executable, *pip, *target, *locked]).cpu_seconds
        print(f"P13: venv + pip / the action's set-up {usual / ours:.1f}   ({usual:.1f} s, {ours:.1f} s)")

    def simulation(self, repositories: int, days: int) -> None:
        """A forecast for a made-up fleet, with a cycle every six hours."""
        script = str(ROOT / "scripts/orchestrator.py")
        size = ["--repositories", str(repositories), "--days", str(days), "--json"]
        found = cost([sys.executable, script, "simulate", *size])
        memory = f"peak {found.peak_bytes / MEGABYTE:.0f} MB"
        print(f"P12: simulate {repositories:,} repositories x {days} days: {found.cpu_seconds:.1f} s, {memory}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=sys.executable, help="Python that has the peers")
    parser.add_argument("--quick", action="store_true", help="small sizes and three rounds")
    options = parser.parse_args()
    if not GENERATOR.exists():
        sys.exit(f"{GENERATOR} is missing: set CODEQL_FIXER_SHARED to the folder of the reference data")
    folder = Path(tempfile.mkdtemp(prefix="codeql-fixer-bench-"))
    try:
        bench = Bench(folder, options.peers, 3 if options.quick else 5)
        bench.start()
        bench.set_up()
        bench.simulation(100 if options.quick else 1_000, 30)
        bench.compare("P2", 10_000)
        if options.quick:
            bench.growth((1_000, 10_000))
            return
        bench.compare("P1", 100_000)
        bench.growth((1_000, 10_000, 100_000))
        bench.heavy(5_000)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
