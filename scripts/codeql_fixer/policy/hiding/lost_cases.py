"""Tests that a change deletes or skips.

A test that was renamed, rewritten, moved or folded into a parametrised one is still there; one whose subject went
with it has nothing more to say.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.domain.change import FileStatus
from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.policy.hiding.changed_text import squashed
from codeql_fixer.policy.hiding.code_places import is_document, is_source, is_test
from codeql_fixer.policy.hiding.lexing import lex
from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codeql_fixer.policy.hiding.changed_text import ChangedFile, Line
    from codeql_fixer.policy.hiding.lexing import Lexed

_CASE = re.compile(
    r"^\s*(?:async\s+)?def\s+(?P<python>test\w*)"  # Python, Ruby
    r"|^\s*(?:(?:QUnit|Deno|tap|t)\.)?(?:(?:it|test|specify|scenario|should|example)(?:\.\w+)*"
    r"(?:\([^()]{0,200}\))?|[\]`]\s*\)?(?=\())\s*\(?\s*"
    r"(?P<title>\"[^\"]{1,200}|'[^']{1,200}|`[^`]{1,200})"
    r"|^\s*(?:it|test|specify)(?:\.(?:only|skip|concurrent|serial|sequential|fails|failing))*"
    r"\(\s*(?P<elsewhere>[\w.]{1,100})\s*,\s*(?:async\s*)?(?:\(|function\b|\w+\s*=>)"
    r"|^\s*func\s+(?:\([^)]{0,80}\)\s*)?(?P<go>(?:Test|Fuzz|test)\w*)\s*\("
    r"|^\s*(?:(?:public|private|protected|internal|static|async|final|override"
    r"|suspend|export|default|pub|open|virtual)\s+)*(?:function|fun|fn|void|Task)\s+(?P<named>`[^`]{1,200}`|[tT]est\w*"
    r"|\w+[tT]est)\s*\("
    r"|^\s*TEST(?:_F|_P|_CASE)?\s*\(\s*(?P<cpp>[^)]{1,200})\)"
)
_MARKED = re.compile(
    r"^\s*(?:@(?:Test|ParameterizedTest|RepeatedTest|org\.junit\.Test)\b|\[(?:Fact|Theory|Test"
    r"|TestMethod|TestCase)\b|#\[(?:\w+::)?test\b)"
)
_TITLED = re.compile(  # its title stands in the next line
    r"^\s*(?:(?:QUnit|Deno|tap|t)\.)?(?:it|test|specify|scenario)(?:\.\w+)*(?:\([^()]{0,200}\))?\s*\(\s*\{?\s*$"
)
_SUITE = re.compile(r"^\s*(?:describe|context|suite)(?:\.\w+)*\s*\(?\s*[\"'`](?P<title>[^\"'`]{1,200})")
_SPEC = re.compile(r"[._-](?:tests?|spec|cy|e2e)\.[^/.]+$")
_TITLE = re.compile(r"^\s*(?:name:\s*)?[\"'`](?P<title>[^\"'`]{1,200})[\"'`]\s*,")
_METHOD = re.compile(r"\b(?:void|fun|fn|Task|def|function|Unit)\s+(?:<[^>]{0,40}>\s*)?(?P<name>`[^`]{1,200}`|\w+)\s*\(")
_CLAIM = re.compile(
    r"assert|expect|should|require\.|raises|\bt\.(?:Error|Fatal|Fail)|verify|EXPECT_|ASSERT_|must|eq!|toThrow|panic",
    re.IGNORECASE,
)
_PARAMETRISED = re.compile(
    r"parametrize|parameterized|\.each\b|@ValueSource|@CsvSource|@MethodSource|InlineData|TestCase\("
    r"|range (?:tests|cases|tt)|subTest|t\.Run\(|dataProvider|rstest|where:",
    re.IGNORECASE,
)
_DEFINED = re.compile(
    r"\b(?:def|class|function|func|fn|fun|interface|struct|enum|trait|module|object"
    r"|record)\s+(?:\([^)]{0,80}\)\s*)?(?:self\.)?(?P<name>\w{3,100})"
    r"|(?:public|private|protected|internal|static)\s[\w<>\[\], .?]{1,120}\s(?P<method>\w{3,100})\s*\("
    r"|\b(?:const|let|var|exports\.)\s*(?P<value>\w{3,100})\s*=\s*(?:async\s*)?(?:function|\(|\w+\s*=>)"
    r"|\bexports\.(?P<exported>\w{3,100})\s*="
)
# A definition that begins with a type, or, as GNU puts it, with the name alone; no statement, and no mere declaration.
_TYPED = re.compile(
    r"(?!\s*(?:return|else|throw|new|await|case|delete|goto|typedef|using|package|import|do)\b)"
    r"(?:\s{0,40}[\w:<>,*&\[\]~.? ]{0,120}?[\w>\]*&][\s*&]{1,8}(?:\w+::)?(?P<name>\w{3,100})"
    r"\s*\((?:[^;{}()]|\([^;{}()]*\))*(?:,\s*$|\)[\w\s]*(?:\{|$))"
    r"|(?!(?:if|for|while|switch|catch)\b)(?P<alone>\w{3,100}) ?\([^;{}()]*\)\s*$)"
)
_OF_OBJECT = re.compile(  # a method; what calls something with a function has an arrow or a word more
    r"\s+(?:(?:async|static|get|set|public|private|protected|override)\s+)*[*#]?"
    r"(?P<name>(?!(?:if|for|while|switch|catch|with|function|constructor)\b)\w{3,100})"
    r"\s*\([^()]*\)\s*(?::[^{};=]{1,100})?\{\s*$"
)
_TYPED_LANGUAGES = frozenset({"cpp", "java", "csharp"})
_SCRIPTS = frozenset({"javascript", "typescript"})
_WORD = re.compile(r"[A-Za-z_]\w{2,99}")
_SKIP = re.compile(
    r"@?\bpytest\.mark\.(?:skip|xfail)\b(?!if)|\bpytest\.(?:skip|xfail)\s*\("
    r"|(?<!\w)mark\.(?:skip|xfail)\b(?!if)"
    r"|@(?:unittest\.)?(?:skip|expectedFailure)\b|\bself\.skipTest\s*\("
    r"|\braise\s+(?:unittest\.)?SkipTest|\b__test__\s*=\s*False"
    r"|\b(?:it|test|describe|context|suite|specify|Scenario|Feature)\.(?:skip|only|todo|fixme"
    r"|failing)\b|(?<![\w.])[xf](?:it|describe|test|context|specify|scenario)\s*(?:\(|[\"'])"
    r"|\bthis\.skip\s*\("
    r"|@(?:org\.junit\.)?(?:Ignore|Disabled)(?:\b|$)|@Test\s*\(\s*enabled\s*=\s*false|\bassume(?:True"
    r"|False|That)?\s*\(\s*(?:true|false)\s*\)|enabled\s*=\s*false"
    r"|\[\s*(?:Ignore|Explicit)\b|\(\s*Skip\s*=|,\s*Skip\s*=|\bAssert\.(?:Ignore|Inconclusive)\s*\("
    r"|\bt\.Skip(?:f|Now)?\s*\(|\bb\.Skip(?:f|Now)?\s*\("
    r"|#\[\s*ignore\b|\bmarkTest(?:Skipped|Incomplete)\s*\(|\bXCTSkip\w*|\bGTEST_SKIP\s*\("
    r"|\bDISABLED_\w+|@tag\s+:skip|\bXCTExpectFailure"
)
_RUBY_SKIP = re.compile(
    r"^\s*(?:skip|pending)\b(?!\s*=)|,\s*(?:skip|pending):?\s*(?::|=>|true|[\"'])|\bskip:\s*(?:true"
    r"|[\"'])|^\s*x(?:it|describe|context|specify|scenario)\s*(?:[\"']|\()"
)
_SKIP_IF = re.compile(r"@?(?:pytest\.mark\.|unittest\.)?skip(?:if|If|Unless)\s*\(\s*(?P<why>.*)")
_CONSTANT = re.compile(r"(?:True|1\s*==\s*1|not False|1|False)\s*[,)]")
_RETURN = re.compile(r"\s*return\s*;?\s*(?:None|null|nil)?\s*;?\s*$")
_OPENS = re.compile(r"(?:=>|\{|:|\bdo)\s*$")
_ASKS = re.compile(r"\s*(?:\}\s*)?(?:if|elif|else|except|unless|when|case|guard)\b(?!\s*\(?\s*(?:True|true|1)\b)")
_SKIP_CALL = re.compile(r"\(|skip|pending")  # not a mark on a whole test
_MAX_ALIKE = 50
_MAX_LINES = 500
_PLATFORM = re.compile(
    r"platform|os\.name|version|GOOS|Short\(\)|which|find_spec|environ|getenv|import|installed"
    r"|available|has_|HAVE_|geteuid",
    re.IGNORECASE,
)


class _Case(NamedTuple):
    file: ChangedFile
    name: str
    number: int
    body: tuple[str, ...]
    text: str


def test_signs(files: Sequence[ChangedFile]) -> Iterator[HidingSign]:
    """Signs about tests in a whole change: where a test went can be seen only there."""
    yield from _deleted(files)
    for file in files:
        if is_test(file.path) or language_of(file.path) in {"go", "rust"}:
            yield from _skipped(file)


def _deleted(files: Sequence[ChangedFile]) -> Iterator[HidingSign]:
    removed = [case for file in files for case in _cases(file, file.removed)]
    added = [case for file in files for case in _cases(file, file.added)]
    gone = _gone_subjects(files)
    for case in _unmatched(removed, added):
        if not (_subjects(case) & gone):
            text = f"test is gone: {case.text.strip()}"
            yield HidingSign(kind=HidingKind.TEST_DELETED, file=case.file.path, text=text)
    lines = frozenset(squashed(line.text) for file in files for line in file.added)
    yield from _suites(files, lines, gone)
    told = {case.file.path for case in removed}
    for file in files:
        status, old, new = file.file.status, file.file.old_path, file.file.new_path
        is_code = is_test(old) and language_of(old) != "" and not is_document(old)
        if status is FileStatus.DELETED and is_code and file.path not in told and _stem(old) not in gone:
            is_one = _SPEC.search(old) is not None or _claims(line.text for line in file.removed)
            if is_one and not (_words_in(line.text for line in file.removed) & gone) and not _moved(file, lines):
                yield HidingSign(kind=HidingKind.TEST_DELETED, file=file.path, text="test file is gone")
        elif status is FileStatus.RENAMED and is_code and _is_run(old) and not _is_run(new):
            text = f"test file was {old}; its new name is no test's"
            yield HidingSign(kind=HidingKind.TEST_DELETED, file=new, text=text)


def _suites(files: Sequence[ChangedFile], added: frozenset[str], gone: frozenset[str]) -> Iterator[HidingSign]:
    """Suites that went with what stood in them, where no test with a name of its own did."""
    kept = {match["title"] for file in files for line in file.added if (match := _SUITE.match(line.text))}
    for file in files:
        if not is_test(file.file.old_path) or _cases(file, file.removed):
            continue
        for at, line in enumerate(file.removed):
            match, body = (
                _SUITE.match(line.text),
                [next_one.text for next_one in file.removed[at + 1 : at + _MAX_LINES]],
            )
            lost = [text for text in body if _WORD.search(text) and squashed(text) not in added]
            if match and match["title"] not in kept and lost and not (_words_in(body) & gone):
                text = f"tests are gone: {line.text.strip()}"
                yield HidingSign(kind=HidingKind.TEST_DELETED, file=file.path, text=text)
                break


def _cases(file: ChangedFile, lines: Sequence[Line]) -> list[_Case]:
    """The tests that begin among some lines, each with what follows up to the next one."""
    if language_of(file.path) == "" or not (
        is_test(file.file.old_path) or is_test(file.path) or language_of(file.path) == "rust"
    ):
        return []
    starts: list[tuple[int, str]] = []
    is_marked = False
    for at, line in enumerate(lines):
        match = _CASE.match(line.text)
        method = _METHOD.search(line.text) if is_marked and match is None else None
        name = next((group for group in match.groups() if group), "") if match else method["name"] if method else ""
        if _TITLED.match(line.text) and (title := _TITLE.match(lines[at + 1].text if at + 1 < len(lines) else "")):
            name = title["title"]
        if name:
            starts.append((at, name.strip("\"'`")))
        is_marked = bool(_MARKED.match(line.text)) or (
            is_marked and not name and line.text.strip()[:1] in {"@", "[", "#", ""}
        )
        if _MARKED.match(line.text) and (same := _METHOD.search(line.text)) and not name:
            starts.append((at, same["name"].strip("`")))
            is_marked = False
    ends = [*(at for at, _ in starts[1:]), *([len(lines)] if starts else [])]
    return [
        _Case(file, name, lines[at].number, tuple(line.text for line in lines[at:end]), lines[at].text)
        for (at, name), end in zip(starts, ends, strict=True)
    ]


def _unmatched(removed: Sequence[_Case], added: Sequence[_Case]) -> list[_Case]:
    """Removed tests without a counterpart: one of its name or a like one anywhere, else one more in the same file."""
    left, came = _without_same(removed, added), _without_same(added, removed)
    left, came = _without_alike(left, came)
    folded = {case.file.path for case in removed if any(_PARAMETRISED.search(line.text) for line in case.file.added)}
    spare = Counter(case.file.path for case in came if _claims(case.body))
    unmatched = []
    for case in left:
        path = case.file.path
        if path in folded or (_is_kept_body(case) and case.file.file.new_path):
            continue
        if spare[path] > 0:
            spare[path] -= 1
            continue
        unmatched.append(case)
    return [case for case in unmatched if not _take(spare, case)]


def _without_same(cases: Sequence[_Case], others: Sequence[_Case]) -> list[_Case]:
    names = Counter(case.name for case in others)
    left = []
    for case in cases:
        if names[case.name]:
            names[case.name] -= 1
        else:
            left.append(case)
    return left


def _without_alike(left: Sequence[_Case], came: Sequence[_Case]) -> tuple[list[_Case], list[_Case]]:
    """Pairs with half of their words in common are one test. A word is looked up, so time does not grow by pairs."""
    by_word: dict[str, list[int]] = defaultdict(list)
    words = [_words(case.name) for case in came]
    for at, found in enumerate(words):
        for word in found:
            by_word[word].append(at)
    used: set[int] = set()
    unmatched = []
    for case in left:
        mine = _words(case.name)
        common = Counter(at for word in mine for at in by_word[word][:_MAX_ALIKE] if at not in used)
        best = next((at for at, count in common.most_common(1) if _is_alike(mine, words[at], count)), None)
        if best is None:
            unmatched.append(case)
        else:
            used.add(best)
    return unmatched, [case for at, case in enumerate(came) if at not in used]


def _is_alike(one: frozenset[str], other: frozenset[str], common: int) -> bool:
    return common * 2 >= len(one | other) or (common > 1 and common * 2 > min(len(one), len(other)))


def _words(name: str) -> frozenset[str]:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+", name)
    return frozenset(word.lower() for word in words[:40]) - {"test", "tests", "it", "should"}


def _take(spare: Counter[str], case: _Case) -> bool:
    """A deleted file's tests may be rewritten in another file of the same folder or of a like name."""
    if case.file.file.status is not FileStatus.DELETED:
        return False
    path = next((path for path, count in spare.items() if count > 0), None)
    if path is None:
        return False
    spare[path] -= 1
    return True


def _is_kept_body(case: _Case) -> bool:
    """True when only the line with the name went and its body stayed: it has another name now."""
    name = _METHOD if _CASE.match(case.text) is None else _CASE
    heads = (line.text for line in case.file.added[:_MAX_LINES])
    return len(case.body) == 1 and any(name.search(head) or _TITLED.match(head) for head in heads)


def _claims(lines: Iterable[str]) -> bool:
    return any(_CLAIM.search(line) for line in lines)


def _gone_subjects(files: Sequence[ChangedFile]) -> frozenset[str]:
    """Names of what was defined in code that is no test, and is defined no more; and of modules that are gone."""
    before: Counter[str] = Counter()
    for file in files:
        if is_test(file.file.old_path) or not is_source(file.file.old_path):
            continue
        before.update(_defined(file.path, file.removed))
        if file.file.status is FileStatus.DELETED:
            before[_stem(file.file.old_path)] += 1
    for file in files:
        now = _defined(file.path, file.added) if not is_test(file.path) else []
        if file.file.status in {FileStatus.ADDED, FileStatus.RENAMED}:
            now.append(_stem(file.path))
        for name in now:
            before.pop(name, None)
    return frozenset(before)


def _defined(path: str, lines: Sequence[Line]) -> list[str]:
    matches = [match for line in lines for match in _DEFINED.finditer(line.text)]
    language = language_of(path)
    own = _TYPED if language in _TYPED_LANGUAGES else _OF_OBJECT if language in _SCRIPTS else None
    if own:
        matches += [match for line in lines if (match := own.match(line.text))]
    return [name.lower() for match in matches for name in match.groups() if name]


def _subjects(case: _Case) -> frozenset[str]:
    return frozenset(
        _words_in(case.body) | {case.name.lower().removeprefix("test_").removeprefix("test"), _stem(case.file.path)}
    )


def _words_in(lines: Iterable[str]) -> set[str]:
    return {word.lower() for line in lines for word in _WORD.findall(line)}


def _stem(path: str) -> str:
    stem = path.rpartition("/")[2].partition(".")[0].lower()
    return (
        stem.removeprefix("test_")
        .removesuffix("_test")
        .removesuffix("_spec")
        .removesuffix("tests")
        .removesuffix("test")
    )


def _moved(file: ChangedFile, added: frozenset[str]) -> bool:
    """True when most lines of a deleted file were added elsewhere."""
    lines = {squashed(line.text) for line in file.removed} - {""}
    return len(lines & added) * 2 > len(lines)


def _is_run(path: str) -> bool:
    """True for a name by which runners find tests."""
    name = path.rpartition("/")[2]
    return (
        language_of(path) != ""
        and (is_test(name) or not name.startswith(("_", "disabled", "skip")))
        and (is_test(name) or not is_test(path) or "test" in name.lower())
    )


def _skipped(file: ChangedFile) -> Iterator[HidingSign]:
    before = Counter(
        squashed(match[0]) for line in lex(file.path, file.removed) if (match := _skip(line.code, file.path))
    )
    numbers = {line.number for line in file.added}
    lines = [line for line in lex(file.path, file.new) if line.code.strip()]
    for at, line in enumerate(lines):
        if line.number not in numbers:
            continue
        match = _skip(line.code, file.path)
        if match and before[squashed(match[0])]:
            before[squashed(match[0])] -= 1
        elif (match and not (_is_call(match) and _is_asked(lines, at))) or _returns_first(lines, at):
            yield HidingSign(kind=HidingKind.TEST_SKIPPED, file=file.path, line=line.number, text=line.raw.strip())


def _returns_first(lines: Sequence[Lexed], at: int) -> bool:
    opening = lines[at - 1].raw if at else ""
    is_return = _RETURN.match(lines[at].code) is not None
    return is_return and _CASE.match(opening) is not None and _OPENS.search(opening) is not None


def _is_asked(lines: Sequence[Lexed], at: int) -> bool:
    """True where the block around a line depends on something."""
    indent = _indent(lines[at])
    around = next((line for line in lines[max(0, at - _MAX_ALIKE) : at][::-1] if _indent(line) < indent), None)
    return around is not None and _ASKS.match(around.code) is not None


def _indent(line: Lexed) -> int:
    return len(line.raw) - len(line.raw.lstrip())


def _is_call(match: re.Match[str]) -> bool:
    """True for a skip that is done while a test runs, and not one that marks it."""
    return match[0].rstrip().endswith("(") and not match[0].lstrip().startswith(("@", "x", "f"))


def _skip(code: str, path: str) -> re.Match[str] | None:
    match = _SKIP.search(code)
    if match is None and language_of(path) == "ruby":
        match = _RUBY_SKIP.search(code)
    if match is None and (condition := _SKIP_IF.search(code)):
        match = condition if _CONSTANT.match(condition["why"]) else None
    return match if match and not _PLATFORM.search(code) else None
