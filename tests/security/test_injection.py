"""No attempt gets out of its fence, adds a line to a prompt, or becomes markup or a command anywhere else."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.artifacts.documents import issue_entry
from codeql_fixer.adapters.findings_csv import CsvReader
from codeql_fixer.adapters.github_actions import ActionsReporter
from codeql_fixer.adapters.prompts.data import MAX_BLOCK, Data
from codeql_fixer.adapters.prompts.notes import note_of
from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.source_tree import CheckoutTree, NoCheckout
from codeql_fixer.app.brief import BriefWriter
from codeql_fixer.app.prepare import prepare
from codeql_fixer.app.record import issue_records
from codeql_fixer.app.summary import summary_of
from codeql_fixer.bootstrap.pipeline import playbook_directory
from codeql_fixer.domain.fix_example import KnownExample
from codeql_fixer.domain.sessions import NO_SESSIONS
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.pipeline_output import describe
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.work_options import WorkOptions
from tests.builders import place, result, run, scan_run
from tests.security.injections import ATTEMPTS
from tests.security.markdown import skeleton, without_spans

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.ports.findings_reader import FindingsReader
    from codeql_fixer.ports.source_tree import SourceTree

OPTIONS = WorkOptions(run_id="1", filters=FilterOptions(), batch_size=5, max_sessions=5, families=FamilyTable())
PLAYBOOKS = Playbooks(playbook_directory())
attempts = pytest.mark.parametrize("text", list(ATTEMPTS.values()), ids=list(ATTEMPTS))
# Channels of a SARIF file: where in it the text stands.
CHANNELS = ["message", "rule id", "rule name", "rule help", "file name", "snippet", "data flow", "related", "tool"]


def _sarif(folder: Path, channel: str, text: str) -> FindingsReader:
    """A file with one result that holds the text in one place, and everything else plain."""
    texts = dict.fromkeys(CHANNELS, "plain") | {channel: text}
    there = place(texts["file name"], 3)
    there["physicalLocation"]["region"]["snippet"] = {"text": texts["snippet"]}
    step = {"location": {**place("a.py", 1), "message": {"text": texts["data flow"]}}}
    rule = {
        "id": texts["rule id"],
        "name": texts["rule name"],
        "help": {"markdown": texts["rule help"]},
        "properties": {"tags": ["external/cwe/cwe-089"], "security-severity": "8.8"},
    }
    found = result(
        ruleId=texts["rule id"],
        message={"text": texts["message"]},
        locations=[there],
        codeFlows=[{"threadFlows": [{"locations": [step]}]}],
        relatedLocations=[{**place("b.py", 2), "message": {"text": texts["related"]}}],
    )
    path = folder / "a.sarif"
    log = {"version": "2.1.0", "runs": [run(found, tool={"driver": {"name": texts["tool"], "rules": [rule]}})]}
    path.write_bytes(json.dumps(log).encode())
    return SarifReader([path])


def _prompt(work: FixWork, tree: SourceTree, template: Path | None = None) -> str:
    briefs = BriefWriter(tree, target_repo="acme/shop", default_branch="main", run_id="1")
    [batch] = work.batching.batches
    return JinjaRenderer(PLAYBOOKS, template).render(briefs.write(batch))


def _work(reader: FindingsReader, tree: SourceTree) -> FixWork:
    work = prepare(reader, tree, OPTIONS)
    assert work.counts.issues == 1
    return work


def _same_but_for_the_fingerprint(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{20}\b", "FINGERPRINT", skeleton(text))


def _assert_nothing_hidden(text: str) -> None:
    hidden = {letter for letter in text if unicodedata.category(letter)[0] == "C" and letter not in "\n\t"}
    assert not hidden
    assert "<!--" not in text
    assert not re.search("[\u2028\u2029\u034f\u115f\u1160\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]", text)


@pytest.mark.parametrize("channel", CHANNELS)
@attempts
def test_prompt__outside_of_fences_does_not_depend_on_strangers(tmp_path: Path, channel: str, text: str) -> None:
    tree = NoCheckout()
    plain = _prompt(_work(_sarif(tmp_path, "message", "plain"), tree), tree)
    try:
        reader = _sarif(tmp_path, channel, text)
        prompt = _prompt(_work(reader, tree), tree)
    except UnicodeEncodeError:
        pytest.fail("a text that cannot be encoded came through")

    assert _same_but_for_the_fingerprint(prompt) == _same_but_for_the_fingerprint(plain)
    _assert_nothing_hidden(prompt)
    assert len(prompt) < len(plain) + 4 * MAX_BLOCK


@attempts
def test_prompt__source_code_and_test_names_stay_data(tmp_path: Path, text: str) -> None:
    skeletons = []
    for number, content in enumerate(("plain", text)):
        root = tmp_path / str(number)
        (root / "tests").mkdir(parents=True)
        (root / "shop.py").write_text(f"one\ntwo\n{content}\n", encoding="utf-8", errors="replace")
        name = re.sub(r"[/\0]", "_", content).encode(errors="replace").decode()[:50]
        (root / f"tests/test_{name}.py").write_text("import shop\n")
        tree = CheckoutTree(root)
        reader = _sarif(root, "file name", "shop.py")
        prompt = _prompt(_work(reader, tree), tree)
        skeletons.append(_same_but_for_the_fingerprint(prompt))
        _assert_nothing_hidden(prompt)

    assert skeletons[0] == skeletons[1]


@attempts
def test_prompt__proved_fixes_stay_data(tmp_path: Path, text: str) -> None:
    tree = NoCheckout()
    [batch] = _work(_sarif(tmp_path, "message", "plain"), tree).batching.batches
    briefs = BriefWriter(tree, target_repo="acme/shop", default_branch="main", run_id="1")
    prompts = []
    for content in ("plain", text):
        example = KnownExample(
            id="x",
            repository="acme/shop",
            rule_id=content,
            family="xss",
            language="python",
            pull_request=1,
            pull_request_url="",
            diff=content,
        )
        prompts.append(JinjaRenderer(PLAYBOOKS).render(briefs.write(batch, (), (example,))))
        _assert_nothing_hidden(prompts[-1])
        note = note_of(example)
        assert "\n" not in note.trigger + note.name

    assert without_spans(skeleton(prompts[0])) == without_spans(skeleton(prompts[1]))


INLINE = """\
{{ issues[0].message }}
{{ issues[0].rule_id ~ "" }}
{{ issues[0].message | upper }}
{{ issues[0].message | string }}
{{ issues[0].message | e }}
{{ issues[0].message | safe }}
{{ [issues[0].message] | join(", ") }}
{{ "%s" | format(issues[0].message) }}
{{ issues[0].message | replace("zzz", "") }}
end
"""


@attempts
def test_prompt__a_users_template_cannot_print_bare_text(tmp_path: Path, text: str) -> None:
    template = tmp_path / "mine.j2"
    template.write_text(INLINE)
    tree = NoCheckout()

    prompt = _prompt(_work(_sarif(tmp_path, "message", text), tree), tree, template)

    lines = prompt.rstrip("\n").split("\n")
    assert [without_spans(line) for line in lines] == ["<span>"] * 9 + ["end"]
    _assert_nothing_hidden(prompt)


@pytest.mark.parametrize(
    "expression",
    [
        "issues[0].message._text",
        "issues[0].message.__class__",
        "issues[0].message | attr('_text')",
        "issues[0].message['_text']",
        "'{0._text}'.format(issues[0].message)",
        "('{0._text}' | string).format(issues[0].message)",
        "'%s' % issues[0].message._text",
        "issues[0].message.__str__.__globals__",
    ],
)
def test_prompt__a_users_template_cannot_reach_the_text(tmp_path: Path, expression: str) -> None:
    template = tmp_path / "mine.j2"
    template.write_text("{{ " + expression + " }}")
    tree = NoCheckout()

    try:
        shown = _prompt(_work(_sarif(tmp_path, "message", "SECRET ``` text"), tree), tree, template)
    except Exception as error:  # noqa: BLE001 - any refusal will do
        shown = type(error).__name__

    assert "SECRET ``` text" not in without_spans(shown)


CSV_COLUMNS = ["title", "description", "file_path", "scanner", "dependency_name", "fixed_version", "service_name"]


@pytest.mark.parametrize("column", CSV_COLUMNS)
@attempts
def test_prompt__csv_cells_stay_data(tmp_path: Path, column: str, text: str) -> None:
    skeletons = []
    for content in ("plain", text[:100_000]):  # a longer cell is an error of its own
        cells = dict.fromkeys(CSV_COLUMNS, "plain") | {"category": "sql_injection", "severity": "high", column: content}
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells.values()]
        path = tmp_path / "a.csv"
        path.write_bytes((",".join(cells) + "\n" + ",".join(quoted) + "\n").encode(errors="replace"))
        tree = NoCheckout()
        prompt = _prompt(_work(CsvReader(path, "acme/shop"), tree), tree)
        skeletons.append(_same_but_for_the_fingerprint(prompt))
        _assert_nothing_hidden(prompt)

    assert skeletons[0] == skeletons[1]


@pytest.mark.parametrize("channel", ["message", "rule id", "file name"])
@attempts
def test_summary__shows_strangers_text_as_words(tmp_path: Path, channel: str, text: str) -> None:
    plain, attacked = (
        summary_of(
            _work(_sarif(tmp_path, channel, content), NoCheckout()),
            replace(scan_run(), warnings=(content,)),
            server_url="https://github.com",
        )
        for content in ("plain", text)
    )

    assert len(attacked.split("\n")) == len(plain.split("\n"))
    unescaped = re.sub(r"\\[\\`*_{}\[\]<>()#|!~@&/]", "", attacked)
    for mark in "|[]#`":
        assert unescaped.count(mark) <= plain.count(mark), mark
    assert not re.search(r"<[a-z!/]|@\w|(?<!\()https?://", unescaped)
    _assert_nothing_hidden(attacked)


@pytest.mark.parametrize("channel", ["message", "rule id", "file name"])
@attempts
def test_log__strangers_text_starts_no_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, channel: str, text: str
) -> None:
    work = _work(_sarif(tmp_path, channel, text), NoCheckout())
    record = replace(scan_run(), warnings=(text,))

    say(describe(work, record, "out"))
    say(text)

    shown = capsys.readouterr().err
    assert "##[" not in shown
    assert not [line for line in re.split(r"[\r\n]", shown) if line.lstrip().startswith("::")]
    assert "\x1b" not in shown


@pytest.mark.parametrize("channel", ["message", "rule id", "file name"])
@attempts
def test_annotations__are_one_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, channel: str, text: str
) -> None:
    work = _work(_sarif(tmp_path, channel, text), NoCheckout())
    output = tmp_path / "output"
    reporter = ActionsReporter(output_dir="out", output=str(output), step_summary="", annotations=sys.stderr)

    reporter.report(work, scan_run(), sessions=NO_SESSIONS, summary="")

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= 1
    assert all(re.fullmatch(r"::error file=[^:,]*,title=[^:,]*(,line=3,endLine=3)?::.*", line) for line in lines)
    names = [line.partition("=")[0] for line in output.read_text().splitlines()]
    assert len(names) == len(set(names)) == 9


@attempts
def test_issue_entry__keeps_the_text_as_it_was(tmp_path: Path, text: str) -> None:
    """JSON needs no cleaning: whoever reads it gets what the scanner said, and nothing can add a member."""
    work = _work(_sarif(tmp_path, "tool", text), NoCheckout())
    [record] = issue_records(work)

    entry = msgspec.json.decode(issue_entry(msgspec.json.encode(record), work.issues[0]))

    assert entry["tool"] == text.encode("utf-16", "replace").decode("utf-16", "replace") or "\ufffd" in entry["tool"]
    assert entry["id"] == "CQLF-R1-0001"
    assert len(entry) == 22


@attempts
def test_data__a_block_closes_where_it_says(text: str) -> None:
    block = Data(text, "python").block

    assert skeleton(f"before\n{block}\nafter") == "before\n<block of python>\nafter"


def test_attempts__are_many() -> None:
    assert len(ATTEMPTS) >= 60
    assert len(set(ATTEMPTS.values())) == len(ATTEMPTS)
