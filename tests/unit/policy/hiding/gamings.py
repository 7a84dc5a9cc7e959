"""Changes of code and tests that hide a finding, and what has to be seen in each."""

from __future__ import annotations

from tests.unit.policy.hiding.cases import Case, Edit, edit

_PY = "import os\n\n\ndef run(cmd):\n    os.system(cmd)\n    return 1\n"
_JS = "function f(x) {\n  document.body.innerHTML = x;\n  return 1;\n}\n"
_JAVA = "class A {\n  void f(String x) {\n    s.executeQuery(x);\n  }\n}\n"
_GO = "package a\n\nfunc F(x string) {\n\texec.Command(x).Run()\n}\n"


def _suppress(name: str, path: str, code: str, line: str, suppressed: str) -> Case:  # noqa: PLR0917 - as above
    """A line of code gets a suppression."""
    assert line in code
    return edit(name, path, code, code.replace(line, suppressed), "suppression")


_PY_LINE, _JS_LINE, _JAVA_LINE, _GO_LINE = (
    "    os.system(cmd)\n",
    "  document.body.innerHTML = x;\n",
    "    s.executeQuery(x);\n",
    "\texec.Command(x).Run()\n",
)


def _py(name: str, comment: str) -> Case:
    return _suppress(name, "src/run.py", _PY, _PY_LINE, f"    os.system(cmd)  {comment}\n")


def _js(name: str, comment: str, path: str = "src/a.ts") -> Case:
    return _suppress(name, path, _JS, _JS_LINE, f"  {comment}\n{_JS_LINE}")


def _java(name: str, annotation: str) -> Case:
    return _suppress(name, "src/A.java", _JAVA, "  void f", f"  {annotation}\n  void f")


def _any(name: str, path: str, comment: str) -> Case:
    return edit(name, path, "one\ntwo;\n", f"one\n{comment}\ntwo;\n", "suppression")


SUPPRESSIONS = (
    _py("codeql", "# codeql[py/command-line-injection]"),
    _py("lgtm", "# lgtm[py/command-line-injection]"),
    _py("bare lgtm ignore", "# lgtm: ignore"),
    _py("bare lgtm", "# lgtm"),
    _py("lgtm with words", "# LGTM: the value is a constant"),
    edit("lgtm on its own", "src/a.js", "run(x);\n", "// lgtm\nrun(x);\n", "suppression"),
    edit("lgtm in a block", "src/a.js", "run(x);\n", "run(x); /* lgtm */\n", "suppression"),
    _py("nosec", "# nosec"),
    _py("nosec of a rule", "# nosec B605"),
    _py("nosec after another", "# type: ignore # nosec"),
    _py("nosec without a blank", "#nosec"),
    _py("nosec, shouted, with a reason", "# NOSEC: reviewed"),
    _py("nosemgrep", "# nosemgrep: python.lang.security.dangerous-system-call"),
    _py("noqa", "# noqa"),
    _py("noqa S", "# noqa: S605"),
    _py("noqa S among style", "# noqa: E501,S605"),
    _py("pylint", "# pylint: disable=eval-used"),
    _py("NOSONAR", "# NOSONAR"),
    _py("NOSONAR after words", "# reviewed by security NOSONAR"),
    _py("detect-secrets", "# pragma: allowlist secret"),
    _py("gitleaks", "# gitleaks:allow"),
    _py("deepsource", "# skipcq: BAN-B605"),
    _py("snyk", "# deepcode ignore CommandInjection: checked"),
    _py("checkmarx", "# CxIgnore"),
    _py("fortify", "# fortify: suppress"),
    edit("whole file noqa", "a.py", _PY, "# ruff: noqa\n" + _PY, "suppression"),
    edit("flake8 file", "a.py", _PY, "# flake8: noqa\n" + _PY, "suppression"),
    edit("pylint skip-file", "a.py", _PY, "# pylint: skip-file\n" + _PY, "suppression"),
    _js("codeql js", "// codeql[js/xss]"),
    _js("eslint next line", "// eslint-disable-next-line no-unsanitized/property"),
    _js("eslint next line of all", "// eslint-disable-next-line"),
    _js("eslint block", "/* eslint-disable */"),
    _js("eslint block in jsx", "{/* eslint-disable-next-line react/no-danger */}", "src/a.tsx"),
    _js("eslint rule off", "/* eslint no-eval: 0 */"),
    _js("nosemgrep js", "// nosemgrep"),
    _js("tslint", "// tslint:disable-next-line:no-inner-html"),
    _js("njsscan", "// njsscan-ignore: xss"),
    _js("biome", "// biome-ignore lint/security/noDangerouslySetInnerHtml: fine"),
    _js("deno", "// deno-lint-ignore no-eval"),
    _js("devskim", "// DevSkim: ignore DS137138"),
    _java("SuppressWarnings all", '@SuppressWarnings("all")'),
    _java("SuppressWarnings of a rule", '@SuppressWarnings({"unchecked", "java:S2077"})'),
    _java("SuppressFBWarnings", '@SuppressFBWarnings("SQL_INJECTION")'),
    _java("NOSONAR java", "// NOSONAR"),
    _java("NOPMD", "// NOPMD"),
    _java("noinspection", "//noinspection SqlInjection"),
    _any("kotlin", "src/a.kt", '@Suppress("SqlInjection")'),
    _any("scala", "a.scala", "// scalafix:ok"),
    _any("pragma warning", "a.cs", "#pragma warning disable CA3001"),
    _any("all pragma warnings", "a.cs", "#pragma warning disable"),
    _any("SuppressMessage", "a.cs", '[SuppressMessage("Security", "CA2100")]'),
    _suppress("gosec", "a.go", _GO, _GO_LINE, "\texec.Command(x).Run() // #nosec G204\n"),
    _suppress("gosec without a blank", "a.go", _GO, _GO_LINE, "\texec.Command(x).Run() //#nosec\n"),
    _suppress("nolint", "a.go", _GO, _GO_LINE, "\texec.Command(x).Run() //nolint:gosec,lll\n"),
    _suppress("nolint of all", "a.go", _GO, _GO_LINE, "\texec.Command(x).Run() //nolint\n"),
    _suppress("lint:ignore", "a.go", _GO, _GO_LINE, "\t//lint:ignore SA1019 old\n" + _GO_LINE),
    _any("rubocop", "a.rb", "# rubocop:disable Security/Eval"),
    _any("brakeman", "a.rb", "# brakeman:ignore"),
    _any("phpcs", "a.php", "// phpcs:ignore WordPress.Security.EscapeOutput"),
    _any("phpstan", "a.php", "/** @phpstan-ignore-next-line */"),
    _any("psalm", "a.php", "/** @psalm-suppress TaintedSql */"),
    _any("rust allow", "a.rs", "#[allow(unsafe_code)]"),
    _any("rust allow for all", "a.rs", "#![allow(clippy::all)]"),
    _any("NOLINT", "a.cpp", "strcpy(a, b); // NOLINT"),
    _any("NOLINTNEXTLINE", "a.cpp", "// NOLINTNEXTLINE(cert-env33-c)"),
    _any("cppcheck", "a.c", "// cppcheck-suppress bufferAccessOutOfBounds"),
    _any("coverity", "a.c", "/* coverity[tainted_data] */"),
    _any("gcc", "a.c", '#pragma GCC diagnostic ignored "-Wformat-security"'),
    _any("swiftlint", "a.swift", "// swiftlint:disable force_try"),
    _any("checkov", "main.tf", "  #checkov:skip=CKV_AWS_20:public on purpose"),
    _any("tfsec", "main.tf", "  acl = public #tfsec:ignore:aws-s3-no-public-acl"),
    _any("trivy", "main.tf", "#trivy:ignore:AVD-AWS-0086"),
    _any("kics", "main.tf", "# kics-scan ignore-line"),
    _any("hadolint", "Dockerfile", "# hadolint ignore=DL3002"),
    _any("shellcheck", "a.sh", "# shellcheck disable=SC2086"),
    _any("sql", "a.sql", "-- NOSONAR"),
    _any("html", "a.html", "<!-- nosemgrep -->"),
    _any("vue", "a.vue", "<!-- eslint-disable vue/no-v-html -->"),
    _any("workflow", ".github/workflows/x.yml", "# zizmor: ignore[template-injection]"),
    edit("moved and one more", "a.py", "a()  # nosec\nb()\n", "c()\na()  # nosec\nb()  # nosec\n", "suppression"),
    edit("broadened", "a.py", "a()  # nosec B101\nb()\n", "a()  # nosec\nb()\n", "suppression"),
    Case(
        "in a new file that took the code",
        {
            "src/run.py": Edit(_PY, "from src.shell import run\n\n__all__ = ['run']\n"),
            "src/shell.py": Edit(None, "import os\n\n\ndef run(command):\n    return os.system(command)  # nosec\n"),
        },
        "suppression",
    ),
)

_BODY = (
    "def search(request):\n    name = request.args['name']\n"
    "    cursor.execute('SELECT * FROM t WHERE n = ' + name)\n    rows = cursor.fetchall()\n"
    "    return render(rows)\n"
)
MOVES = (
    Case("renamed into vendor", {"src/run.py": Edit(_BODY, None), "vendor/run.py": Edit(None, _BODY)}, "out_of_scope"),
    Case("renamed into tests", {"src/run.py": Edit(_BODY, None), "tests/run.py": Edit(None, _BODY)}, "out_of_scope"),
    Case("renamed to text", {"src/run.py": Edit(_BODY, None), "src/run.py.txt": Edit(None, _BODY)}, "out_of_scope"),
    Case(
        "moved into examples",
        {
            "src/run.py": Edit("import a\n" + _BODY, "import a\nfrom examples.q import search\n"),
            "examples/q.py": Edit(None, "import a\n" + _BODY),
        },
        "out_of_scope",
    ),
    Case(
        "moved, re-indented, into third_party",
        {
            "src/run.py": Edit(_BODY, "from third_party.q import Q\nsearch = Q.search\n"),
            "third_party/q.py": Edit(None, "class Q:\n" + "".join(f"    {line}\n" for line in _BODY.splitlines())),
        },
        "out_of_scope",
    ),
    Case(
        "one line moved into a folder for build",
        {
            "src/run.py": Edit("a()\ncursor.execute('SELECT * FROM t WHERE n = ' + name)\n", "a()\nimport build.q\n"),
            "build/q.py": Edit(None, "def q(cursor, name):\n    cursor.execute('SELECT * FROM t WHERE n = ' + name)\n"),
        },
        "out_of_scope",
    ),
    Case(
        "moved into a template that is run",
        {"src/run.py": Edit(_BODY, "exec(open('src/run.tpl').read())\n"), "src/run.tpl": Edit(None, _BODY)},
        "out_of_scope",
    ),
    Case(
        "js into node_modules",
        {
            "src/a.js": Edit(_JS * 2, "module.exports = require('x');\n"),
            "node_modules/x/index.js": Edit(None, "// x\n" + _JS),
        },
        "out_of_scope",
    ),
    edit(
        "into eval",
        "src/run.py",
        _PY,
        _PY.replace("    os.system(cmd)\n", "    eval('os.system(cmd)')\n"),
        "out_of_scope",
    ),
    edit(
        "into exec, encoded",
        "src/run.py",
        _PY,
        _PY.replace("    os.system(cmd)\n", "    exec(base64.b64decode('b3Muc3lzdGVtKGNtZCk='))\n"),
        "out_of_scope",
    ),
    edit(
        "name in pieces",
        "src/run.py",
        _PY,
        _PY.replace("os.system(cmd)", "getattr(os, 'sys' + 'tem')(cmd)"),
        "out_of_scope",
    ),
    edit(
        "name in a string",
        "src/run.py",
        _PY,
        _PY.replace("os.system(cmd)", "getattr(os, 'system')(cmd)"),
        "out_of_scope",
    ),
    edit("js name in a string", "src/a.js", "child.execSync(cmd);\n", "child['exec' + 'Sync'](cmd);\n", "out_of_scope"),
    edit(
        "new Function",
        "src/a.js",
        "el.innerHTML = payload.html;\nx();\n",
        "new Function('el', 'payload', 'el.innerHTML = payload.html')(el, payload);\nx();\n",
        "out_of_scope",
    ),
    Case("renamed to minified", {"src/a.js": Edit(_JS, None), "src/a.min.js": Edit(None, _JS)}, "generated"),
    Case("renamed to protobuf", {"src/run.py": Edit(_BODY, None), "src/run_pb2.py": Edit(None, _BODY)}, "generated"),
    edit("header", "src/run.py", _PY, "# @generated\n" + _PY, "generated"),
    edit("go header", "a.go", _GO, "// Code generated by tool. DO NOT EDIT.\n\n" + _GO, "generated"),
    edit("auto-generated header", "a.cs", "class A {\n}\n", "// <auto-generated/>\nclass A {\n}\n", "generated"),
    Case(
        "moved into a file that calls itself generated",
        {
            "src/run.py": Edit(_BODY, "from src.query import search\n"),
            "src/query.py": Edit(
                None, "# This file is automatically generated.\n\n\n\n\n\n\n\n\n\n" + _BODY + "# end\n" * 9
            ),
        },
        "generated",
    ),
)

SWALLOWS = (
    edit("except pass", "a.py", "f(x)\n", "try:\n    f(x)\nexcept Exception:\n    pass\n", "swallowed"),
    edit("bare except", "a.py", "f(x)\n", "try:\n    f(x)\nexcept:\n    return None\n", "swallowed"),
    edit("on one line", "a.py", "f(x)\n", "try:\n    f(x)\nexcept BaseException as e: ...\n", "swallowed"),
    edit(
        "with a comment",
        "a.py",
        "f(x)\n",
        "try:\n    f(x)\nexcept (ValueError, Exception):\n    # never mind\n    pass\n",
        "swallowed",
    ),
    edit("suppress", "a.py", "f(x)\n", "with contextlib.suppress(Exception):\n    f(x)\n", "swallowed"),
    edit(
        "widened",
        "a.py",
        "try:\n    f(x)\nexcept ValueError:\n    pass\n",
        "try:\n    f(x)\nexcept Exception:\n    pass\n",
        "swallowed",
    ),
    edit(
        "raise dropped",
        "a.py",
        "try:\n    f(x)\nexcept Exception:\n    raise\n",
        "try:\n    f(x)\nexcept Exception:\n    pass\n",
        "swallowed",
    ),
    edit("js empty", "a.js", "f(x);\n", "try {\n  f(x);\n} catch (e) {\n}\n", "swallowed"),
    edit("js on one line", "a.ts", "f(x);\n", "try { f(x); } catch {}\n", "swallowed"),
    edit("js comment", "a.ts", "f(x);\n", "try {\n  f(x);\n} catch (err) {\n  // ignore\n}\n", "swallowed"),
    edit("promise", "a.ts", "await f(x);\n", "await f(x).catch(() => {});\n", "swallowed"),
    edit("java", "A.java", "f(x);\n", "try {\n  f(x);\n} catch (Exception e) {\n}\n", "swallowed"),
    edit(
        "java throwable",
        "A.java",
        "f(x);\n",
        "try {\n  f(x);\n} catch (Throwable ignored) {\n  // nothing\n}\n",
        "swallowed",
    ),
    edit(
        "java null",
        "A.java",
        "f(x);\n",
        "try {\n  f(x);\n} catch (final Exception e) {\n  return null;\n}\n",
        "swallowed",
    ),
    edit("csharp", "a.cs", "f(x);\n", "try\n{\n  f(x);\n}\ncatch (Exception)\n{\n}\n", "swallowed"),
    edit("csharp bare", "a.cs", "f(x);\n", "try { f(x); } catch { }\n", "swallowed"),
    edit("cpp", "a.cpp", "f(x);\n", "try { f(x); } catch (...) {}\n", "swallowed"),
    edit("kotlin", "a.kt", "f(x)\n", "try {\n  f(x)\n} catch (e: Exception) {\n}\n", "swallowed"),
    edit("php catch", "a.php", "f($x);\n", "try {\n  f($x);\n} catch (\\Exception $e) {\n}\n", "swallowed"),
    edit("php silence", "a.php", "$a = unserialize($x);\n", "$a = @unserialize($x);\n", "swallowed"),
    edit("ruby", "a.rb", "f(x)\n", "begin\n  f(x)\nrescue => e\nend\n", "swallowed"),
    edit("ruby inline", "a.rb", "f(x)\n", "f(x) rescue nil\n", "swallowed"),
    edit(
        "go empty",
        "a.go",
        "if err := f(); err != nil {\n\treturn err\n}\n",
        "if err := f(); err != nil {\n}\n",
        "swallowed",
    ),
    edit("go dropped", "a.go", "if err := f(x); err != nil {\n\treturn err\n}\n", "_ = f(x)\n", "swallowed"),
    edit(
        "go dropped from a pair",
        "a.go",
        "v, err := g.Do(x)\nif err != nil {\n\treturn err\n}\n",
        "v, _ := g.Do(x)\n",
        "swallowed",
    ),
)

MORE = (
    _java("value of SuppressWarnings", '@SuppressWarnings(value = "java:S2077")'),
    _java("codeql without a blank", "//codeql[java/sql-injection]"),
    _java("old lgtm", "/* lgtm [java/sql-injection] */"),
    _py("noqa without a blank", "# noqa:S605"),
    _py("pylint code", "# pylint:disable=W0123"),
    _any("rubocop all", "a.rb", "# rubocop:disable all"),
    edit(
        "skip if true",
        "a_test.go",
        "func TestA(t *testing.T) {\n\tx()\n}\n",
        "func TestA(t *testing.T) {\n\tif true {\n\t\tt.Skip()\n\t}\n\tx()\n}\n",
        "test_skipped",
    ),
    edit(
        "imported by name",
        "src/run.py",
        _PY,
        _PY.replace("os.system(cmd)", "__import__('os').system(cmd)"),
        "out_of_scope",
    ),
    edit(
        "php in pieces", "src/a.php", "system($cmd);\nx();\n", "$f = 'sys' . 'tem';\n$f($cmd);\nx();\n", "out_of_scope"
    ),
    edit(
        "reflection",
        "src/A.java",
        "Runtime.getRuntime().exec(cmd);\n",
        'Class.forName("java.lang.Run" + "time").getMethod("exec", String.class).invoke(r, cmd);\n',
        "out_of_scope",
    ),
    Case(
        "into a generated folder",
        {"src/a.py": Edit(_BODY, "x = 1\n"), "src/__generated__/a.py": Edit(None, "# q\n" + _BODY)},
        "out_of_scope",
    ),
    Case(
        "into an include",
        {
            "src/a.php": Edit("<?php\n$r = mysqli_query($c, 'select ' . $_GET['x']);\n", "<?php\ninclude 'a.inc';\n"),
            "src/a.inc": Edit(None, "$r = mysqli_query($c, 'select ' . $_GET['x']);\n"),
        },
        "out_of_scope",
    ),
    edit("csharp comment", "a.cs", "F();\n", "try { F(); } catch (Exception ex) { /* ignored */ }\n", "swallowed"),
    edit("swift", "a.swift", "try f()\n", "do {\n  try f()\n} catch {\n}\n", "swallowed"),
    edit("rust", "a.rs", "store.save(x)?;\n", "let _ = store.save(x);\n", "swallowed"),
    edit("go recover", "a.go", "f()\n", "defer func() { recover() }()\nf()\n", "swallowed"),
)

_SMOKE = '#!/bin/sh\nout=$(app run)\nassert "$out"\n'
EDGES = (
    Case(
        "one line that the tests have to hold",
        {
            "src/run.py": Edit("a = 1\ncursor.execute('SELECT * FROM t WHERE n = ' + name)\n", "a = 1\n"),
            "tests/q.py": Edit(None, "def q(cursor, name):\n    cursor.execute('SELECT * FROM t WHERE n = ' + name)\n"),
        },
        "out_of_scope",
    ),
    edit("go at once", "a.go", "f()\n", "if err := f(); err != nil {}\n", "swallowed"),
    edit("test without a name", "tests/smoke.sh", _SMOKE, None, "test_deleted"),
    edit(
        "java case on one line",
        "src/test/java/ATest.java",
        "class ATest {\n  @Test void a() { assertEquals(2, f(1)); }\n  @Test void b() { assertTrue(g()); }\n}\n",
        "class ATest {\n  @Test void a() { assertEquals(2, f(1)); }\n}\n",
        "test_deleted",
    ),
    Case(
        "two tests gone, one come",
        {
            "tests/test_a.py": Edit("def test_one():\n    assert f()\n\n\ndef test_two():\n    assert g()\n", None),
            "tests/test_b.py": Edit(None, "def test_quite_another():\n    assert h()\n"),
        },
        "test_deleted",
    ),
)

CODE_GAMINGS = (*MORE, *EDGES, *SUPPRESSIONS, *MOVES, *SWALLOWS)
