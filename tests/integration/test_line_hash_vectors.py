"""The published vectors of `primaryLocationLineHash`, and those made with the published function."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.adapters.source_tree import CheckoutTree
from codeql_fixer.app.line_hashes import TreeLineHashes
from codeql_fixer.policy.line_hash import line_hashes

if TYPE_CHECKING:
    from pathlib import Path


def _vectors(shared: Path, kind: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((shared / "sarif/fingerprint_vectors.json").read_text())[kind]
    assert vectors
    return vectors


def test_line_hashes__match_the_published_vectors(shared: Path) -> None:
    for vector in _vectors(shared, "line_hash_vectors"):
        assert line_hashes(vector["input"]) == vector["expected"], vector["name"]


def test_line_hashes__match_the_published_function_on_odd_bytes(shared: Path, tmp_path: Path) -> None:
    """Through the checkout, so that decoding is part of what is compared."""
    tree = CheckoutTree(tmp_path)
    for vector in _vectors(shared, "extra_vectors"):
        (tmp_path / "file").write_bytes(base64.b64decode(vector["input_base64"]))
        text = tree.text("file")

        assert text is not None, vector["name"]
        assert line_hashes(text) == vector["expected"], vector["name"]


def test_line_hashes__match_what_the_published_action_adds_to_sarif(shared: Path, tmp_path: Path) -> None:
    for vector in _vectors(shared, "sarif_vectors"):
        if vector["note"].startswith("OLD"):
            continue
        for name, text in vector["files"].items():
            (tmp_path / name).write_bytes(text.encode())
        sarif = tmp_path / "a.sarif"
        sarif.write_text(json.dumps(vector["input_sarif"]))
        lines = TreeLineHashes(CheckoutTree(tmp_path))

        for found, expected in zip(SarifReader([sarif]).read().findings, vector["expected"], strict=True):
            assert (found.file, found.start_line) == (expected["uri"], expected["startLine"])
            line_hash = lines.line_hash(found.file, found.start_line) if found.start_line else None
            assert line_hash == expected["primaryLocationLineHash"]


def test_resolve__finds_the_files_that_the_published_action_finds(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.js").write_text("x")
    (tmp_path / "foo").write_text("x")
    tree = CheckoutTree(tmp_path)
    sarif = tmp_path / "a.sarif"

    for vector in _vectors(shared, "resolve_uri_vectors"):
        text = json.dumps(vector).replace("<ROOT>", str(tmp_path))
        case = json.loads(text)
        location = {key: case[key] for key in ("uri", "index") if case.get(key) is not None}
        artifacts = [{"location": {"uri": uri}} for uri in case.get("artifacts", [])]
        result = {"locations": [{"physicalLocation": {"artifactLocation": location}}], "message": {"text": "m"}}
        sarif.write_text(json.dumps({"runs": [{"artifacts": artifacts, "results": [result]}]}))

        [found] = SarifReader([sarif], str(tmp_path)).read().findings

        is_there = bool(found.file) and tree.text(found.file) is not None
        assert (f"{tmp_path}/{found.file}" if is_there else None) == case["expect"], case["why"]
