"""Writes what is made from the code: JSON Schemas, the options page, the README's tables. See `make schemas`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from codeql_fixer.adapters.ledger.schemas import schema_of
from codeql_fixer.adapters.registry.wire import registry_schema
from codeql_fixer.adapters.repo_config import SCHEMA as REPO_CONFIG_SCHEMA
from codeql_fixer.domain.kinds import KINDS
from codeql_fixer.entrypoints.boundary import guarded, say
from codeql_fixer.entrypoints.cli.orchestrator.verbs import SHARED, VERBS
from codeql_fixer.entrypoints.registry_page import registry_page
from codeql_fixer.errors import UserError
from codeql_fixer.options import OPTIONS, Option, Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT = Path(__file__).parents[3]
_USES = {
    Use.EVERYWHERE: "flag, variable, action input",
    Use.ACTION: "action input",
    Use.FLEET: "flag and variable of `orchestrator.py`",
    Use.VARIABLE: "variable of `orchestrator.py`",
    Use.DISPATCH: "action input, variable",
    Use.COMMANDS: "flag and variable of both commands",
    Use.PIPELINE: "flag and variable of `pipeline.py`",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with `--check` fail when one is not as it would be written."""
    parser = argparse.ArgumentParser(prog="generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when a file is stale")
    is_check = parser.parse_args(arguments).check
    return guarded(lambda: _generate(is_check=is_check), lambda _code, _message: None)


def _generate(*, is_check: bool) -> None:
    stale = []
    for path, text in generated_files():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path.relative_to(_ROOT)))
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            say(f"wrote {stale[-1]}")
    if stale and is_check:
        raise UserError(f"stale: {', '.join(stale)}; run 'make schemas' and commit")


def generated_files() -> Iterator[tuple[Path, str]]:
    """Every generated file with its text."""
    for kind in KINDS:
        yield _ROOT / f"telemetry/schemas/{kind}.schema.json", _json(schema_of(kind))
    yield _ROOT / "docs/reference/repo-config.schema.json", _json(REPO_CONFIG_SCHEMA)
    yield _ROOT / "docs/reference/repo-registry.schema.json", _json(registry_schema())
    yield _ROOT / "docs/reference/registry.md", registry_page()
    yield _ROOT / "docs/reference/options.md", _options_page()
    readme = _ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    text = _between(text, "inputs", _table(option for option in OPTIONS if option.use in {Use.EVERYWHERE, Use.ACTION}))
    yield readme, _between(text, "outputs", _outputs_table())


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _options_page() -> str:
    parts = [
        "# Options",
        "",
        "Made by `make schemas` from `scripts/codeql_fixer/options.py`. An option is the same thing as a flag of",
        "`scripts/pipeline.py`, as an environment variable and as an input of the action. A flag wins over a variable.",
        f"`scripts/orchestrator.py` knows {', '.join(f'`{name}`' for name in _shared())}",
        "and those marked so, and takes GITHUB_TOKEN.",
        "",
        "| option | flag | variable | default | meaning | where |",
        "|---|---|---|---|---|---|",
        *map(_option_row, OPTIONS),
        "",
        "Lists take several values: a flag takes many arguments and can be repeated, a variable or an input has one",
        "per line or separates them by commas (`sarif` by lines only, since a file name may hold a comma).",
        "",
        "The action checks the target out when `target_dir` is empty, and puts the results into a temporary directory",
        "when `output_dir` is empty; the command needs `output_dir`.",
        "",
        "CodeQL finds the languages of the workflow's own repository by itself. Name them in `languages` when the",
        "target is another repository. It scans without a build; where a language needs one (Go, Swift), scan in a job",
        "of your own and give the result as `sarif`.",
        "",
        "## Not taken over from the first generation",
        "",
        "| input | why |",
        "|---|---|",
        "| `dry_run` | `mode: dry-run` says it |",
        "| `persist_logs` | it committed findings into the target, where everybody could read how to attack it |",
        "| `enable_retry_feedback` | it had no effect |",
        "",
    ]
    return "\n".join(parts)


def _shared() -> list[str]:
    """Options of the pipeline that commands of the orchestrator take as well."""
    names = {*SHARED, *(name for verb in VERBS for name in verb.options)}
    return [option.name for option in OPTIONS if option.name in names and option.use is Use.EVERYWHERE]


def _option_row(option: Option) -> str:
    flag = f"`{option.flag}`" if option.has_flag else ""
    variable = f"`{option.variable}`" if option.use is not Use.ACTION else ""
    default = f"`{option.default}`" if option.default else ""
    choices = f" ({', '.join(option.choices)})" if option.choices else ""
    where = _USES[option.use] if flag else _USES[option.use].removeprefix("flag and ")
    return f"| `{option.name}` | {flag} | {variable} | {default} | {option.help}{choices} | {where} |"


def _table(options: Iterator[Option]) -> str:
    rows = [
        f"| `{option.name}` | {f'`{option.default}`' if option.default else ''} | {option.help} |" for option in options
    ]
    return "\n".join(["| input | default | meaning |", "|---|---|---|", *rows])


def _outputs_table() -> str:
    outputs = yaml.safe_load((_ROOT / "action.yml").read_text(encoding="utf-8"))["outputs"]
    rows = [f"| `{name}` | {output['description']} |" for name, output in outputs.items()]
    return "\n".join(["| output | meaning |", "|---|---|", *rows])


def _between(text: str, name: str, content: str) -> str:
    """Replace what stands between the markers of a name."""
    opening, closing = f"<!-- {name}: made by make schemas -->", f"<!-- end of {name} -->"
    pattern = re.compile(rf"{re.escape(opening)}.*?{re.escape(closing)}", re.DOTALL)
    if not pattern.search(text):
        raise UserError(f"README.md: the markers {opening} and {closing} are missing")
    return pattern.sub(lambda _: f"{opening}\n{content}\n{closing}", text)


if __name__ == "__main__":
    sys.exit(main())
