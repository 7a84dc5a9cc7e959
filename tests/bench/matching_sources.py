"""Source repositories with findings that know who they are: written in four languages, and the example shop."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

SHOP = Path(__file__).parents[2] / "examples/vulnerable-shop/shop"
WORDS = re.findall(
    r"\w+",
    """account address amount archive basket branch bucket campaign catalogue channel cursor customer delivery document
    draft email export folder gateway image import invoice label ledger login member message month order parcel payment
    picture price product profile query receipt record report review room session setting shipment store supplier tag
    template ticket token topic upload user vendor visit voucher wallet warehouse""",
)


@dataclass(eq=False, slots=True)
class Flaw:
    """A finding; `key` says who it is in both states, `safe` is its line once it is mended, `token` where it points."""

    key: int
    rule: str
    message: str
    safe: str
    token: str
    has_flow: bool


@dataclass(eq=False, slots=True)
class Line:
    """A line of source, with the finding on it."""

    text: str
    flaw: Flaw | None = None


@dataclass(eq=False, slots=True)
class Block:
    """A function, or what stands above them all; `name` is the variable with the user's data, "" for none."""

    lines: list[Line]
    name: str = ""

    def flaws(self) -> list[Flaw]:
        """Its findings, from the top."""
        return [line.flaw for line in self.lines if line.flaw is not None]


@dataclass(frozen=True, slots=True)
class Template:
    """A rule with the line that it finds, and the line that mends it; `{v}` is the user's data."""

    rule: str
    message: str
    sink: str
    safe: str
    token: str
    has_flow: bool = True


@dataclass(frozen=True, slots=True)
class Language:
    """How functions look."""

    name: str
    path: str
    header: str
    function: str
    source: str
    fillers: tuple[str, ...]
    templates: tuple[Template, ...]


@dataclass(slots=True)
class Repository:
    """Files by path."""

    language: Language
    files: dict[str, list[Block]] = field(default_factory=dict)
    keys: Iterator[int] = field(default_factory=itertools.count)

    def text(self, path: str) -> str:
        """A file as it is on disk."""
        return "".join(f"{line.text}\n" for block in self.files[path] for line in block.lines)


def written(language: Language, luck: random.Random, *, files: int = 4) -> Repository:
    """A repository in which many functions look much alike, as handlers do."""
    repository = Repository(language)
    for name in luck.sample(WORDS, files):
        words = luck.sample(WORDS, 6)  # few to a file: that is what makes its functions alike
        header = [Line(text) for text in language.header.format(Name=name.title(), name=name).split("\n")]
        blocks = [Block(header)]
        favourite = luck.choice(language.templates)
        for _ in range(luck.randint(4, 10)):
            template = favourite if luck.random() < 0.6 else luck.choice(language.templates)
            blocks.append(function(repository, luck, template=template, words=words))
        repository.files[language.path.format(Name=name.title(), name=name)] = blocks
    return repository


def function(repository: Repository, luck: random.Random, *, template: Template, words: Sequence[str] = WORDS) -> Block:
    """A new function with one finding, sometimes two."""
    language = repository.language
    a, b, c, v = luck.choice(words), luck.choice(words), luck.choice(words), luck.choice(words)
    names = {"a": a, "b": b, "c": c, "v": v, "A": a.title(), "B": b.title(), "n": str(luck.randint(2, 90))}
    indent = re.search(r"^( *|\t)\{body\}", language.function, re.MULTILINE)
    body = [language.source, *luck.sample(language.fillers, luck.randint(0, 3)), template.sink]
    flawed = {len(body) - 1}
    body += luck.sample(language.fillers, luck.randint(0, 2))
    if luck.random() < 0.2:
        flawed.add(len(body))
        body.append(template.sink.replace("{b}", "{c}"))
    lines: list[Line] = []
    for text in language.function.format(body="{body}", **names).split("\n"):
        if not text.strip().startswith("{body}"):
            lines.append(Line(text))
            continue
        for number, part in enumerate(body):
            first, *more = ((indent[1] if indent else "") + _fill(part, names)).split("\n")
            flaw = _flaw(template, names, first, key=next(repository.keys)) if number in flawed else None
            lines += [Line(first, flaw), *(Line(one) for one in more)]
    return Block(lines, v)


def _fill(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _flaw(template: Template, names: dict[str, str], text: str, *, key: int) -> Flaw:
    indent = text[: len(text) - len(text.lstrip())]
    return Flaw(
        key,
        template.rule,
        _fill(template.message, names),
        indent + _fill(template.safe, names),
        _fill(template.token, names),
        template.has_flow,
    )


def shop() -> Repository:
    """The example shop, with what scanners find in it."""
    repository = Repository(PYTHON)
    for file in sorted(SHOP.glob("*.py")):
        blocks = [Block([])]
        for text in file.read_text(encoding="utf-8").removesuffix("\n").split("\n"):
            if re.match(r"@|(def|class) ", text) and not blocks[-1].lines[-1].text.startswith("@"):
                blocks.append(Block([]))
            blocks[-1].lines.append(Line(text, _shop_flaw(repository, text)))
        for block in blocks:
            found = re.search(
                r"(\w+) = request\.|request: Request|\((\w+): str", "\n".join(x.text for x in block.lines)
            )
            block.name = (found[1] or found[2] or "request") if found else ""
        repository.files[f"shop/{file.name}"] = blocks
    return repository


def _shop_flaw(repository: Repository, text: str) -> Flaw | None:
    for pattern, rule, message in _SHOP_RULES:
        if found := re.search(pattern, text):
            safe = text.replace(found[0], f"checked_{found[0].lstrip()}")
            return Flaw(next(repository.keys), rule, message, safe, found[0], has_flow="py/" in rule)
    return None


_SHOP_RULES = (
    (r"execute\(|f\"SELECT", "py/sql-injection", "This SQL query depends on a user-provided value."),
    (r"hashlib\.md5", "py/weak-sensitive-data-hashing", "Sensitive data (password) is used in a hashing algorithm."),
    (r"random\.choice", "B311", "Standard pseudo-random generators are not suitable for cryptographic purposes."),
    (r"logger\.\w+", "py/clear-text-logging-sensitive-data", "This expression logs sensitive data as clear text."),
    (r"pickle\.\w+", "B301", "Pickle and modules that wrap it can be unsafe when used to deserialize data."),
    (r"eval\(", "py/code-injection", "This code execution depends on a user-provided value."),
    (r"open\(|os\.path\.join|Path\(", "py/path-injection", "This path depends on a user-provided value."),
    (r"subprocess\.\w+|os\.chmod", "py/command-line-injection", "This command line depends on a user-provided value."),
    (r"page\(|redirect\(", "py/reflective-xss", "Cross-site scripting vulnerability due to a user-provided value."),
)

_QUERY = "This SQL query depends on a [user-provided value](1)."
_PATH = "This path depends on a [user-provided value](1)."
_COMMAND = "This command line depends on a [user-provided value](1)."

PYTHON = Language(
    "Python",
    "app/{name}s.py",
    '"""Everything about {name}s."""\n\nimport hashlib\nimport logging\nimport subprocess\n\n'
    "from flask import request\n\nlogger = logging.getLogger(__name__)\n",
    '\ndef {a}_{b}_{n}(database):\n    """Show the {b} of a {a}."""\n    {body}\n'
    '    return render("{a}.html", {b}={v})\n',
    '{v} = request.args.get("{v}", "")',
    (
        "if not {v}:\n        return abort(400)",
        "{c} = database.find({n})",
        'logger.info("looked at {a}")',
        "total = sum(item.{b} for item in {c}s)",
        "{a}_count = len({v})",
    ),
    (
        Template(
            "py/sql-injection",
            _QUERY,
            "rows = database.execute(\"SELECT {b} FROM {a}s WHERE {c} = '%s'\" % {v}).fetchall()",
            'rows = database.execute("SELECT {b} FROM {a}s WHERE {c} = ?", ({v},)).fetchall()',
            '"SELECT',
        ),
        Template(
            "py/path-injection", _PATH, 'stream = open("/srv/{a}/" + {v})', 'stream = open_safely("{a}", {v})', '"/'
        ),
        Template(
            "py/command-line-injection",
            _COMMAND,
            'subprocess.run("tar -x {b} " + {v}, shell=True)',
            'subprocess.run(["tar", "-x", "{b}", {v}])',
            '"tar',
        ),
        Template(
            "py/clear-text-logging-sensitive-data",
            "This expression logs [sensitive data ({v})](1) as clear text.",
            'logger.warning("{a} of %s and {b}", {v})',
            'logger.warning("{a} and {b}")',
            "{v}",
        ),
        Template(
            "py/weak-sensitive-data-hashing",
            "[Sensitive data ({v})](1) is used in a hashing algorithm (MD5) that is insecure.",
            "digest = hashlib.md5({v}.encode()).hexdigest()",
            "digest = hashlib.scrypt({v}.encode(), **STRONG).hex()",
            "{v}.encode",
            has_flow=False,
        ),
    ),
)
JAVASCRIPT = Language(
    "JavaScript",
    "src/routes/{name}.js",
    'const express = require("express");\nconst {{ exec }} = require("child_process");\n'
    "const router = express.Router();\n",
    '\nrouter.get("/{a}/{b}/{n}", async function (req, res) {{\n  {body}\n  res.json({{ {b}: {v} }});\n}});',
    "const {v} = req.query.{v};",
    (
        "if (!{v}) return res.sendStatus(400);",
        "const {c} = await {a}s.find({n});",
        'console.debug("{a} %d", {n});',
        "const total = {c}s.reduce((sum, item) => sum + item.{b}, 0);",
    ),
    (
        Template(
            "js/sql-injection",
            "This query string depends on a [user-provided value](1).",
            "const rows = await db.query(`SELECT {b} FROM {a} WHERE {c} = '${{v}}'`);",
            'const rows = await db.query("SELECT {b} FROM {a} WHERE {c} = $1", [{v}]);',
            "`SELECT",
        ),
        Template(
            "js/reflected-xss",
            "Cross-site scripting vulnerability due to a [user-provided value](1).",
            'res.send("<h1>{a} " + {v} + "</h1>");',
            'res.send("<h1>{a} " + escape({v}) + "</h1>");',
            '"<h1>',
        ),
        Template(
            "js/path-injection", _PATH, 'res.sendFile("/srv/{b}/" + {v});', 'res.sendFile(inside("{b}", {v}));', '"/srv'
        ),
        Template(
            "js/command-line-injection",
            _COMMAND,
            'exec("convert {a} " + {v}, done);',
            'execFile("convert", ["{a}", {v}], done);',
            '"convert',
        ),
        Template(
            "js/missing-rate-limiting",
            "This route handler performs [a database access](1), but is not rate-limited.",
            "const {b}Rows = await db.load({v}, {n});",
            "const {b}Rows = await limited(() => db.load({v}, {n}));",
            "db.load",
            has_flow=False,
        ),
    ),
)
JAVA = Language(
    "Java",
    "src/main/java/acme/{Name}Controller.java",
    "package acme;\n\nimport java.io.File;\nimport java.sql.ResultSet;\n\n"
    "public class {Name}Controller extends Controller {{\n",
    '    @GetMapping("/{a}/{b}/{n}")\n'
    "    public View {a}{B}{n}(HttpServletRequest request) throws Exception {{\n        {body}\n"
    '        return view("{a}", {v});\n    }}\n',
    'String {v} = request.getParameter("{v}");',
    (
        "if ({v} == null) return badRequest();",
        "{A} {c}Item = {a}Store.find({n}L);",
        'LOG.debug("{a} {n}");',
        "int total = {c}s.stream().mapToInt({A}::get{B}).sum();",
    ),
    (
        Template(
            "java/sql-injection",
            "This query depends on a [user-provided value](1).",
            'ResultSet rows = statement.executeQuery("SELECT {b} FROM {a} WHERE {c} = \'" + {v} + "\'");',
            'ResultSet rows = prepared("SELECT {b} FROM {a} WHERE {c} = ?", {v});',
            '"SELECT',
        ),
        Template(
            "java/path-injection",
            _PATH,
            'File file = new File("/srv/{b}", {v});',
            'File file = inside("{b}", {v});',
            "{v})",
        ),
        Template(
            "java/command-line-injection",
            _COMMAND,
            'Runtime.getRuntime().exec("convert {a} " + {v});',
            'new ProcessBuilder("convert", "{a}", {v}).start();',
            '"convert',
        ),
        Template(
            "java/log-injection",
            "This log entry depends on a [user-provided value](1).",
            'LOG.warn("no {a} for " + {v});',
            'LOG.warn("no {a} for {}", clean({v}));',
            '"no',
        ),
        Template(
            "java/weak-cryptographic-algorithm",
            "Cryptographic algorithm [DES](1) is weak and should not be used.",
            'Cipher {b}Cipher = Cipher.getInstance("DES");',
            'Cipher {b}Cipher = Cipher.getInstance("AES/GCM/NoPadding");',
            "Cipher.get",
            has_flow=False,
        ),
    ),
)
GO = Language(
    "Go",
    "internal/{name}/handlers.go",
    'package {name}\n\nimport (\n\t"fmt"\n\t"net/http"\n\t"os/exec"\n)\n',
    "// {a}{B}{n} shows the {b} of a {a}.\nfunc {a}{B}{n}(w http.ResponseWriter, r *http.Request) {{\n\t{body}\n"
    '\tshow(w, "{a}", {v})\n}}\n',
    '{v} := r.URL.Query().Get("{v}")',
    (
        'if {v} == "" {\n\t\thttp.Error(w, "empty", 400)\n\t\treturn\n\t}',
        "{c}Row := find({n})",
        'log.Printf("{a} %d", {n})',
        "total := sum({c}s, {n})",
    ),
    (
        Template(
            "go/sql-injection",
            "This query depends on a [user-provided value](1).",
            "rows, err := db.Query(fmt.Sprintf(\"SELECT {b} FROM {a} WHERE {c} = '%s'\", {v}))",
            'rows, err := db.Query("SELECT {b} FROM {a} WHERE {c} = $1", {v})',
            "fmt.S",
        ),
        Template(
            "go/path-injection",
            _PATH,
            'data, err := os.ReadFile("/srv/{b}/" + {v})',
            'data, err := root.Read("{b}", {v})',
            '"/',
        ),
        Template(
            "go/command-injection",
            _COMMAND,
            'exec.Command("sh", "-c", "{a} " + {v}).Run()',
            'run("{a}", {v})',
            '"{a} "',
        ),
        Template(
            "go/reflected-xss",
            "Cross-site scripting vulnerability due to [user-provided value](1).",
            'fmt.Fprintf(w, "<h1>{b} %s</h1>", {v})',
            'pages.Execute(w, "{b}", {v})',
            "{v})",
        ),
        Template(
            "go/unchecked-errors",
            "Error return value of `{a}.Close` is not checked",
            "{a}.Close({v})",
            "check({a}.Close({v}))",
            "{a}.Close",
            has_flow=False,
        ),
    ),
)
LANGUAGES = (PYTHON, JAVASCRIPT, JAVA, GO)
