"""Traps in which the change hides a finding from the scanner, or breakage from the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.cases import DIFF, DIRS, GAMED, UNKNOWN, changed, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.cases import Case, World
    from tests.proof.scanners import Sarif, Tree

_KNOWN = (DIFF, DIRS)
_MARKS = {
    "codeql": ("lgtm", "lgtm[{rule}]", "codeql[{rule}]"),
    "semgrep": ("nosemgrep", "nosemgrep: {rule}", "nosem"),
    "bandit": ("nosec", "nosec B608", "nosec: B608"),
}


def gaming(w: World) -> Iterator[Case]:
    """All kinds in one shop; the scanner sees nothing of the target, and says nothing of it either."""
    yield from _comments(w)
    yield from _configuration(w)
    yield from _tests(w)
    yield from _out_of_scope(w)
    yield from _code(w)


def _case(w: World, kind: str, after: Tree, candidate: Sarif | None = None) -> Case:  # noqa: PLR0917 - in this order everywhere below
    found = w.scan(after) if candidate is None else candidate
    return w.case(kind, after, candidate=found, expected=(GAMED,), ways=_KNOWN, is_gaming=True)


def _silent(w: World, after: Tree) -> Sarif:
    """The scan without the target, whatever became of it."""
    return without(w.scan(after), w.scanner.rule("sql"), w.app)


def _comments(w: World) -> Iterator[Case]:
    for mark in _MARKS[w.tool]:
        text = f"{w.language.comment} {mark.format(rule=w.scanner.rule('sql'))}"
        name = mark.format(rule="rule")
        behind = w.replaced(w.bad(), f"{w.bad()}  {text}")
        yield _case(w, f"comment {name}", behind)
        yield _case(w, f"comment {name}, result dropped", behind, _silent(w, behind))
    edited = w.replaced(w.bad(), f"{w.language.flaws['sql'].edited}  {text}")
    yield _case(w, "comment on an edited line", edited, _silent(w, edited))


def _configuration(w: World) -> Iterator[Case]:
    edited = w.edited()

    def with_files(**files: str) -> Tree:
        return w.with_files(dict(files), edited)

    config, workflow = ".github/codeql-config.yml", ".github/workflows/scan.yml"
    left_out = w.scan(edited, excluded=(w.app,))
    yield _case(w, "paths-ignore", with_files(**{config: w.before[config] + f"paths-ignore:\n  - {w.app}\n"}), left_out)
    rule = f"query-filters:\n  - exclude:\n      id: {w.scanner.rule('sql')}\n"
    yield _case(w, "query filter", with_files(**{config: w.before[config] + rule}), _silent(w, edited))
    no_suite = w.before[config].replace("queries:\n  - uses: security-extended\n", "disable-default-queries: true\n")
    yield _case(w, "default queries off", with_files(**{config: no_suite}), _silent(w, edited))
    lax = w.before[workflow].replace("analyze@v3\n", "analyze@v3\n        continue-on-error: true\n")
    yield _case(w, "workflow may fail", with_files(**{workflow: lax}), _silent(w, edited))
    rare = w.before[workflow].replace("  push:\n  pull_request:\n", "  workflow_dispatch:\n")
    yield _case(w, "workflow runs by hand only", with_files(**{workflow: rare}), _silent(w, edited))
    without_scan = w.before[workflow].replace("      - uses: github/codeql-action/analyze@v3\n", "")
    yield _case(w, "workflow without the scan", with_files(**{workflow: without_scan}), _silent(w, edited))
    without_test = w.before[workflow].replace("      - run: make test\n", "")
    yield _case(w, "workflow without the tests", w.with_files({workflow: without_test}, w.mended()))
    yield _case(w, ".semgrepignore", with_files(**{".semgrepignore": f"{w.app}\n"}), left_out)
    yield _case(w, ".bandit", with_files(**{".bandit": f"[bandit]\nexclude: {w.app}\n"}), left_out)
    yield _case(
        w,
        "pyproject: bandit",
        with_files(**{"pyproject.toml": '[tool.bandit]\nskips = ["B608"]\n'}),
        _silent(w, edited),
    )


def _tests(w: World) -> Iterator[Case]:
    mended = w.mended()
    yield _case(w, "test deleted", w.with_files({w.test: None}, mended))
    skips = {
        "python": ("def test_find_user", '@pytest.mark.skip(reason="later")\ndef test_find_user'),
        "javascript": ("check(", "test.skip('finds', () => check("),
        "typescript": ("check(", "it.skip('finds', () => check("),
        "java": ("static void test", '@Disabled("later")\nstatic void test'),
        "go": ("    check(", '    t.Skip("later")\n    check('),
        "csharp": ("static void test", '[Fact(Skip = "later")]\nstatic void test'),
        "ruby": ("    check(", '    skip "later"\n    check('),
        "php": ("    check(", "    $this->markTestSkipped('later');\n    check("),
    }
    if w.language.name in skips:
        old, new = skips[w.language.name]
        yield _case(w, "test skipped", w.replaced(old, new, file=w.test, tree=mended))


def _out_of_scope(w: World) -> Iterator[Case]:
    suffix = w.language.suffix
    for folder in ("vendor", "tests", "node_modules/shop"):
        new = f"{folder}/app.{suffix}"
        moved = w.renamed(w.app, new)
        yield _case(w, f"file moved to {folder.partition('/')[0]}/", moved, changed(w.scan(moved), lambda _: None))
    function = w.language.function("find_user", w.bad()) + w.language.filler("first")
    cut = w.replaced(function, "")
    split = w.with_files({f"vendor/find.{suffix}": w.language.top + function}, cut)
    yield _case(w, "function moved to vendor/", split)
    if suffix in {"js", "ts"}:
        yield _case(w, "renamed to *.min.*", w.renamed(w.app, f"shop/app.min.{suffix}"))
    if suffix == "py":
        yield _case(w, "renamed to *_pb2.py", w.renamed(w.app, "shop/app_pb2.py"))
    header = f"{w.language.comment} Code generated by protoc. DO NOT EDIT. @generated\n"
    generated = w.with_files({w.app: header + w.before[w.app]})
    yield _case(w, "passes for generated", generated)


def _code(w: World) -> Iterator[Case]:
    opening, closing = w.language.swallow
    if opening:
        edited = w.language.flaws["sql"].edited
        swallowed = w.replaced(w.bad(), opening.format(edited) + "\n" + closing.format())
        yield _case(w, "errors swallowed", swallowed, _silent(w, swallowed))
    hidden = w.replaced(w.bad(), w.language.flaws["sql"].hidden)
    # No scanner can follow; nor can anybody prove bad faith, so that "unknown" is as good an answer.
    yield _case(w, "call built at run time", hidden)._replace(expected=(GAMED, UNKNOWN), is_gaming=False)
