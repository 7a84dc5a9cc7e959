"""A case of the corpus: two states of a shop, what scanners wrote about them, and the honest verdict."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.domain.finding import Location
from codeql_fixer.policy.identity import identify
from codeql_fixer.policy.line_hash import line_hashes
from tests.proof.scanners import Sarif, Scanner, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.proof.languages import Language

FIXED, STILL, MOVED, UNKNOWN, GAMED = "verified_fixed", "still_present", "moved", "unknown", "gamed"
SEEN = (STILL, MOVED)
BARE, DIFF, DIRS = "bare", "diff", "dirs"
FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - where making many small files is cheap
Target = tuple[str, str]  # kind of the flaw, and file


class Case(NamedTuple):
    """What is compared. `expected` are the verdicts that are right for every target.

    `candidate` and `baseline` are documents or the very bytes of the file. `targets` are what was to be fixed, None for
    everything; `names` are fingerprints in place of those. `ways` say what the verifier gets besides the scans.
    `must` is a verdict that has to be among those on the targets.
    """

    kind: str
    world: World
    after: Tree
    baseline: Sarif
    candidate: Sarif | bytes
    expected: tuple[str, ...]
    targets: tuple[Target, ...] | None
    ways: tuple[str, ...]
    before: Tree
    names: tuple[str, ...] = ()
    commit: str = ""
    is_gaming: bool = False
    links: tuple[tuple[str, str], ...] = ()
    must: str = ""


class World:
    """A shop in one language, and the scanner that looks at it."""

    def __init__(self, language: Language, tool: str) -> None:
        self.language, self.scanner = language, Scanner(tool, language)
        self.tool, self.name = tool, f"{language.name}/{tool}"
        suffix = language.suffix
        self.app, self.report, self.store = f"shop/app.{suffix}", f"shop/report.{suffix}", f"lib/store.{suffix}"
        self.test, self.secret = f"tests/test_app.{suffix}", f"lib/inner/secret.{suffix}"
        function, flaws = language.function, language.flaws
        self.before: Tree = {
            self.app: language.top
            + function("find_user", flaws["sql"].bad)
            + language.filler("first")
            + function("ping", flaws["cmd"].bad)
            + language.filler("second")
            + function("digest", flaws["hash"].bad),
            self.report: language.top
            + language.filler("title")
            + function("find_order", flaws["sql"].bad.replace("users", "orders"))
            + language.filler("total")
            + function("export", flaws["cmd"].bad.replace("ping", "export")),
            self.store: language.top
            + function("key", flaws["hash"].bad)
            + language.filler("size")
            + function("copy", flaws["cmd"].bad.replace("ping", "copy")),
            self.secret: language.top + function("load", flaws["sql"].bad.replace("users", "secrets")),
            self.test: language.top + function("test_find_user", f"check(find_user, {1})") + language.filler("setup"),
            "README.md": "# Shop\n\nSells things.\n",
            ".github/workflows/scan.yml": _WORKFLOW,
            ".github/codeql-config.yml": "name: scan\nqueries:\n  - uses: security-extended\n",
        }

    def bad(self, target: Target | str = "sql") -> str:
        """The flawed line."""
        kind, file = self.target(target)
        renamed = {self.report: {"users": "orders", "ping": "export"}, self.store: {"ping": "copy"}}.get(file, {})
        line = self.language.flaws[kind].bad
        for old, new in ({"users": "secrets"} if file == self.secret else renamed).items():
            line = line.replace(old, new)
        return line

    def target(self, target: Target | str) -> Target:
        """A flaw by its kind alone is the one in the main file."""
        return (target, self.app) if isinstance(target, str) else target

    def replaced(self, old: str, new: str, *, file: str = "", tree: Tree | None = None) -> Tree:
        """The shop with one text in place of another, once."""
        tree, file = dict(self.before if tree is None else tree), file or self.app
        assert old in tree[file], (old, file)
        tree[file] = tree[file].replace(old, new, 1)
        return tree

    def mended(self, *targets: Target | str, tree: Tree | None = None) -> Tree:
        """The shop with flaws mended."""
        tree = dict(self.before if tree is None else tree)
        for target in targets or ("sql",):
            kind, file = self.target(target)
            tree = self.replaced(self.bad(target), self.language.flaws[kind].mended, tree=tree, file=file)
        return tree

    def edited(self, kind: str = "sql", tree: Tree | None = None) -> Tree:
        """The shop with a flaw of its main file in other words."""
        return self.replaced(self.bad(kind), self.language.flaws[kind].edited, tree=tree)

    def with_files(self, files: dict[str, str | None], tree: Tree | None = None) -> Tree:
        """The shop with files added, replaced or, as None, taken away."""
        changed: dict[str, Any] = {**(self.before if tree is None else tree), **files}
        return {file: text for file, text in changed.items() if text is not None}

    def renamed(self, old: str, new: str, tree: Tree | None = None) -> Tree:
        """The shop with a file elsewhere."""
        tree = dict(self.before if tree is None else tree)
        return self.with_files({old: None, new: tree[old]}, tree)

    def scan(self, tree: Tree | None = None, **options: Any) -> Sarif:  # noqa: ANN401 - passed on
        """What the scanner writes."""
        return self.scanner.scan(self.before if tree is None else tree, **options)

    def case(  # noqa: PLR0913 - a builder names what may matter
        self,
        kind: str,
        after: Tree,
        *,
        expected: tuple[str, ...] | str = FIXED,
        candidate: Sarif | bytes | None = None,
        baseline: Sarif | None = None,
        targets: Iterable[Target | str] | None = ("sql",),
        ways: tuple[str, ...] = (BARE, DIFF, DIRS),
        **more: Any,  # noqa: ANN401 - passed on
    ) -> Case:
        """A case with everything filled in that does not matter."""
        before = more.pop("before", self.before)
        wanted = None
        if targets is not None:
            wanted = tuple(map(self.target, targets))
        return Case(
            kind,
            self,
            after,
            self.scan(before) if baseline is None else baseline,
            self.scan(after) if candidate is None else candidate,
            (expected,) if isinstance(expected, str) else expected,
            wanted,
            ways,
            before,
            **more,
        )


def without(document: Sarif, rule: str, file: str) -> Sarif:
    """A scan that lacks the results of a rule in a file."""
    return filtered(document, lambda one: not (one["ruleId"] == rule and _file(one) == file))


def filtered(document: Sarif, is_kept: Callable[[Sarif], bool]) -> Sarif:
    """A scan with some of its results."""
    changed = copy.deepcopy(document)
    for run in changed["runs"]:
        run["results"] = [one for one in run["results"] if is_kept(one)]
    return changed


def changed(document: Sarif, change: Callable[[Sarif], object]) -> Sarif:
    """A scan whose only run was changed in place."""
    document = copy.deepcopy(document)
    change(document["runs"][0])
    return document


def each(document: Sarif, change: Callable[[Sarif], object]) -> Sarif:
    """A scan all of whose results were changed in place."""
    document = copy.deepcopy(document)
    for run in document["runs"]:
        for one in run["results"]:
            change(one)
    return document


def _file(result: Sarif) -> str:
    return str(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def fingerprints(document: Sarif, rule: str, file: str, *, tree: Tree | None = None) -> tuple[str, ...]:
    """The names of all findings of a rule in a file, in the order of lines."""
    with TemporaryDirectory(prefix="proof-", dir=FAST) as scratch:
        path = Path(scratch, "scan.sarif")
        path.write_text(json.dumps(document), encoding="utf-8")
        reading = SarifReader([path]).read()
    hashes = {name: line_hashes(text) for name, text in (tree or {}).items()}
    found = identify(reading.findings, lambda name, line: hashes[name][line - 1] if name in hashes else "")
    places = [((*one.finding.locations, Location(""))[0], one) for one in found]
    ordered = sorted(places, key=lambda item: (item[0].start_line or 0, item[0].start_column or 0))
    return tuple(
        one.identity.fingerprint for place, one in ordered if one.finding.rule.id == rule and place.file == file
    )


_WORKFLOW = """name: scan
on:
  push:
  pull_request:
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: github/codeql-action/init@v3
        with:
          config-file: .github/codeql-config.yml
      - uses: github/codeql-action/analyze@v3
      - run: make test
"""
