"""Scanners in miniature: they find the flaws of tests/proof/languages.py, and write what the real ones would."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, NamedTuple

from codeql_fixer.policy.line_hash import line_hashes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.proof.languages import Language

# JSON documents, which tests change at will.
Sarif = dict[str, Any]
Tree = dict[str, str]

_MESSAGES = {
    "sql": "This query depends on a user-provided value.",
    "cmd": "This command line depends on a user-provided value.",
    "hash": "Weak algorithm, or a copy without bounds.",
}
# What nobody looks at, as scanners have it by default.
_LEFT_OUT = ("vendor/*", "node_modules/*", "tests/*", "*.min.*", "*_pb2.py", "*.generated.*")
_SILENT = {
    "codeql": re.compile(r"(?:codeql\[|lgtm)"),
    "semgrep": re.compile(r"nosem(?:grep)?"),
    "bandit": re.compile(r"#\s*nosec"),
}
_MENDED = re.compile(r"\bALLOWED\b|checked\(")  # a check above the flaw, in the same function
_BANDIT = {"sql": "B608", "cmd": "B605", "hash": "B324"}


class Hit(NamedTuple):
    """One flaw that was found; `source` is the line where the name comes in."""

    kind: str
    file: str
    line: int
    column: int
    text: str
    source: int
    is_silenced: bool


class Scanner(NamedTuple):
    """One tool set up for one language."""

    tool: str
    language: Language

    def rule(self, kind: str) -> str:
        """The rule's id."""
        if self.tool == "bandit":
            return _BANDIT[kind]
        if self.tool == "semgrep":
            return f"rules.{self.language.name}.{kind}-injection"
        return f"{self.language.suffix}/{kind}-injection"

    def hits(self, tree: Mapping[str, str], excluded: tuple[str, ...] = ()) -> list[Hit]:
        """All flaws in the order of files and lines."""
        return [hit for file in self.files(tree, excluded) for hit in self._hits_in(file, tree[file])]

    def files(self, tree: Mapping[str, str], excluded: tuple[str, ...] = ()) -> list[str]:
        """What it reads."""
        left_out = (*_LEFT_OUT, *excluded)
        return [
            file
            for file in sorted(tree)
            if file.endswith(f".{self.language.suffix}")
            and not any(fnmatch(file, pattern) for pattern in left_out)
            and "@generated" not in tree[file][:80]
        ]

    def _hits_in(self, file: str, text: str) -> Iterator[Hit]:
        opening = re.compile(re.escape(self.language.head.format("\0")).replace("\0", r"\w+"))
        source, is_mended = 0, False
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if opening.match(line):
                source, is_mended = number, False
            is_mended = is_mended or _MENDED.search(line) is not None
            for kind, flaw in self.language.flaws.items():
                for match in re.finditer(flaw.sign, line) if not is_mended else ():
                    silent = _SILENT[self.tool]
                    above = lines[number - 2] if number > 1 and self.tool != "bandit" else ""
                    is_comment = above.lstrip().startswith(self.language.comment)
                    silenced = bool(silent.search(line) or (is_comment and silent.search(above)))
                    yield Hit(kind, file, number, match.start() + 1, line, source, silenced)

    def scan(self, tree: Mapping[str, str], *, excluded: tuple[str, ...] = (), revision: str = "") -> Sarif:
        """What the tool writes about a state of the code."""
        hits = self.hits(tree, excluded)
        files = self.files(tree, excluded)
        run = {"codeql": self._codeql, "semgrep": self._semgrep, "bandit": self._bandit}[self.tool](hits, files, tree)
        if revision:
            run["versionControlProvenance"] = [{"repositoryUri": "https://example.org/shop", "revisionId": revision}]
        return {"version": "2.1.0", "runs": [run]}

    def _codeql(self, hits: list[Hit], files: list[str], tree: Mapping[str, str]) -> Sarif:
        kinds = list(self.language.flaws)
        hashes = {file: line_hashes(tree[file]) for file in files}
        pack = {
            "name": f"codeql/{self.language.name}-queries",
            "semanticVersion": "1.6.3+57378ec4e4fea594",
            "rules": [
                {"id": self.rule(kind), "defaultConfiguration": {"enabled": True, "level": "error"}} for kind in kinds
            ],
        }
        library = {"name": f"codeql/{self.language.name}-all", "semanticVersion": "4.0.13+57378ec4e4fea594"}
        results = [
            {
                "ruleId": self.rule(hit.kind),
                "rule": {"id": self.rule(hit.kind), "index": kinds.index(hit.kind), "toolComponent": {"index": 0}},
                "message": {"text": _MESSAGES[hit.kind].replace("user-provided value", "[user-provided value](1)")},
                "locations": [_place(hit.file, hit.line, hit.column, base="%SRCROOT%")],
                "partialFingerprints": {
                    "primaryLocationLineHash": hashes[hit.file][hit.line - 1],
                    "primaryLocationStartColumnFingerprint": str(hit.column - 1),
                },
                "codeFlows": [
                    {
                        "threadFlows": [
                            {
                                "locations": [
                                    {"location": _place(hit.file, line, 1, base="%SRCROOT%")}
                                    for line in (hit.source or hit.line, hit.line)
                                ]
                            }
                        ]
                    }
                ],
                **({"suppressions": [{"kind": "inSource"}]} if hit.is_silenced else {}),
            }
            for hit in hits
        ]
        notes = [
            {
                "level": "none",
                "message": {"text": ""},
                "descriptor": {"id": f"{self.language.suffix}/diagnostics/successfully-extracted-files"},
                "locations": [_place(file, base="%SRCROOT%")],
            }
            for file in files
        ]
        return {
            "tool": {"driver": {"name": "CodeQL", "semanticVersion": "2.22.4"}, "extensions": [pack, library]},
            "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
            "automationDetails": {"id": f"/language:{self.language.name}/"},
            "results": results,
        }

    def _semgrep(self, hits: list[Hit], _files: list[str], _tree: Mapping[str, str]) -> Sarif:
        rules = [{"id": self.rule(kind), "name": self.rule(kind)} for kind in self.language.flaws]
        return {
            "tool": {"driver": {"name": "Semgrep OSS", "semanticVersion": "1.97.0", "rules": rules}},
            "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": []}],
            "results": [
                {
                    "ruleId": self.rule(hit.kind),
                    "message": {"text": _MESSAGES[hit.kind]},
                    "fingerprints": {"matchBasedId/v1": "requires login"},
                    "locations": [_place(hit.file, hit.line, hit.column, base="%SRCROOT%", snippet=hit.text)],
                    **({"suppressions": [{"kind": "inSource"}]} if hit.is_silenced else {}),
                }
                for hit in hits
            ],
        }

    def _bandit(self, hits: list[Hit], files: list[str], _tree: Mapping[str, str]) -> Sarif:
        found = [hit for hit in hits if not hit.is_silenced]
        rules = [{"id": rule} for rule in dict.fromkeys(self.rule(hit.kind) for hit in found)]
        metrics: dict[str, dict[str, int]] = {"_totals": {"loc": 100, "nosec": 0, "skipped_tests": 0}}
        for file in files:
            silenced = sum(hit.is_silenced for hit in hits if hit.file == file)
            metrics[f"./{file}"] = {"loc": 20, "nosec": silenced, "skipped_tests": 0}
        return {
            "tool": {"driver": {"name": "Bandit", "version": "1.9.2", "semanticVersion": "1.9.2", "rules": rules}},
            "invocations": [{"executionSuccessful": True}],
            "properties": {"metrics": metrics},
            "results": [
                {
                    "ruleId": self.rule(hit.kind),
                    "ruleIndex": [rule["id"] for rule in rules].index(self.rule(hit.kind)),
                    "message": {"text": _MESSAGES[hit.kind]},
                    "locations": [_place(hit.file, hit.line, hit.column, snippet=hit.text)],
                }
                for hit in found
            ],
        }


def _place(file: str, line: int = 0, column: int = 1, *, base: str = "", snippet: str = "") -> Sarif:
    physical: Sarif = {"artifactLocation": {"uri": file, **({"uriBaseId": base} if base else {})}}
    if line:
        physical["region"] = {"startLine": line, "startColumn": column, "endColumn": column + 9}
        if snippet:
            physical["region"]["snippet"] = {"text": snippet}
    return {"physicalLocation": physical}
