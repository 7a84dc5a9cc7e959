"""Whatever the bytes, only our own error class comes out of the reader."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.errors import InputError
from tests.builders import place, result, run, sarif

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from codeql_fixer.domain.finding import Reading

RULE = {
    "id": "py/sql-injection",
    "shortDescription": {"text": "short"},
    "help": {"text": "help", "markdown": "# help"},
    "messageStrings": {"m": {"text": "Use of {0}"}},
    "properties": {"tags": ["external/cwe/cwe-089"], "security-severity": "8.8", "precision": "high"},
    "relationships": [{"target": {"id": "89", "toolComponent": {"name": "CWE"}}}],
    "defaultConfiguration": {"level": "error"},
}
SAMPLE = sarif(
    run(
        result(
            ruleIndex=0,
            rule={"id": "py/sql-injection", "index": 0, "toolComponent": {"index": 0, "name": "ext"}},
            kind="fail",
            level="error",
            message={"id": "m", "arguments": ["é\u2028"]},
            partialFingerprints={"primaryLocationLineHash": "abc:1"},
            fingerprints={"matchBasedId/v1": "0123456789abcdef"},
            suppressions=[{"kind": "inSource", "status": "rejected"}],
            baselineState="new",
            codeFlows=[{"threadFlows": [{"locations": [{"location": place("a.py", 1)}]}]}],
            relatedLocations=[place("b.py", 2)],
            properties={"security-severity": 5},
        ),
        tool={"driver": {"name": "CodeQL", "rules": [RULE]}, "extensions": [{"name": "ext", "rules": [RULE]}]},
        invocations=[{"executionSuccessful": True, "workingDirectory": {"uri": "file:///w"}}],
        artifacts=[{"location": {"uri": "a.py"}}],
        originalUriBaseIds={"SRC": {"uri": "file:///w/", "uriBaseId": "SRC"}},
        automationDetails={"id": "x/"},
        versionControlProvenance=[{"revisionId": "c0ffee"}],
    )
)


def _read_all(path: Path) -> Reading | None:
    try:
        reading = SarifReader([path]).read()
    except InputError:
        return None
    for found in reading.findings:
        if found.trace_source:
            found.trace_source.trace()
    return reading


def test_reader__survives_a_cut_at_every_byte(tmp_path: Path) -> None:
    data = json.dumps(SAMPLE).encode()
    path = tmp_path / "a.sarif"

    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert _read_all(path) is None, f"cut after {length} bytes, and yet it was read"

    path.write_bytes(data)
    assert _read_all(path) is not None


def test_reader__survives_every_member_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.sarif"
    replacements: tuple[object, ...] = (None, True, -1, 1.5, "", "text", [], [None], {}, {"uri": 3}, 10**400)

    for steps in places(SAMPLE):
        for replacement in replacements:
            mutant = copy.deepcopy(SAMPLE)
            holder: Any = mutant
            for step in steps[:-1]:
                holder = holder[step]
            holder[steps[-1]] = replacement
            path.write_text(json.dumps(mutant))

            _read_all(path)


@pytest.mark.parametrize("byte", [0x00, 0x22, 0x5C, 0x7B, 0xFF])
def test_reader__survives_a_byte_replaced_anywhere(tmp_path: Path, byte: int) -> None:
    data = json.dumps(SAMPLE).encode()
    path = tmp_path / "a.sarif"

    for position in range(0, len(data), 3):
        path.write_bytes(data[:position] + bytes([byte]) + data[position + 1 :])
        _read_all(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RULE, "results", "runs"]), inner),
    max_leaves=8,
)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reader__survives_random_json_in_randomplaces(tmp_path: Path, data: st.DataObject) -> None:
    mutant = copy.deepcopy(SAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        steps = data.draw(st.sampled_from(list(places(mutant))))
        holder: Any = mutant
        for step in steps[:-1]:
            holder = holder[step]
        holder[steps[-1]] = data.draw(json_values)
    path = tmp_path / "a.sarif"
    path.write_text(json.dumps(mutant))

    _read_all(path)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reader__survives_random_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.sarif"
    path.write_bytes(data)

    _read_all(path)


def places(value: object, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*steps, key)
        yield from places(inner, (*steps, key))
