"""Changes that fix a finding, or have nothing to do with it: none of them shows a sign."""

from __future__ import annotations

from tests.unit.policy.hiding.cases import Case, Edit, edit
from tests.unit.policy.hiding.honest_configs import CONFIGS

_TESTS = (
    "import app\n\n\ndef test_add():\n    assert app.add(1, 1) == 2\n\n\n"
    "def test_query_is_a_string():\n    assert app.query('a') == \"select 'a'\"\n"
)
_QUERY = (
    "def find(name):\n    rows = db.execute('SELECT * FROM t WHERE n = ' + name)\n"
    "    return [row for row in rows if row]\n"
)


FIXES = (
    edit(
        "parametrised query",
        "src/db.py",
        _QUERY,
        _QUERY.replace("'SELECT * FROM t WHERE n = ' + name", "'SELECT * FROM t WHERE n = ?', (name,)"),
    ),
    edit(
        "list in place of shell",
        "src/a.py",
        "import os\nos.system('ls ' + x)\n",
        "import subprocess\nsubprocess.run(['ls', x], check=True)\n",
    ),
    edit("text in place of html", "src/a.js", "el.innerHTML = x;\n", "el.textContent = x;\n"),
    edit(
        "prepared statement",
        "src/A.java",
        'st.executeQuery("select " + x);\n',
        'PreparedStatement p = c.prepareStatement("select ?");\np.setString(1, x);\n',
    ),
    edit(
        "secret from the environment",
        "src/a.py",
        "PASSWORD = 'hunter2hunter2'\n",
        "import os\nPASSWORD = os.environ['PASSWORD']\n",
    ),
    edit("safe loader", "src/a.py", "data = yaml.load(f)\n", "data = yaml.safe_load(f)\n"),
    edit("better hash", "src/a.go", "h := md5.New()\n", "h := sha256.New()\n"),
    edit("bounded copy", "src/a.c", "strcpy(a, b);\n", 'snprintf(a, sizeof a, "%s", b);\n'),
    edit("escaped output", "src/a.php", "echo $_GET['x'];\n", "echo htmlspecialchars($_GET['x'], ENT_QUOTES);\n"),
    edit("safe xml", "src/A.cs", "doc.Load(x);\n", "doc.XmlResolver = null;\ndoc.Load(x);\n"),
    edit("html escaped", "app/a.rb", "raw(params[:x])\n", "h(params[:x])\n"),
    edit("eval gone", "src/a.py", "value = eval(text)\n", "import ast\n\nvalue = ast.literal_eval(text)\n"),
    edit("eval in js gone", "src/a.js", "const v = eval('(' + text + ')');\n", "const v = JSON.parse(text);\n"),
    edit(
        "getattr made safe",
        "src/a.py",
        "getattr(mod, name)(x)\n",
        "HANDLERS = {'start': start, 'stop': stop}\nHANDLERS[name](x)\n",
    ),
)

COMMENTS = (
    edit("suppression removed", "a.py", "a()  # nosec\nb()\n", "a(safe)\nb()\n"),
    edit(
        "suppression moved",
        "a.py",
        "a()  # nosec\nb()\nc()\nd()\ne()\nf()\ng()\n",
        "b()\nc()\nd()\ne()\nf()\ng()\na()  # nosec\n",
    ),
    edit("suppression re-indented", "a.py", "a()  # nosec B101\n", "if x:\n    a()  # nosec B101\n"),
    edit("suppression narrowed", "a.py", "a()  # nosec\n", "a()  # nosec B404\n"),
    edit("string that quotes one", "src/a.py", "x = 1\n", "x = 'use # nosec to hide'\ny = \"# noqa\"\n"),
    edit("string in js", "src/a.ts", "x = 1\n", "x = '// eslint-disable-line';\ny = `\n// NOSONAR\n`;\n"),
    edit(
        "docstring",
        "src/a.py",
        "def f():\n    return 1\n",
        'def f():\n    """Honours these.\n\n    # nosec\n    # noqa\n    """\n    return 1\n',
    ),
    edit("go raw string", "a.go", "package a\n", "package a\n\nvar s = `\n// nolint\n`\n"),
    edit(
        "sentence about one",
        "src/a.py",
        "a()\n",
        "# No longer needs a nosec comment, as the list form is used.\na([x])\n",
    ),
    edit("another sentence", "src/A.java", "a();\n", "// Replaces the old NOSONAR workaround\nb();\n"),
    edit("sentence beginning with one", "src/a.py", "a()\n", "# nosec comments are gone here\nb()\n"),
    edit("lgtm", "src/a.py", "a()\n", "# LGTM'd in review\nb()\n"),
    edit("lgtm in a sentence", "src/a.py", "a()\n", "# LGTM was said of this\nb()  # not lgtm\n"),
    edit("lgtm moved", "src/a.js", "f(x); // lgtm\ng();\n", "g();\nf(x); // lgtm\n"),
    edit(
        "readme",
        "README.md",
        "# x\n",
        "# x\n\nUse `# nosec` or `// NOSONAR` to hide findings. eslint-disable works as well.\n",
    ),
    edit("text", "docs/notes.txt", "a\n", "a\n# nosec\n"),
    edit("changelog", "CHANGELOG.rst", "a\n", "a\n- removed ``# noqa: S608``\n"),
    edit("noqa of style", "src/a.py", "a()\n", "a()  # noqa: E501\n"),
    edit("noqa of imports", "src/__init__.py", "x = 1\n", "from .a import b  # noqa: F401\nx = 1\n"),
    edit("pylint style", "src/a.py", "a()\n", "a()  # pylint: disable=line-too-long,too-many-arguments\n"),
    edit("type ignore", "src/a.py", "a()\n", "a(1)  # type: ignore[arg-type]\n"),
    edit("eslint style", "src/a.ts", "a()\n", "// eslint-disable-next-line max-len\na(1)\n"),
    edit("eslint enable", "src/a.ts", "a()\n", "/* eslint-enable */\na(1)\n"),
    edit("unchecked", "src/A.java", "List<A> a = b;\n", '@SuppressWarnings("unchecked")\nList<A> a = (List<A>) b;\n'),
    edit("rust dead code", "a.rs", "fn a() {}\n", "#[allow(dead_code)]\nfn a(x: i32) {}\n"),
    edit("csharp obsolete", "a.cs", "A();\n", "#pragma warning disable CS0618\nB();\n#pragma warning restore CS0618\n"),
    edit(
        "warnings restored",
        "a.cs",
        "#pragma warning disable CA3001\nA(x);\n",
        "A(Safe(x));\n#pragma warning restore CA3001\n",
    ),
    edit("nolint style", "a.go", "func A() {}\n", "func A(x int) {} //nolint:lll\n"),
    edit("rubocop style", "a.rb", "a\n", "a(1) # rubocop:disable Layout/LineLength\n"),
    edit("url with a hash", "a.yml", "x: 1\n", "x: https://example.org/page#nosec\n"),
    Case(
        "in a new test",
        {
            "src/a.py": Edit("a(x)\n", "a([x])\n"),
            "tests/test_new.py": Edit(None, "def test_a():\n    assert a([1])  # nosec\n"),
        },
    ),
    Case(
        "moved with its code between folders",
        {
            "src/a.py": Edit("import x\nold = legacy_call(value)  # nosec\nb = 2\n", "import x\nb = 2\n"),
            "src/b.py": Edit("c = 3\n", "c = 3\nold = legacy_call(value)  # nosec\n"),
        },
    ),
    edit(
        "tool that handles them",
        "src/scan.py",
        "MARKS = []\n",
        "MARKS = ['nosec', 'noqa', 'NOSONAR']\nPATTERN = re.compile(r'#\\s*nosec')\n",
    ),
)

TESTS = (
    edit(
        "rewritten under a like name",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace(
            "test_query_is_a_string():\n    assert app.query('a') == \"select 'a'\"",
            "test_query_is_bound():\n    assert app.query('a') == ('select ?', ('a',))",
        ),
    ),
    edit("rewritten body", "tests/test_app.py", _TESTS, _TESTS.replace("\"select 'a'\"", "('select ?', ('a',))")),
    edit(
        "one more",
        "tests/test_app.py",
        _TESTS,
        _TESTS + "\n\ndef test_rejects():\n    with raises(ValueError):\n        app.query(';')\n",
    ),
    edit(
        "parametrised",
        "tests/test_app.py",
        "def test_a():\n    assert f(1)\n\n\ndef test_b():\n    assert f(2)\n",
        "@pytest.mark.parametrize('x', [1, 2])\ndef test_all(x):\n    assert f(x)\n",
    ),
    Case(
        "moved to another file",
        {
            "tests/test_app.py": Edit(_TESTS, _TESTS.partition("\n\ndef test_query")[0] + "\n"),
            "tests/test_query.py": Edit(None, "import app\n\n\ndef test_query" + _TESTS.partition("def test_query")[2]),
        },
    ),
    Case("file renamed", {"tests/test_app.py": Edit(_TESTS, None), "tests/unit/test_app.py": Edit(None, _TESTS)}),
    Case(
        "dead code and its tests",
        {
            "src/app.py": Edit(
                "def add(a, b):\n    return a + b\n\n\ndef legacy_hash(x):\n    return md5(x)\n",
                "def add(a, b):\n    return a + b\n",
            ),
            "tests/test_app.py": Edit(
                "def test_add():\n    assert add(1, 1) == 2\n\n\ndef test_hash():\n    assert legacy_hash('a')\n",
                "def test_add():\n    assert add(1, 1) == 2\n",
            ),
        },
    ),
    Case(
        "a module and its tests",
        {
            "src/legacy.py": Edit("def go():\n    return eval(x)\n", None),
            "tests/test_legacy.py": Edit("from src import legacy\n\n\ndef test_go():\n    assert legacy.go()\n", None),
        },
    ),
    Case(
        "a class and its tests in java",
        {
            "src/main/java/Old.java": Edit(
                "public class Old {\n  public String hash(String x) { return md5(x); }\n}\n", None
            ),
            "src/test/java/OldTest.java": Edit(
                'class OldTest {\n  @Test\n  void hashes() {\n    assertEquals(1, new Old().hash("a"));\n  }\n}\n', None
            ),
        },
    ),
    edit(
        "skip removed",
        "tests/test_app.py",
        "@pytest.mark.skip\ndef test_a():\n    assert f()\n",
        "def test_a():\n    assert f()\n",
    ),
    edit(
        "skip moved",
        "tests/test_app.py",
        "@pytest.mark.skip\ndef test_a():\n    assert f()\n",
        "class TestA:\n    @pytest.mark.skip\n    def test_a(self):\n        assert f()\n",
    ),
    edit(
        "platform",
        "tests/test_app.py",
        "def test_a():\n    assert f()\n",
        "@pytest.mark.skipif(sys.platform == 'win32', reason='posix')\ndef test_a():\n    assert f()\n",
    ),
    edit(
        "js rewritten",
        "src/a.test.js",
        "it('sets html', () => {\n  expect(f()).toBe('<b>');\n});\n",
        "it('sets text', () => {\n  expect(f()).toBe('&lt;b&gt;');\n});\n",
    ),
    edit(
        "js title changed",
        "src/a.test.js",
        "it('sets html', () => {\n  expect(f()).toBe('x');\n});\n",
        "it('sets text', () => {\n  expect(f()).toBe('x');\n});\n",
    ),
    edit(
        "assertion removed",
        "src/a.test.js",
        "it('a', () => {\n  expect(f()).toBe('x');\n  expect(g()).toBe('<');\n});\n",
        "it('a', () => {\n  expect(f()).toBe('x');\n});\n",
    ),
    edit(
        "go table",
        "a_test.go",
        (
            "func TestA(t *testing.T) {\n\tif f(1) {\n\t\tt.Fatal()\n\t}\n}\n"
            "func TestB(t *testing.T) {\n\tif f(2) {\n\t\tt.Fatal()\n\t}\n}\n"
        ),
        (
            "func TestAll(t *testing.T) {\n\tfor _, tt := range tests {\n"
            "\t\tt.Run(tt.name, func(t *testing.T) {})\n\t}\n}\n"
        ),
    ),
    edit(
        "helper gone",
        "tests/helpers.py",
        "def login():\n    return 1\n\n\ndef other():\n    return 2\n",
        "def other():\n    return 2\n",
    ),
    edit(
        "string that says skip",
        "tests/test_a.py",
        "def test_a():\n    assert f()\n",
        "def test_a():\n    assert f('pytest.skip(x)')\n    assert 'it.skip' in g()\n",
    ),
    edit(
        "return in a helper",
        "tests/test_a.py",
        "def helper():\n    go()\n\n\ndef test_a():\n    assert f()\n",
        "def helper():\n    return\n\n\ndef test_a():\n    assert f(1)\n",
    ),
    edit("source method named skip", "src/reader.py", "a()\n", "reader.skip(3)\npending = 1\n"),
    edit(
        "new tests in ruby",
        "spec/a_spec.rb",
        "it 'a' do\n  expect(1).to eq 1\nend\n",
        "it 'a' do\n  expect(1).to eq 1\nend\n\nit 'skips blanks' do\n  expect(2).to eq 2\nend\n",
    ),
)

_BODY = (
    "def load(path):\n    base = os.path.realpath(ROOT)\n    full = os.path.join(base, path)\n"
    "    with open(full) as file:\n        return file.read()\n"
)
MOVES = (
    Case("between source folders", {"src/a.py": Edit(_BODY, None), "lib/a.py": Edit(None, _BODY)}),
    Case(
        "into another module",
        {
            "src/a.py": Edit("import os\n" + _BODY + "x = 1\n", "import os\nfrom src.files import load\nx = 1\n"),
            "src/files.py": Edit(None, "import os\n" + _BODY),
        },
    ),
    Case("renamed", {"src/old_name.py": Edit(_BODY, None), "src/new_name.py": Edit(None, _BODY)}),
    Case("out of vendor", {"vendor/a.py": Edit(_BODY, None), "src/a.py": Edit(None, _BODY)}),
    Case("within tests", {"tests/a.py": Edit(_BODY, None), "tests/unit/a.py": Edit(None, _BODY)}),
    Case(
        "vendored update",
        {
            "vendor/x.js": Edit("function a() { return 1; }\n", "function a() { return 2; }\n"),
            "src/a.py": Edit("a(x)\n", "a([x])\n"),
        },
    ),
    Case(
        "test of the old behaviour",
        {
            "src/a.py": Edit(
                "def run(cmd):\n    os.system('ls ' + cmd)\n",
                "def run(cmd):\n    subprocess.run(['ls', cmd], check=True)\n",
            ),
            "tests/test_a.py": Edit(
                None, "from src.a import run\n\n\ndef test_run():\n    run('; rm -rf /')\n    assert not called('sh')\n"
            ),
        },
    ),
    Case(
        "documented",
        {
            "src/a.py": Edit(
                "cursor.execute('SELECT * FROM t WHERE n = ' + name)\na()\n",
                "cursor.execute('SELECT * FROM t WHERE n = ?', (name,))\na()\n",
            ),
            "docs/security.md": Edit(None, "Never write\n\n    cursor.execute('SELECT * FROM t WHERE n = ' + name)\n"),
        },
    ),
    Case(
        "query in a file of its own",
        {
            "src/a.py": Edit("db.execute('SELECT a FROM t WHERE b = ' + c)\n", "db.execute(QUERIES['a'], (c,))\n"),
            "src/queries.sql": Edit(None, "SELECT a FROM t WHERE b = ?\n"),
        },
    ),
    Case(
        "html into a template",
        {
            "src/a.py": Edit("return '<p>' + name + '</p>'\n", "return render_template('a.html', name=name)\n"),
            "templates/a.html": Edit(None, "<p>{{ name }}</p>\n"),
        },
    ),
    edit(
        "comment about generated code",
        "src/a.py",
        "a()\n",
        "# The token is generated by the server and checked here.\na(token)\n",
    ),
    edit(
        "generated file made again",
        "api_pb2.py",
        "# Generated by the protocol buffer compiler.  DO NOT EDIT!\nx = 1\n",
        "# Generated by the protocol buffer compiler.  DO NOT EDIT!\nx = 2\n",
    ),
    edit("key in brackets", "src/a.js", "app.handlers(x);\n", "const handler = table['start'];\nhandler(x);\n"),
    edit("joined text", "src/a.py", "log('connection failed')\n", "log('connected ' + 'to ' + host)\n"),
    edit("re-formatted", "src/a.js", "if(a){b();c()}\n", "if (a) {\n  b();\n  c();\n}\n"),
)

HANDLERS = (
    edit("narrow", "src/a.py", "x = int(y)\n", "try:\n    x = int(y)\nexcept ValueError:\n    x = 0\n"),
    edit(
        "narrow and silent",
        "src/a.py",
        "os.remove(p)\n",
        "try:\n    os.remove(p)\nexcept FileNotFoundError:\n    pass\n",
    ),
    edit(
        "wide but told",
        "src/a.py",
        "f()\n",
        "try:\n    f()\nexcept Exception:\n    logger.exception('failed')\n    raise\n",
    ),
    edit(
        "suppress narrow",
        "src/a.py",
        "os.remove(p)\n",
        "with contextlib.suppress(FileNotFoundError):\n    os.remove(p)\n",
    ),
    edit("java told", "A.java", "f();\n", 'try {\n  f();\n} catch (Exception e) {\n  log.error("failed", e);\n}\n'),
    edit("java narrow", "A.java", "f();\n", "try {\n  f();\n} catch (NumberFormatException e) {\n  return null;\n}\n"),
    edit("js told", "a.js", "f();\n", "try {\n  f();\n} catch (e) {\n  console.error(e);\n}\n"),
    edit("js answers", "a.js", "f();\n", "try {\n  f();\n} catch (e) {\n  return res.status(400).send('bad');\n}\n"),
    edit("promise told", "a.js", "f();\n", "f().catch((e) => log(e));\n"),
    edit("go returned", "a.go", "f()\n", "if err := f(); err != nil {\n\treturn err\n}\n"),
    edit("go close", "a.go", "defer f.Close()\n", "defer func() { _ = f.Close() }()\n"),
    edit("go range", "a.go", "for i := range x {\n", "for _, v := range x {\n"),
    edit("ruby narrow", "a.rb", "f\n", "begin\n  f\nrescue ArgumentError\n  nil\nend\n"),
    edit("ruby told", "a.rb", "f\n", "begin\n  f\nrescue => e\n  logger.warn(e)\nend\n"),
    edit(
        "existing handler re-indented",
        "a.py",
        "try:\n    f(x)\nexcept Exception:\n    pass\n",
        "if x:\n    try:\n        f([x])\n    except Exception:\n        pass\n",
    ),
    edit(
        "existing handler moved",
        "a.js",
        "try {\n  f(x);\n} catch (e) {\n}\ng();\nh();\ni();\nj();\n",
        "g();\nh();\ni();\nj();\ntry {\n  f([x]);\n} catch (e) {\n}\n",
    ),
    edit("php mail", "a.php", "$a = 'x';\n", "$a = 'user@example(org)';\n$b = @unlink($tmp);\n"),
    edit("decorator in python", "a.py", "def f():\n    pass\n", "@cache(60)\ndef f():\n    pass\n"),
    edit("kotlin annotation", "a.kt", "fun f() {}\n", "@Throws(IOException::class)\nfun f() { g() }\n"),
    edit("csharp narrow", "a.cs", "F();\n", "try\n{\n  F();\n}\ncatch (FormatException)\n{\n}\n"),
)

MORE = (
    edit(
        "js answers null", "a.js", "u = new URL(x);\n", "try {\n  u = new URL(x);\n} catch (e) {\n  return null;\n}\n"
    ),
    edit("js answers at once", "a.ts", "u = new URL(x);\n", "try { u = new URL(x); } catch { return undefined; }\n"),
    edit(
        "script renamed",
        ".github/workflows/t.yml",
        "on: [push]\njobs:\n  a:\n    steps:\n      - run: ./scripts/test.sh\n",
        "on: [push]\njobs:\n  a:\n    steps:\n      - run: ./scripts/run-tests.sh\n",
    ),
    edit(
        "experimental job",
        ".github/workflows/t.yml",
        "on: [push]\njobs:\n  a:\n    steps:\n      - run: pytest\n",
        (
            "on: [push]\njobs:\n  a:\n    steps:\n      - run: pytest\n  nightly:\n"
            "    continue-on-error: true\n    steps:\n      - run: pytest --pre\n"
        ),
    ),
    edit(
        "skip without a program",
        "tests/test_a.py",
        "def test_a():\n    assert f()\n",
        "def test_a():\n    if not shutil.which('git'):\n        pytest.skip('no git')\n    assert f()\n",
    ),
    edit(
        "skip in go, when short",
        "a_test.go",
        "func TestA(t *testing.T) {\n\tx()\n}\n",
        "func TestA(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip()\n\t}\n\tx()\n}\n",
    ),
    edit("noqa of others", "src/a.py", "a()\n", "a(True)  # noqa: FBT003, PLR0917\n"),
    Case(
        "alike in another file",
        {
            "tests/test_a.py": Edit(
                "def test_follow__stops_late_sessions():\n    assert f()\n\n\ndef test_b():\n    assert g()\n",
                "def test_b():\n    assert g()\n",
            ),
            "tests/test_b.py": Edit(None, "def test_follow__late_sessions_are_stopped_and_told():\n    assert h()\n"),
        },
    ),
    edit(
        "rule edited",
        ".semgrep/rules.yml",
        "rules:\n  - id: a\n    pattern: x(...)\n    severity: WARNING\n",
        "rules:\n  - id: a\n    pattern: x(..., $Y)\n    severity: ERROR\n",
    ),
    edit(
        "ruff for tests",
        "pyproject.toml",
        "[tool.ruff.lint]\nselect = ['ALL']\n",
        (
            "[tool.ruff.lint]\nselect = ['ALL']\n[tool.ruff.lint.per-file-ignores]\n'tests/**' = [\n"
            "  'S101', # pytest asserts\n]\n"
        ),
    ),
    edit("new pyproject", "pyproject.toml", None, "[tool.ruff]\nextend-exclude = ['examples']\n"),
    edit("reader of names", "src/a.py", "value = obj.name\n", "value = getattr(obj, field)\n"),
)

_KEEP = "int keep(void)\n{\n    return 1;\n}\n"
_C_REST = "void setup(void) {\n}\n"
_C_TESTS = Edit("void test_find(void) {\n    check(find, 1);\n}\n" + _C_REST, _C_REST)
_TS = "it('adds', () => {\n  expect(add(1)).toBe(2);\n});\n"
DEAD = (
    Case(
        "dead code in c",
        {
            "src/a.c": Edit(f"{_KEEP}void find(const char *name) {{\n    strcpy(q, name);\n}}\n", _KEEP),
            "tests/test_a.c": _C_TESTS,
        },
    ),
    Case(
        "dead code in c, as gnu writes it",
        {
            "src/a.c": Edit(f"{_KEEP}char *\nfind (const char *name)\n{{\n    strcpy(q, name);\n}}\n", _KEEP),
            "tests/test_a.c": _C_TESTS,
        },
    ),
    Case(
        "dead code, its tests by themselves",
        {
            "src/add.ts": Edit(
                "export function add(n: number) {\n  return n + 1;\n}\nexport const a = 1;\n", "export const a = 1;\n"
            ),
            "src/sum.spec.ts": Edit("table(add, [1, 2]);\n", None),
            "src/all.spec.ts": Edit("describe('sums', () => {\n  table(add, [1]);\n});\nrun();\n", "run();\n"),
        },
    ),
    Case(
        "dead method in javascript",
        {
            "src/a.js": Edit("class A {\n  find(name) {\n    return db(name);\n  }\n}\n", "class A {\n}\n"),
            "src/a.test.js": Edit("it('works', () => {\n  expect(a.find(1)).toBe(1);\n});\nrun();\n", "run();\n"),
        },
    ),
    edit("title put below", "src/a.test.ts", _TS, _TS.replace("it('adds', () => {", "it(\n  'sums up', () => {")),
    edit("settings of a runner gone", "src/a.test.ts", f"test.use(x, () => 1);\n{_TS}", _TS),
    edit("suite unwrapped", "src/a.spec.ts", f"describe('a', () => {{\n{_TS}}});\n", _TS),
    edit("suite of its own unwrapped", "src/a.spec.ts", "describe('a', () => {\n  all(add);\n});\n", "all(add);\n"),
    edit(
        "suite rewritten",
        "src/a.spec.ts",
        "describe('a', () => {\n  all(add);\n});\n",
        "describe('a', () => {\n  each(add);\n});\n",
    ),
)

EDGES = (
    edit("eval re-indented", "src/a.py", "eval('compute(value)')\nb()\n", "if x:\n    eval('compute(value)')\n"),
    edit("severity of no known name", ".bandit", "severity: weird\n", "severity: odd\n"),
    edit("level raised", "phpstan.neon", "parameters:\n\tlevel: 2\n", "parameters:\n\tlevel: 8\n"),
    Case(
        "script of tests moved",
        {
            "tests/smoke.sh": Edit("set -e\nassert a\nassert b\n", None),
            "tests/all.sh": Edit("x\ny\nz\nu\n", "x\ny\nz\nu\nset -e\nassert a\nassert b\n"),
        },
    ),
    edit("go error logged", "a.go", "f()\n", "if err := f(); err != nil {\n\tlog.Print(err)\n}\n"),
)

HONEST = (*DEAD, *MORE, *EDGES, *FIXES, *COMMENTS, *CONFIGS, *TESTS, *MOVES, *HANDLERS)
