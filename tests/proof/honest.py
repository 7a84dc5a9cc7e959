"""Honest fixes, with all that comes along with them in real changes."""

from __future__ import annotations

import copy
import gzip
import json
from typing import TYPE_CHECKING, Any

from tests.proof.cases import BARE, DIFF, DIRS, changed, each, fingerprints
from tests.proof.traps import artifact_of, legacy_name, list_all, names_of, rules, say_nothing_of_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.cases import Case, World
    from tests.proof.scanners import Sarif

_KNOWN = (DIFF, DIRS)


def honest(w: World) -> Iterator[Case]:
    """All kinds of honest fixes in one shop."""
    yield from _repairs(w)
    yield from _with_files(w)
    yield from _several(w)
    yield from _besides(w)
    yield from _tools(w)
    yield from _paths(w)


def _repairs(w: World) -> Iterator[Case]:
    flaws, language = w.language.flaws, w.language
    for kind, name in (
        ("sql", "parameterised query"),
        ("cmd", "arguments in place of a shell"),
        ("hash", "another API"),
    ):
        yield w.case(name, w.mended(kind), targets=(kind,))
    yield w.case("allow-list above it", w.replaced(f"    {w.bad()}", language.check(w.bad())))
    yield w.case("escaped on the way", w.replaced(f"    {w.bad()}", f"    checked(name){_end(w)}\n    {w.bad()}"))
    yield w.case("line removed", w.replaced(f"    {w.bad()}\n", f"    done(){_end(w)}\n"))
    two = w.replaced(w.bad(), f"query = prepared(){_end(w)}\n    {flaws['sql'].mended}")
    yield w.case("two lines for one", two)
    yield w.case(
        "function rewritten",
        w.replaced(
            language.function("find_user", w.bad()),
            language.function("find_user", flaws["sql"].mended, *(f"step({number}){_end(w)}" for number in range(12))),
        ),
    )
    helper = language.function("lookup", flaws["sql"].mended) + language.function("find_user", f"lookup(name){_end(w)}")
    yield w.case("taken into a function of its own", w.replaced(language.function("find_user", w.bad()), helper))


def _end(w: World) -> str:
    return "" if w.language.name in {"python", "ruby", "go"} else ";"


def _with_files(w: World) -> Iterator[Case]:
    function, suffix = w.language.function, w.language.suffix
    dead = w.with_files(
        {w.test: w.language.top + w.language.filler("setup")}, w.replaced(function("find_user", w.bad()), "")
    )
    yield w.case("dead code removed with its test", dead)
    yield w.case("dead file removed with its tests", w.with_files({w.app: None, w.test: None}), ways=_KNOWN)
    new = f"core/people.{suffix}"
    yield w.case("file renamed and mended", w.renamed(w.app, new, w.mended()), ways=_KNOWN)
    moved = w.replaced(function("find_user", w.bad()), "")
    moved[w.report] += function("find_user", w.language.flaws["sql"].mended)
    yield w.case("function moved and mended", moved)
    yield w.case(
        "mended with a test",
        w.with_files({w.test: w.before[w.test] + function("test_quotes", f"check(name){_end(w)}")}, w.mended()),
    )
    yield w.case(
        "mended, test rewritten",
        w.replaced("check(find_user, 1)", f"check(find_user(name), 2){_end(w)}", file=w.test, tree=w.mended()),
    )
    yield w.case("mended in a file of one finding", w.mended(("sql", w.secret)), targets=(("sql", w.secret),))
    if w.tool == "codeql":
        yield _fixed_elsewhere(w)
    yield w.case(
        "mended with a new file",
        w.with_files({f"shop/names.{suffix}": w.language.top + w.language.filler("names")}, w.mended()),
    )
    yield w.case(
        "mended, dependencies renewed",
        w.with_files({"requirements.txt": "flask==3.1\n", "package-lock.json": '{"lockfileVersion": 3}\n'}, w.mended()),
    )
    yield w.case("mended, told in the changelog", w.with_files({"CHANGELOG.md": "- Mend the search.\n"}, w.mended()))


def _fixed_elsewhere(w: World) -> Case:
    """The check goes into another file that the data pass."""
    line = w.before[w.store].split("\n").index(f"    {w.bad(('hash', w.store))}") + 1
    step = {"physicalLocation": {"artifactLocation": {"uri": w.store}, "region": {"startLine": line}}}

    def add(one: Sarif) -> None:
        if one["ruleId"] == w.scanner.rule("sql") and artifact_of(one)["uri"] == w.app:
            one["codeFlows"][0]["threadFlows"][0]["locations"].insert(1, {"location": step})

    after = w.mended(("hash", w.store))
    gone = w.scan(after)
    gone["runs"][0]["results"] = [
        one
        for one in gone["runs"][0]["results"]
        if not (one["ruleId"] == w.scanner.rule("sql") and artifact_of(one)["uri"] == w.app)
    ]
    return w.case("check in another file of the flow", after, baseline=each(w.scan(), add), candidate=gone, ways=_KNOWN)


def _several(w: World) -> Iterator[Case]:
    all_in_file = ("sql", "cmd", "hash")
    yield w.case("two at once", w.mended("sql", "cmd"), targets=("sql", "cmd"))
    yield w.case("all of a file", w.mended(*all_in_file), targets=all_in_file)
    yield w.case("all of a file, only one was meant", w.mended(*all_in_file), targets=("sql",), ways=_KNOWN)
    of_rule = [("sql", w.app), ("sql", w.report), ("sql", w.secret)]
    whole = w.mended(*of_rule)
    listed = changed(w.scan(whole), lambda run: list_all(run, w))
    yield w.case("the last of a rule", whole, candidate=listed, targets=of_rule)
    everything = w.mended(
        *all_in_file, ("sql", w.report), ("cmd", w.report), ("hash", w.store), ("cmd", w.store), ("sql", w.secret)
    )
    listed = changed(w.scan(everything), lambda run: list_all(run, w))
    yield w.case("everything", everything, candidate=listed, targets=None)
    function = w.language.function
    again = function("find_again", w.bad())
    twice = w.with_files({w.app: w.before[w.app] + again})
    names = names_of(w, twice, "sql")
    yield w.case("one of two alike", w.mended(tree=twice), before=twice, names=names[:1], ways=_KNOWN)
    last = w.with_files({w.app: w.before[w.app] + function("find_again", w.language.flaws["sql"].mended)})
    yield w.case("the second of two alike", last, before=twice, names=names[1:])
    thrice = w.with_files({w.app: twice[w.app] + function("find_last", w.bad())})
    middle = w.with_files(
        {
            w.app: w.before[w.app]
            + function("find_again", w.language.flaws["sql"].mended)
            + function("find_last", w.bad())
        }
    )
    yield w.case("the middle of three alike", middle, before=thrice, names=names_of(w, thrice, "sql")[1:2])
    beside = w.replaced(w.bad(), f"{w.bad()}\n    {w.bad('cmd').replace('ping', 'finger')}")
    both = w.replaced(
        f"    {w.bad()}\n    {w.bad('cmd').replace('ping', 'finger')}",
        f"    checked(name){_end(w)}\n    {w.bad()}\n    {w.bad('cmd').replace('ping', 'finger')}",
        tree=beside,
    )
    yield w.case("what flows along in the function is gone, too", both, before=beside)


def _besides(w: World) -> Iterator[Case]:
    mended = w.mended()
    for count in (1, 40):
        above = "\n".join(f"{w.language.comment} note {number}" for number in range(count)) + "\n"
        yield w.case(f"{count} lines above", w.with_files({w.app: above + mended[w.app]}), targets=("sql",))
    imports = w.replaced(w.language.top, w.language.top + f"{w.language.comment} more imports\n\n", tree=mended)
    yield w.case("imports above", imports)
    yield w.case("line ends of Windows", w.with_files({w.app: mended[w.app].replace("\n", "\r\n")}))
    formatted = w.with_files({w.app: mended[w.app].replace("    ", "  ")})
    yield w.case("formatter over the file", formatted, candidate=w.scan(formatted), ways=_KNOWN)
    new = w.language.function("fresh", w.bad("hash").replace("name", "name "))
    yield w.case("new finding in the file", w.with_files({w.app: mended[w.app] + new}))
    yield w.case("new finding elsewhere", w.with_files({f"shop/new.{w.language.suffix}": w.language.top + new}, mended))
    workflow = w.before[".github/workflows/scan.yml"].replace("checkout@v4", "checkout@v5")
    yield w.case("workflow renewed", w.with_files({".github/workflows/scan.yml": workflow}, mended))
    config = w.before[".github/codeql-config.yml"] + "  - uses: security-and-quality\n"
    yield w.case("configuration with more queries", w.with_files({".github/codeql-config.yml": config}, mended))
    yield w.case("ignore file of git", w.with_files({".gitignore": "*.log\n"}, mended))
    mark = {"codeql": f"codeql[{w.scanner.rule('sql')}]", "semgrep": "nosemgrep", "bandit": "nosec"}[w.tool]
    other = w.bad(("sql", w.report))
    silent = w.replaced(other, f"{other}  {w.language.comment} {mark}", file=w.report)
    both = w.mended(("sql", w.report), tree=w.mended(tree=silent))
    both[w.report] = both[w.report].replace(f"  {w.language.comment} {mark}", "")
    yield w.case("suppression of another one removed", both, before=silent)
    if w.language.name == "python":
        line = w.language.flaws["sql"].mended
        guarded = f"try:\n        {line}\n    except db.Error as error:\n        raise LookupError from error"
        narrow = w.replaced(line, guarded, tree=mended)
        yield w.case("narrow except added", narrow)


def _tools(w: World) -> Iterator[Case]:
    mended, scan = w.mended(), w.scan(w.mended())

    def both(kind: str, change: Any, **more: Any) -> Case:  # noqa: ANN401 - passed on
        return w.case(kind, mended, baseline=changed(w.scan(), change), candidate=changed(scan, change), **more)

    def driver(**members: str) -> Sarif:
        return changed(scan, lambda run: run["tool"]["driver"].update(members))

    patch, minor = {"codeql": ("2.22.9", "2.23.1"), "semgrep": ("1.97.3", "1.110.0"), "bandit": ("1.9.4", "1.10.0")}[
        w.tool
    ]
    yield w.case("newer patch of the tool", mended, candidate=driver(semanticVersion=patch, version=patch))
    yield w.case("newer version of the tool", mended, candidate=driver(semanticVersion=minor, version=minor))
    if w.tool == "codeql":
        newer = changed(
            driver(semanticVersion=minor), lambda run: run["tool"]["extensions"][1].update(semanticVersion="5.0.1")
        )
        yield w.case("newer version with its packs", mended, candidate=newer)
        yield both("rules in the driver", _rules_into_driver)
    if w.tool == "semgrep":
        yield w.case("another edition", mended, candidate=driver(name="Semgrep PRO"))
        moved = json.loads(json.dumps(scan).replace("rules.", "tmp.x7.rules."))
        yield w.case("rules from another folder", mended, candidate=moved)
    yield both("no invocations", lambda run: run.pop("invocations"))
    yield both(
        "no versions", lambda run: [run["tool"]["driver"].pop(name, 0) for name in ("semanticVersion", "version")]
    )
    yield both("no categories", lambda run: run.pop("automationDetails", 0))
    yield both("no success told", lambda run: run["invocations"][0].pop("executionSuccessful"))
    yield w.case("no fingerprints", mended, baseline=each(w.scan(), _unprinted), candidate=each(scan, _unprinted))
    yield both("no word on files", say_nothing_of_files)
    commits = ("c0ffee" * 6 + "beef", "ab12" * 10)
    yield w.case(
        "commits told",
        mended,
        baseline=w.scan(revision=commits[0]),
        candidate=w.scan(mended, revision=commits[1]),
        commit=commits[1][:12],
    )
    warning = {"level": "warning", "message": {"text": f"Syntax error at line {w.report}:3"}}
    yield both(
        "old warning elsewhere",
        lambda run: run["invocations"][0].setdefault("toolExecutionNotifications", []).append(warning),
    )
    noted = {"level": "warning", "message": {"text": f"Syntax error at line {w.app}:90"}}
    yield both(
        "old warning in the file",
        lambda run: run["invocations"][0].setdefault("toolExecutionNotifications", []).append(noted),
    )
    absent = copy.deepcopy(w.scan()["runs"][0]["results"][0]) | {"baselineState": "absent"}
    yield w.case("told as absent", mended, candidate=changed(scan, lambda run: run["results"].append(absent)))
    passed = copy.deepcopy(w.scan()["runs"][0]["results"][0]) | {"kind": "pass"}
    yield w.case("told as passed", mended, candidate=changed(scan, lambda run: run["results"].append(passed)))
    names = fingerprints(w.scan(), w.scanner.rule("sql"), w.app, tree=w.before)
    yield w.case("name that was made with the code", mended, names=names, ways=(DIRS,))
    yield w.case("compressed", mended, candidate=gzip.compress(json.dumps(scan).encode()))
    yield w.case("with a byte-order mark", mended, candidate=b"\xef\xbb\xbf" + json.dumps(scan).encode())
    other = {"tool": {"driver": {"name": "Other", "rules": []}}, "results": []}
    more_runs = copy.deepcopy(scan)
    more_runs["runs"].append(other)
    yield w.case("another tool besides", mended, candidate=more_runs)
    if w.tool == "codeql":
        yield w.case("name of 20 characters", mended, names=(_first_name(w),))
        yield w.case("name of 16 characters", mended, names=(_first_name(w)[:16],))
    fewer = rules(scan, lambda rule: rule["id"] != w.scanner.rule("hash"), w) if w.tool == "semgrep" else None
    if fewer is not None:
        kept = changed(scan, lambda run: run["tool"]["driver"].update(fewer["runs"][0]["tool"]["driver"]))
        yield w.case("another rule is gone", mended, candidate=kept)


def _first_name(w: World) -> str:
    return legacy_name(w, w.before)


def _unprinted(one: Sarif) -> None:
    one.pop("partialFingerprints", None)
    one.pop("fingerprints", None)


def _rules_into_driver(run: Sarif) -> None:
    run["tool"]["driver"]["rules"] = run["tool"].pop("extensions")[0]["rules"]
    for one in run["results"]:
        one.pop("rule")


def _paths(w: World) -> Iterator[Case]:
    mended, scan = w.mended(), w.scan(w.mended())
    windows = each(scan, lambda one: artifact_of(one).update(uri=artifact_of(one)["uri"].replace("/", "\\")))
    yield w.case("paths of Windows", mended, candidate=windows)
    runner = each(
        scan, lambda one: artifact_of(one).update(uri=f"file:///home/runner/work/shop/shop/{artifact_of(one)['uri']}")
    )
    yield w.case("absolute paths of a runner", mended, candidate=runner)
    elsewhere = each(scan, lambda one: artifact_of(one).update(uri=f"file:///build/7/{artifact_of(one)['uri']}"))
    yield w.case("absolute paths, code at hand", mended, candidate=elsewhere, ways=(DIRS,))

    def based(document: Sarif, root: str) -> Sarif:
        document = each(document, lambda one: artifact_of(one).update(uriBaseId="ROOT"))
        document["runs"][0]["originalUriBaseIds"] = {"ROOT": {"uri": root}}
        return document

    yield w.case(
        "other bases of the paths",
        mended,
        baseline=based(w.scan(), "file:///a/"),
        candidate=based(scan, "file:///b/c/"),
        ways=(BARE, DIFF),
    )
