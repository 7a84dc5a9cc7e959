"""Which places scanners look at: source code, and folders and names that they commonly leave out."""

from __future__ import annotations

import re

from codeql_fixer.policy.languages import language_of

_OUTSIDE = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|specs?|testdata|fixtures|vendor|vendored|third[_-]?party|external|extern"
    r"|node_modules|bower_components|examples?|samples?|demos?|docs?|documentation|_*generated_*|gen"
    r"|build|dist|out|target"
    r"|\.venv|site-packages|legacy[_-]excluded)/",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r".*\.min\.(?:js|mjs|css)|.*[.-]bundle\.m?js|bundle\.js|.*_pb2(?:_grpc)?\.pyi?|.*\.pb(?:\.gw)?\.(?:go|cc|h)"
    r"|.*\.g\.(?:dart|cs|i\.cs)|.*\.freezed\.dart|.*\.designer\.(?:cs|vb)|.*[._-]generated\.\w+|generated[._-].*"
    r"|.*[._]gen\.(?:go|ts|js|rs|cs)|zz_generated.*|.*_generated\.\w+|.*\.auto\.\w+",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testing)/|(?:^|/)(?:test_[^/]+|conftest\.py)$|[._-](?:tests?"
    r"|spec|cy|e2e)\.[^/.]+$"
    r"|(?:Tests?|Spec|IT|TestCase)\.(?:java|kt|cs|scala|php|swift|groovy)$",
)
_DOCUMENT = re.compile(r".*\.(?:md|mdx|rst|adoc|asciidoc|textile|org|po|pot|svg|png|csv|lock|sum)", re.IGNORECASE)
_PLAIN = re.compile(  # names under which code is no source code to a scanner
    r".*\.(?:txt|text|tpl|tmpl|template|inc|bak|backup|old|orig|dat|data|bin|disabled|tmp|log|unused|off|b64|save|skip)"
    r"|[^.]+",
    re.IGNORECASE,
)
_PROGRAM_NAMES = re.compile(
    r"(?:dockerfile|makefile|jenkinsfile|rakefile|gemfile|procfile|license|notice|codeowners).*", re.IGNORECASE
)
_HEADER = re.compile(
    r"@generated\b|\bcode generated\b.{0,200}\bdo not edit\b|<auto-?generated|\bauto-?generated (?:file|code|by)\b"
    r"|\b(?:this )?(?:file|code) (?:is|was|has been) (?:auto(?:matically)?[- ]?)?generated\b"
    r"|^[\s*!#/;-]*(?:auto-?generated|automatically generated)\b|<generated>",
    re.IGNORECASE,
)


def is_source(path: str) -> bool:
    """True for source code where scanners look."""
    return language_of(path) != "" and not is_outside(path) and not is_test(path) and not is_generated(path)


def is_outside(path: str) -> bool:
    """True within a folder that scans commonly leave out."""
    return _OUTSIDE.search(path) is not None


def is_generated(path: str) -> bool:
    """True for the name of a file that a machine wrote."""
    return _GENERATED.fullmatch(path.rpartition("/")[2]) is not None


def is_generated_header(comment: str) -> bool:
    """True for a comment that calls its file generated."""
    return _HEADER.search(comment) is not None


def is_test(path: str) -> bool:
    """True for code that tests, or helps to."""
    return _TEST.search(path) is not None


def is_document(path: str) -> bool:
    """True for what people read, and for what no program runs."""
    return _DOCUMENT.fullmatch(path) is not None


def is_plain(path: str) -> bool:
    """True for a name that is not that of a source file, nor of a document, of data or of configuration."""
    name = path.rpartition("/")[2]
    return _PLAIN.fullmatch(name) is not None and _PROGRAM_NAMES.fullmatch(name) is None
