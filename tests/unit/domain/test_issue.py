"""Values of the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.domain.finding import Location, Rule, ToolFingerprints, Trace
from codeql_fixer.domain.severity import SeverityTier
from tests.builders import finding, issue

if TYPE_CHECKING:
    from codeql_fixer.domain.finding import TraceSource


class _Trace:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def trace(self) -> Trace:
        return self._trace


def _with(trace: Trace) -> TraceSource:
    return _Trace(trace)


def test_issue__joins_the_traces_of_its_repeats() -> None:
    one, two = (Location("a.py", 1),), (Location("b.py", 2),)
    base = issue()
    traced = replace(
        base,
        finding=replace(base.finding, trace_source=_with(Trace((one,), (one[0],)))),
        repeats=(
            replace(base.finding, trace_source=_with(Trace((one, two), (one[0], two[0]), "damaged"))),
            base.finding,
        ),
    )

    assert traced.trace() == Trace((one, two), (one[0], two[0]), "damaged")
    assert base.trace() == Trace()


def test_finding__without_locations_has_no_file() -> None:
    nowhere = replace(finding(), locations=())

    assert (nowhere.file, nowhere.start_line) == ("", None)


def test_finding__text_falls_back_to_the_rule() -> None:
    silent = replace(finding(message=""), rule=Rule("id"))

    assert silent.text == "id"
    assert replace(silent, rule=Rule("id", "name")).text == "name"
    assert replace(silent, rule=Rule("id", "name", "short")).text == "short"
    assert finding(message="m").text == "m"


def test_tool_fingerprints__come_back_under_the_scanners_names() -> None:
    prints = ToolFingerprints("abc:1", "5", (("matchBasedId/v1", "x"),))

    assert prints.as_dict() == {
        "primaryLocationLineHash": "abc:1",
        "primaryLocationStartColumnFingerprint": "5",
        "matchBasedId/v1": "x",
    }
    assert ToolFingerprints().as_dict() == {}


def test_rule__names_its_weaknesses() -> None:
    assert Rule("id", cwes=(89, 564)).cwe_names == ("CWE-89", "CWE-564")


def test_severity_tier__ranks_from_none_to_critical() -> None:
    assert [tier.rank for tier in SeverityTier] == [4, 3, 2, 1, 0]
