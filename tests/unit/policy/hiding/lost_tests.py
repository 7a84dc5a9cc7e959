"""Changes that delete or skip tests, and what has to be seen in each."""

from __future__ import annotations

from tests.unit.policy.hiding.cases import Case, Edit, edit

_TESTS = (
    "import app\n\n\ndef test_adds():\n    assert app.add(1, 1) == 2\n\n\n"
    "def test_rejects_injection():\n    with raises(ValueError):\n        app.run('; ls')\n"
)
_JS_TESTS = (
    "describe('app', () => {\n  it('adds', () => {\n    expect(add(1, 1)).toBe(2);\n  });\n"
    "  it('escapes', () => {\n    expect(esc('<')).toBe('&lt;');\n  });\n});\n"
)

_C_TEST = "void test_find(void) {\n    check(find, 1);\n}\n"
_C_REST = "void setup(void) {\n}\n"

TESTS = (
    edit(
        "function gone", "tests/test_app.py", _TESTS, _TESTS.partition("\n\ndef test_rejects")[0] + "\n", "test_deleted"
    ),
    edit("file gone", "tests/test_app.py", _TESTS, None, "test_deleted"),
    edit(
        "js case gone",
        "src/app.test.js",
        _JS_TESTS,
        _JS_TESTS.replace("  it('escapes', () => {\n    expect(esc('<')).toBe('&lt;');\n  });\n", ""),
        "test_deleted",
    ),
    edit(
        "java case gone",
        "src/test/java/ATest.java",
        (
            "class ATest {\n  @Test\n  void adds() {\n    assertEquals(2, a.add(1, 1));\n  }\n\n"
            '  @Test\n  void rejects() {\n    assertThrows(E.class, () -> a.run(";"));\n  }\n}\n'
        ),
        "class ATest {\n  @Test\n  void adds() {\n    assertEquals(2, a.add(1, 1));\n  }\n}\n",
        "test_deleted",
    ),
    edit(
        "go case gone",
        "a_test.go",
        (
            "package a\n\nfunc TestA(t *testing.T) {\n\tif F() != 1 {\n\t\tt.Fatal()\n\t}\n}\n\n"
            "func TestB(t *testing.T) {\n\tif G() != 1 {\n\t\tt.Fatal()\n\t}\n}\n"
        ),
        "package a\n\nfunc TestA(t *testing.T) {\n\tif F() != 1 {\n\t\tt.Fatal()\n\t}\n}\n",
        "test_deleted",
    ),
    edit(
        "ruby case gone",
        "spec/a_spec.rb",
        (
            "describe A do\n  it 'adds' do\n    expect(1).to eq 1\n  end\n  it 'escapes' do\n"
            "    expect(2).to eq 2\n  end\nend\n"
        ),
        "describe A do\n  it 'adds' do\n    expect(1).to eq 1\n  end\nend\n",
        "test_deleted",
    ),
    edit(
        "case commented out",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "# def test_rejects")
        .replace("    with raises", "#    with raises")
        .replace("        app.run", "#        app.run"),
        "test_deleted",
    ),
    edit(
        "case renamed out of sight",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "def disabled_rejects"),
        "test_deleted",
    ),
    Case(
        "file renamed out of sight",
        {"tests/test_app.py": Edit(_TESTS, None), "tests/test_app.py.bak": Edit(None, _TESTS)},
        "test_deleted",
    ),
    edit(
        "pytest skip",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "@pytest.mark.skip(reason='flaky')\ndef test_rejects"),
        "test_skipped",
    ),
    edit(
        "xfail",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "@pytest.mark.xfail\ndef test_rejects"),
        "test_skipped",
    ),
    edit(
        "skipif true",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "@pytest.mark.skipif(True, reason='x')\ndef test_rejects"),
        "test_skipped",
    ),
    edit(
        "unittest skip",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "@unittest.skip('x')\ndef test_rejects"),
        "test_skipped",
    ),
    edit(
        "module skip",
        "tests/test_app.py",
        _TESTS,
        "import pytest\npytestmark = pytest.mark.skip\n" + _TESTS,
        "test_skipped",
    ),
    edit(
        "return first",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("injection():\n", "injection():\n    return\n"),
        "test_skipped",
    ),
    edit(
        "it.skip", "src/app.test.js", _JS_TESTS, _JS_TESTS.replace("it('escapes'", "it.skip('escapes'"), "test_skipped"
    ),
    edit("xit", "src/app.test.js", _JS_TESTS, _JS_TESTS.replace("it('escapes'", "xit('escapes'"), "test_skipped"),
    edit("only", "src/app.test.js", _JS_TESTS, _JS_TESTS.replace("it('adds'", "it.only('adds'"), "test_skipped"),
    edit(
        "describe.skip", "src/app.test.ts", _JS_TESTS, _JS_TESTS.replace("describe(", "describe.skip("), "test_skipped"
    ),
    edit(
        "junit",
        "src/test/java/ATest.java",
        "class ATest {\n  @Test\n  void a() { assertTrue(x); }\n}\n",
        "class ATest {\n  @Disabled\n  @Test\n  void a() { assertTrue(x); }\n}\n",
        "test_skipped",
    ),
    edit(
        "junit 4",
        "src/test/java/ATest.java",
        "class ATest {\n  @Test\n  void a() { assertTrue(x); }\n}\n",
        'class ATest {\n  @Ignore("later")\n  @Test\n  void a() { assertTrue(x); }\n}\n',
        "test_skipped",
    ),
    edit(
        "xunit",
        "tests/ATests.cs",
        "[Fact]\npublic void A() { Assert.True(x); }\n",
        '[Fact(Skip = "later")]\npublic void A() { Assert.True(x); }\n',
        "test_skipped",
    ),
    edit(
        "t.Skip",
        "a_test.go",
        "func TestA(t *testing.T) {\n\tx()\n}\n",
        "func TestA(t *testing.T) {\n\tt.Skip()\n\tx()\n}\n",
        "test_skipped",
    ),
    edit(
        "rust ignore",
        "src/lib.rs",
        "#[test]\nfn works() {\n    assert!(x());\n}\n",
        "#[test]\n#[ignore]\nfn works() {\n    assert!(x());\n}\n",
        "test_skipped",
    ),
    edit(
        "rspec pending",
        "spec/a_spec.rb",
        "it 'adds' do\n  expect(1).to eq 1\nend\n",
        "it 'adds' do\n  pending 'later'\n  expect(1).to eq 1\nend\n",
        "test_skipped",
    ),
    edit(
        "phpunit",
        "tests/ATest.php",
        "function testA() {\n  $this->assertTrue($x);\n}\n",
        "function testA() {\n  $this->markTestSkipped();\n  $this->assertTrue($x);\n}\n",
        "test_skipped",
    ),
    edit(
        "swift",
        "Tests/ATests.swift",
        "func testA() throws {\n  XCTAssert(x)\n}\n",
        "func testA() throws {\n  throw XCTSkip()\n  XCTAssert(x)\n}\n",
        "test_skipped",
    ),
    edit("tests emptied", "tests/test_app.py", _TESTS, "import app\n", "test_deleted"),
    edit(
        "test hidden by its name",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "def _test_rejects"),
        "test_deleted",
    ),
    edit(
        "skipIf",
        "tests/test_app.py",
        _TESTS,
        _TESTS.replace("def test_rejects", "@unittest.skipIf(True, 'x')\ndef test_rejects"),
        "test_skipped",
    ),
)

_REST = "it('keeps', () => {\n  expect(keep()).toBe(2);\n});\n"
_FORMS = {
    "title below": "it(\n  'adds up',\n  () => {\n    expect(add(1)).toBe(2);\n  },\n);\n",
    "each": "it.each([[1, 2], [2, 3]])('adds %i', (a, b) => {\n  expect(add(a)).toBe(b);\n});\n",
    "each of many": "test.each([\n  [1, 2],\n  [2, 3],\n])('adds %i', (a, b) => {\n  expect(add(a)).toBe(b);\n});\n",
    "each of a table": "test.each`\n  a | b\n  ${1} | ${2}\n`('adds $a', (a) => {\n  expect(add(a)).toBe(a);\n});\n",
    "two words more": "test.concurrent.only('adds', async () => {\n  expect(add(1)).toBe(2);\n});\n",
    "of a runner": "Deno.test('adds', () => {\n  assertEquals(add(1), 2);\n});\n",
    "of an object": "Deno.test({\n  name: 'adds',\n  fn() {\n    assertEquals(add(1), 2);\n  },\n});\n",
    "title elsewhere": "it(TITLE, () => {\n  expect(add(1)).toBe(2);\n});\n",
    "function given away": "export function test_add() {\n  check(add(1), 2);\n}\n",
    "suite": "describe('add', () => {\n  it('adds', () => {\n    expect(add(1)).toBe(2);\n  });\n});\n",
    "suite of its own": "describe('add', () => {\n  runAll(add);\n});\n",
}
TYPESCRIPT = (
    *(
        edit(f"typescript, {name}", "src/app.spec.ts", form + _REST, _REST, "test_deleted")
        for name, form in _FORMS.items()
    ),
    *(
        edit(f"typescript, {name}, file gone", "tests/app.tsx", form, None, "test_deleted")
        for name, form in _FORMS.items()
    ),
    edit("spec without a test that is known", "src/app.spec.ts", "table(add, [1, 2]);\n", None, "test_deleted"),
    Case(
        "test gone whose subject is only called no more",
        {
            "src/a.c": Edit(
                "int keep(void)\n{\n    if (find(1)) {\n    }\n    return find(x,\n        1);\n}\n",
                "int keep(void)\n{\n    return 1;\n}\n",
            ),
            "tests/test_a.c": Edit(f"{_C_TEST}{_C_REST}", _C_REST),
        },
        "test_deleted",
    ),
    Case(
        "test gone whose subject is only called no more in javascript",
        {
            "src/a.js": Edit("  each(find, (one) => {\n    find(one, function (x) {\n    });\n  });\n", "a();\n"),
            "src/a.test.js": Edit(f"it('finds', () => {{\n  expect(find(1)).toBe(1);\n}});\n{_REST}", _REST),
        },
        "test_deleted",
    ),
    Case(
        "test gone whose subject has other parameters",
        {
            "src/a.c": Edit(
                "void find(const char *name) {\n    sprintf(q, name);\n}\n",
                "int find(const char *name,\n         size_t n)\n{\n    return snprintf(q, n, name);\n}\n",
            ),
            "tests/test_a.c": Edit(f"{_C_TEST}{_C_REST}", _C_REST),
        },
        "test_deleted",
    ),
)

LOST_TESTS = (*TESTS, *TYPESCRIPT)
