"""Traps: states in which nothing is fixed, and scans that prove nothing, in the shape in which they come along."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.proof.cases import (
    BARE,
    DIFF,
    DIRS,
    FIXED,
    GAMED,
    MOVED,
    SEEN,
    STILL,
    UNKNOWN,
    World,
    changed,
    each,
    filtered,
    fingerprints,
    without,
)
from tests.proof.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.proof.cases import Case
    from tests.proof.scanners import Sarif

_KNOWN = (DIFF, DIRS)


def traps(w: World) -> Iterator[Case]:
    """All kinds of traps in one shop."""
    yield from _still_there(w)
    yield from _elsewhere(w)
    yield from _of_several(w)
    yield from _unusable(w)
    yield from _other_scan(w)
    yield from _failed_scan(w)
    yield from _left_out(w)
    yield from _other_answers(w)


def _still_there(w: World) -> Iterator[Case]:
    edited = w.edited()
    longer = w.replaced(w.language.top, w.language.top + w.language.filler("above", 9), tree=edited)
    yield w.case("edited line", edited, expected=STILL)
    yield w.case("edited line, other place", longer, expected=STILL)
    reworded = each(w.scan(longer), lambda one: one["message"].update(text="Tainted data reaches a dangerous call."))
    yield w.case("edited line, other place and message", longer, candidate=reworded, expected=STILL, ways=_KNOWN)
    renamed = w.with_files({w.app: w.before[w.app].replace("name", "label")})
    yield w.case("variable renamed", renamed, candidate=_scan_renamed(w, renamed), expected=STILL)
    shifted = w.replaced(w.bad(), f"    {w.bad()}")
    yield w.case("line indented", shifted, expected=STILL)
    yield w.case("comment above it", w.replaced(w.bad(), f"{w.language.comment} safe\n    {w.bad()}"), expected=STILL)
    bare = each(w.scan(edited), lambda one: (one.pop("partialFingerprints", 0), one.pop("fingerprints", 0)))
    yield w.case("fingerprints gone", edited, candidate=bare, expected=STILL)
    rehashed = each(
        w.scan(),
        lambda one: one.update(partialFingerprints={"primaryLocationLineHash": f"{hash(str(one)) & 0xFFFFFFFF:x}0:1"}),
    )
    yield w.case("all hashes anew", w.mended("cmd"), candidate=rehashed, expected=STILL)
    yield w.case("fix undone by the same change", w.mended("cmd"), expected=STILL)
    yield w.case("nothing changed at all", w.before, expected=STILL)


def _scan_renamed(w: World, tree: dict[str, str]) -> Sarif:
    """The scanner knows functions by their parameter, which has another name here."""
    language = w.language._replace(head=w.language.head.replace("name", "label"))
    return w.scanner._replace(language=language).scan(tree)


def _elsewhere(w: World) -> Iterator[Case]:
    new = f"core/people.{w.language.suffix}"
    yield w.case("file moved", w.renamed(w.app, new), expected=MOVED)
    yield w.case("file moved and edited", w.renamed(w.app, new, w.edited()), expected=MOVED, ways=_KNOWN)
    function = w.language.function("find_user", w.bad())
    moved = w.replaced(function, "")
    moved[w.report] += function
    yield w.case("function moved", moved, expected=(MOVED, UNKNOWN))
    other = w.app.replace("app", "App")
    yield w.case("file renamed in case only", w.renamed(w.app, other), expected=SEEN)
    absolute = _with_uris(w.scan(), "file:///build/7/{}")
    yield w.case(
        "absolute paths of another machine",
        w.edited(),
        candidate=_with_uris(w.scan(w.edited()), "file:///build/7/{}"),
        expected=(*SEEN, UNKNOWN),
    )
    yield w.case("the same with an unchanged line", w.mended("cmd"), candidate=absolute, expected=(*SEEN, UNKNOWN))
    inner = each(w.scan(w.edited()), lambda one: artifact_of(one).update(uri=artifact_of(one)["uri"].partition("/")[2]))
    yield w.case("scanned from another folder", w.edited(), candidate=inner, expected=(*SEEN, UNKNOWN))
    based = _with_uris(w.scan(w.edited()), "{}", base="SRC")
    based["runs"][0]["originalUriBaseIds"] = {"SRC": {"uri": "file:///build/7/"}}
    yield w.case("another base of the paths", w.edited(), candidate=based, expected=STILL)
    windows = each(
        w.scan(w.edited()), lambda one: artifact_of(one).update(uri=artifact_of(one)["uri"].replace("/", "\\"))
    )
    yield w.case("paths of Windows", w.edited(), candidate=windows, expected=STILL)
    nowhere = each(w.scan(w.edited()), lambda one: one.pop("locations"))
    yield w.case("places gone", w.edited(), candidate=nowhere, expected=(*SEEN, UNKNOWN))


def _with_uris(document: Sarif, form: str, base: str = "") -> Sarif:
    def change(one: Sarif) -> None:
        artifact = artifact_of(one)
        artifact["uri"] = form.format(artifact["uri"])
        artifact.pop("uriBaseId", None)
        if base:
            artifact["uriBaseId"] = base

    return each(document, change)


def artifact_of(result: Sarif) -> Sarif:
    """Where a result says that it is."""
    found: Sarif = result["locations"][0]["physicalLocation"]["artifactLocation"]
    return found


def _of_several(w: World) -> Iterator[Case]:
    function = w.language.function
    again = function("find_again", w.bad())
    twice = w.with_files({w.app: w.before[w.app] + again})
    # Shorter by as much as makes the second stand where the first was, nearly.
    first_gone = w.replaced(function("find_user", w.bad()) + w.language.filler("first"), "", tree=twice)
    names = names_of(w, twice, "sql")
    yield w.case(
        "the first of two alike is removed", first_gone, before=twice, expected=(STILL, UNKNOWN), names=names[1:]
    )
    thrice = w.with_files({w.app: twice[w.app] + function("find_last", w.bad())})
    one_mended = w.mended(tree=thrice)
    yield w.case(
        "one of three alike is mended", one_mended, before=thrice, expected=STILL, names=names_of(w, thrice, "sql")[1:]
    )
    both = w.replaced(w.bad(), f"{w.bad()} {w.bad()}")
    one = w.replaced(f"{w.bad()} {w.bad()}", f"{w.language.flaws['sql'].mended} {w.bad()}", tree=both)
    if len(w.scanner.hits(both)) > len(w.scanner.hits(w.before)):
        yield w.case(
            "one of two on a line is mended",
            one,
            before=both,
            expected=(STILL, UNKNOWN),
            names=names_of(w, both, "sql")[1:],
        )
    if w.tool == "codeql":
        # Names of the first generation leave out the file: this one means a mended finding and one that is there.
        alike = w.with_files({w.report: w.before[w.app]})
        for length in (16, 20):
            name = legacy_name(w, alike)[:length]
            yield w.case(
                f"a name of {length} characters for two",
                w.mended(tree=alike),
                before=alike,
                expected=(STILL, FIXED),
                must=STILL,
                names=(name,),
                ways=(BARE, DIFF),
            )


def names_of(w: World, tree: dict[str, str], kind: str) -> tuple[str, ...]:
    """Fingerprints of all findings of a kind in the main file."""
    return fingerprints(w.scan(tree), w.scanner.rule(kind), w.app)


def legacy_name(w: World, tree: dict[str, str]) -> str:
    """The name of the target in the first generation."""
    results = w.scan(tree)["runs"][0]["results"]
    print_ = next(
        one["partialFingerprints"]["primaryLocationLineHash"]
        for one in results
        if one["ruleId"] == w.scanner.rule("sql") and artifact_of(one)["uri"] == w.app
    )
    return sha256(f"{w.scanner.rule('sql')}|{print_}".encode()).hexdigest()[:20]


def _unusable(w: World) -> Iterator[Case]:
    whole = json.dumps(w.scan(w.mended())).encode()
    for kind, data in (
        ("empty object", b"{}"),
        ("no runs", b'{"version": "2.1.0", "runs": []}'),
        ("runs are null", b'{"version": "2.1.0", "runs": null}'),
        ("cut off", whole[: len(whole) * 2 // 3]),
        ("cut off at the last brace", whole[:-1]),
        ("JSON and no SARIF", b'[{"id": 1}]'),
        ("HTML", b"<!doctype html><title>502 Bad Gateway</title>"),
        ("empty file", b""),
        ("blanks only", b" \n\n"),
        ("UTF-16", json.dumps(w.scan(w.mended())).encode("utf-16")),
        ("binary", bytes(range(256))),
        ("a run that is a text", b'{"version": "2.1.0", "runs": ["CodeQL"]}'),
        ("a folder without SARIF", b"<folder>"),
        ("larger than can be read", b"<huge>"),
        ("results in other files", json.dumps(_external(w)).encode()),
        ("a run without a tool", b'{"version": "2.1.0", "runs": [{"results": []}]}'),
        ("a tool without rules", json.dumps(_without_rules(w)).encode()),
    ):
        yield w.case(kind, w.edited(), candidate=data, expected=UNKNOWN)


def _external(w: World) -> Sarif:
    return changed(w.scan(w.mended()), lambda run: run.update(externalPropertyFileReferences={"results": [{}]}))


def _without_rules(w: World) -> Sarif:
    name = w.scan()["runs"][0]["tool"]["driver"]["name"]
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": name}}, "results": []}]}


def _gone(w: World) -> Sarif:
    """A scan of the edited shop that does not report what it should."""
    return without(w.scan(w.edited()), w.scanner.rule("sql"), w.app)


def _other_scan(w: World) -> Iterator[Case]:
    edited, gone = w.edited(), _gone(w)

    def unknown(kind: str, document: Sarif, **more: Any) -> Case:  # noqa: ANN401 - passed on
        return w.case(kind, edited, candidate=document, expected=UNKNOWN, **more)

    def driver(**members: object) -> Sarif:
        return changed(gone, lambda run: run["tool"]["driver"].update(members))

    yield unknown("another tool", driver(name="OtherScan"))
    yield unknown(
        "another category",
        changed(gone, lambda run: run.update(automationDetails={"id": "/language:cobol/"})),
        baseline=_categorised(w),
    )
    yield unknown("another language", _other_language(w), baseline=_categorised(w))
    yield unknown("rule not in the list", rules(gone, lambda rule: rule["id"] != w.scanner.rule("sql"), w))
    yield unknown("rule off by default", _rule_off(gone, w))
    override = [{"configuration": {"enabled": False}, "descriptor": {"id": w.scanner.rule("sql")}}]
    yield unknown(
        "rule off by override",
        changed(gone, lambda run: run["invocations"][0].update(ruleConfigurationOverrides=override)),
    )
    versions = {"codeql": ("2.21.9", "3.0.0"), "semgrep": ("1.96.1", "2.0.0"), "bandit": ("1.8.9", "2.0.0")}[w.tool]
    yield unknown("older version of the tool", driver(semanticVersion=versions[0], version=versions[0]))
    patch = {"codeql": "2.22.3", "semgrep": "1.96.9", "bandit": "1.9.1"}[w.tool]
    yield unknown("older patch of the tool", driver(semanticVersion=patch, version=patch))
    yield unknown("next generation of the tool", driver(semanticVersion=versions[1], version=versions[1]))
    no_version = changed(
        gone, lambda run: (run["tool"]["driver"].pop("semanticVersion"), run["tool"]["driver"].pop("version", 0))
    )
    yield unknown("version gone", no_version)
    if w.tool == "codeql":
        for kind, version in (("older rules", "1.5.9"), ("rules of another generation", "2.0.0")):
            with_pack = json.loads(json.dumps(gone))
            with_pack["runs"][0]["tool"]["extensions"][0]["semanticVersion"] = version
            yield unknown(kind, with_pack)
        yield unknown("a pack is gone", changed(gone, lambda run: run["tool"]["extensions"].pop()))
    commit = "c0ffee" * 6 + "beef"
    yield unknown(
        "another commit than claimed",
        changed(gone, lambda run: run.update(versionControlProvenance=[{"revisionId": "ab12" * 10}])),
        commit=commit,
    )
    same = [{"revisionId": commit}]
    yield unknown(
        "both scans of one commit",
        changed(gone, lambda run: run.update(versionControlProvenance=same)),
        baseline=changed(w.scan(), lambda run: run.update(versionControlProvenance=same)),
    )


def _categorised(w: World) -> Sarif:
    return changed(w.scan(), lambda run: run.update(automationDetails={"id": f"/language:{w.language.name}/"}))


def _other_language(w: World) -> Sarif:
    other = next(language for language in LANGUAGES if language.name not in {w.language.name, "python"})
    tool = "codeql" if w.tool == "codeql" else "semgrep"
    found = World(other, tool).scan()
    if w.tool == "bandit":
        found["runs"][0]["tool"]["driver"]["name"] = "Bandit"
    return found


def _components(run: Sarif) -> list[Sarif]:
    return [run["tool"]["driver"], *run["tool"].get("extensions", [])]


def rules(document: Sarif, is_kept: Callable[[Sarif], bool], w: World) -> Sarif:
    """The scan with fewer rules, which then find nothing either."""

    def change(run: Sarif) -> None:
        for part in _components(run):
            if "rules" in part:
                part["rules"] = [rule for rule in part["rules"] if is_kept(rule)]
        run["results"] = [one for one in run["results"] if one["ruleId"] != w.scanner.rule("sql")]

    return changed(document, change)


def _rule_off(document: Sarif, w: World) -> Sarif:
    def change(run: Sarif) -> None:
        for part in _components(run):
            for rule in part.get("rules", []):
                if rule["id"] == w.scanner.rule("sql"):
                    rule["defaultConfiguration"] = {"enabled": False}
        run["results"] = [one for one in run["results"] if one["ruleId"] != w.scanner.rule("sql")]

    return changed(document, change)


def _failed_scan(w: World) -> Iterator[Case]:
    edited, gone = w.edited(), _gone(w)

    def unknown(kind: str, document: Sarif, **more: Any) -> Case:  # noqa: ANN401 - passed on
        return w.case(kind, edited, candidate=document, expected=UNKNOWN, **more)

    def note(level: str, text: str, *places: str) -> Sarif:
        where = {"locations": [{"physicalLocation": {"artifactLocation": {"uri": place}}} for place in places]}
        added = {"level": level, "message": {"text": text}, **(where if places else {})}
        return changed(
            gone, lambda run: run["invocations"][0].setdefault("toolExecutionNotifications", []).append(added)
        )

    yield unknown("did not succeed", changed(gone, lambda run: run["invocations"][0].update(executionSuccessful=False)))
    failed = {"executionSuccessful": False}
    yield unknown("one of two invocations failed", changed(gone, lambda run: run["invocations"].append(failed)))
    yield unknown("error in the file", note("error", "cannot parse", w.app))
    yield unknown("error that names the file", note("error", f"{w.app}: parse error at 7"))
    yield unknown("warning in the file", note("warning", "syntax error", w.app))
    yield unknown(
        "warning that names the file", note("warning", f"Syntax error at line {w.app}:7:\n `x` was unexpected")
    )
    yield unknown("error of the tool", note("error", "out of memory"))
    yield unknown("results are null", changed(gone, lambda run: run.update(results=None)))
    yield unknown("results are missing", changed(gone, lambda run: run.pop("results")))
    incremental = {"incrementalMode": ["overlay", "diff-informed"]}
    yield unknown("diff-informed", changed(gone, lambda run: run.setdefault("properties", {}).update(incremental)))
    text = changed(gone, lambda run: run.setdefault("properties", {}).update(incrementalMode="diff-informed"))
    yield unknown("diff-informed, as a text", text)
    pack = {"name": "codeql-action/pr-diff-range", "semanticVersion": "0.0.0"}
    yield unknown(
        "pack of a diff range", changed(gone, lambda run: run["tool"].setdefault("extensions", []).append(pack))
    )
    for option in ("--baseline-commit 0ffee1", "--new-from-rev=HEAD~1", "--baseline old.json"):
        told = json.loads(json.dumps(gone))
        told["runs"][0]["invocations"][0]["commandLine"] = f"scan {option} ."
        yield unknown(f"told to compare: {option.split('=')[0].split()[0]}", told)
    nothing = filtered(w.scan(edited), lambda _: False)
    listed = changed(nothing, lambda run: list_all(run, w))
    yield unknown("no results, though controls have to be there", listed)
    half = filtered(w.scan(edited), lambda one: artifact_of(one)["uri"] == w.secret)
    yield unknown("half of the results", changed(half, lambda run: list_all(run, w)))


def list_all(run: Sarif, w: World) -> None:
    """Bandit lists rules that found something; here it is to list them all."""
    if w.tool == "bandit":
        run["tool"]["driver"]["rules"] = [{"id": w.scanner.rule(kind)} for kind in w.language.flaws]


def _left_out(w: World) -> Iterator[Case]:
    edited = w.edited()
    quiet = w.scan(edited, excluded=(w.app,))
    yield w.case("file left out", edited, candidate=quiet, expected=UNKNOWN)
    unsaid = changed(quiet, say_nothing_of_files)
    yield w.case("file left out in silence", edited, candidate=unsaid, expected=UNKNOWN)
    yield w.case(
        "folder left out",
        edited,
        candidate=changed(w.scan(edited, excluded=("shop/*",)), say_nothing_of_files),
        expected=UNKNOWN,
    )
    yield w.case(
        "file untouched", w.mended(("sql", w.report)), candidate=_gone_untouched(w), expected=UNKNOWN, ways=_KNOWN
    )
    yield w.case("nothing changed, finding gone", w.before, candidate=_gone_untouched(w), expected=UNKNOWN, ways=_KNOWN)
    comment = w.replaced(w.bad(), f"{w.bad()}  {w.language.comment} checked by hand")
    yield w.case(
        "a comment behind it, finding gone",
        comment,
        candidate=_gone_untouched(w),
        expected=(UNKNOWN, GAMED),
        ways=_KNOWN,
    )
    indented = w.replaced(f"    {w.bad()}", f"        {w.bad()}\n")
    yield w.case("other blanks, finding gone", indented, candidate=_gone_untouched(w), expected=UNKNOWN, ways=_KNOWN)
    link = w.with_files({f"hidden/app.{w.language.suffix}": w.before[w.app]})
    yield w.case(
        "file replaced by a link",
        link,
        candidate=w.scan(w.with_files({w.app: None})),
        expected=(UNKNOWN, GAMED),
        ways=(DIRS,),
        links=((w.app, f"../hidden/app.{w.language.suffix}"),),
    )
    gone = w.with_files({w.app: None})
    yield w.case(
        "file gone, nobody says where", gone, expected=(UNKNOWN, GAMED), ways=("after",), candidate=w.scan(gone)
    )


def _gone_untouched(w: World) -> Sarif:
    return without(w.scan(), w.scanner.rule("sql"), w.app)


def say_nothing_of_files(run: Sarif) -> None:
    """Takes out what tells which files were read."""
    run["invocations"][0].pop("toolExecutionNotifications", None)
    run.get("properties", {}).pop("metrics", None)


def _other_answers(w: World) -> Iterator[Case]:
    rule = w.scanner.rule("sql")

    def of_target(change: Callable[[Sarif], object]) -> Sarif:
        document = w.scan(w.edited())
        return each(
            document, lambda one: change(one) if one["ruleId"] == rule and artifact_of(one)["uri"] == w.app else 0
        )

    def case(kind: str, change: Callable[[Sarif], object], expected: str) -> Case:
        return w.case(kind, w.edited(), candidate=of_target(change), expected=expected)

    def suppressed(**members: str) -> Callable[[Sarif], object]:
        return lambda one: one.update(suppressions=[{"kind": "external", **members}])

    yield case("suppressed outside", suppressed(), GAMED)
    yield case("suppressed in the source", lambda one: one.update(suppressions=[{"kind": "inSource"}]), GAMED)
    yield case("suppression accepted", suppressed(status="accepted"), GAMED)
    yield case("suppression under review", suppressed(status="underReview"), STILL)
    yield case("suppression rejected", suppressed(status="rejected"), STILL)
    for kind in ("open", "review", "notApplicable"):
        yield case(f"kind {kind}", partial(dict.update, kind=kind), UNKNOWN)
    yield case("level none", lambda one: one.update(level="none"), STILL)
    yield case("baseline state unchanged", lambda one: one.update(baselineState="unchanged"), STILL)
    absent = each(w.scan(), lambda one: one.update(baselineState="absent"))
    yield w.case("absent before, too", w.mended(), baseline=absent, expected=UNKNOWN, names=("ab" * 10,))
    yield w.case("nobody knows the target", w.mended(), expected=UNKNOWN, names=("0123456789abcdef0123",))
    yield w.case("nobody knows the old name", w.mended(), expected=UNKNOWN, names=("0123456789abcdef",))
    placeless = each(w.scan(), lambda one: one.pop("locations") if one["ruleId"] == rule else 0)
    gone = filtered(placeless, lambda one: one["ruleId"] != rule)
    yield w.case(
        "target has no place",
        w.mended(),
        baseline=placeless,
        candidate=gone,
        expected=UNKNOWN,
        names=fingerprints(placeless, rule, ""),
    )
