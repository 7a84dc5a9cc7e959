"""Languages by file name, under the names that CodeQL and GitHub use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SUFFIXES: Mapping[str, str] = {
    suffix: language
    for language, suffixes in {
        "python": "py pyi pyw",
        "javascript": "js jsx mjs cjs vue svelte",
        "typescript": "ts tsx mts cts",
        "java": "java jsp",
        "kotlin": "kt kts",
        "go": "go",
        "ruby": "rb erb gemspec",
        "csharp": "cs cshtml razor",
        "cpp": "c cc cpp cxx h hh hpp hxx m mm",
        "swift": "swift",
        "rust": "rs",
        "php": "php phtml",
        "scala": "scala",
        "shell": "sh bash",
        "terraform": "tf tfvars",
        "html": "html htm",
    }.items()
    for suffix in suffixes.split()
}
# CodeQL's names for what it scans together (docs: "code scanning languages"), and common spellings.
_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "javascript-typescript": ("javascript", "typescript"),
    "javascript": ("javascript", "typescript"),
    "typescript": ("javascript", "typescript"),
    "java-kotlin": ("java", "kotlin"),
    "java": ("java", "kotlin"),
    "kotlin": ("java", "kotlin"),
    "c-cpp": ("cpp",),
    "c": ("cpp",),
    "c++": ("cpp",),
    "c#": ("csharp",),
    "py": ("python",),
    "js": ("javascript", "typescript"),
    "ts": ("javascript", "typescript"),
}
_WORKFLOW_FOLDER = ".github/"
KNOWN = frozenset({*_SUFFIXES.values(), *_TOGETHER, "actions"})


def language_of(file: str) -> str:
    """The language of a file, "" when the name does not tell."""
    name = file.rpartition("/")[2].lower()
    suffix = name.rpartition(".")[2] if "." in name else ""
    if suffix in {"yml", "yaml"}:
        return "actions" if file.startswith(_WORKFLOW_FOLDER) or name in {"action.yml", "action.yaml"} else ""
    return _SUFFIXES.get(suffix, "")


def expand(names: Iterable[str]) -> frozenset[str]:
    """Language names as the user writes them, as the names that `language_of` returns.

    CodeQL scans some languages together, so naming one of them means both.
    """
    return frozenset(
        language for name in names for language in _TOGETHER.get(name.lower().strip(), (name.lower().strip(),))
    )
