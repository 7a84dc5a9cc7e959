"""Variations of scans that somebody published: each changes one thing, and the honest verdict follows from it."""

from __future__ import annotations

import copy
import csv
import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.adapters.sarif.reader import SarifReader
from codeql_fixer.bootstrap.verify import VerifyFiles, verify_files
from codeql_fixer.policy.identity import identify
from tests.proof.cases import FAST, FIXED, SEEN, UNKNOWN, changed, each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codeql_fixer.domain.issue import Identified
    from tests.proof.scanners import Sarif

_MOST_BYTES, _LEAST_RESULTS = 1_500_000, 4


class Variation(NamedTuple):
    """A later scan made from an earlier one; `targets` are fingerprints, none for all."""

    kind: str
    candidate: Sarif | bytes
    expected: tuple[str, ...]
    targets: tuple[str, ...] = ()


def sources(folder: Path) -> Iterator[Path]:
    """Files of one run that tools wrote in earnest, with a list of rules and results in several files."""
    with (folder / "INDEX.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    for row in rows:
        is_fit = row["class"].startswith("real") and row["results"] and row["runs"] == "1" and row["bom"] == "n"
        if is_fit and int(row["bytes"]) <= _MOST_BYTES and int(row["results"]) >= _LEAST_RESULTS and int(row["rules"]):
            yield folder / row["file"]


def variations(path: Path) -> Iterator[tuple[Sarif, Variation]]:
    """What can be made of one file, each with the document that it was made from."""
    document = json.loads(path.read_text(encoding="utf-8"))
    found = [one for one in identify(SarifReader([path]).read().findings, lambda _file, _line: "") if one.finding.file]
    alone = _alone(found, document)
    if len({one.finding.file for one in found}) < 3 or alone is None:
        return
    yield from ((document, one) for one in _same(document))
    target = (alone.identity.fingerprint,)
    if alone.finding.rule.id in alone.finding.scan.rule_ids:
        fresh = changed(_without(document, alone), lambda run: run.pop("versionControlProvenance", None))
        is_sound = alone.finding.scan.execution_successful is not False
        yield document, Variation("one result removed", fresh, (FIXED if is_sound else UNKNOWN,), target)
    gone = _without(document, alone)
    yield from ((document, Variation(kind, made, (UNKNOWN,), target)) for kind, made in _worthless(gone))


def verdicts(before: Sarif, variation: Variation) -> tuple[str, ...]:
    """What the verifier says of the targets."""
    with TemporaryDirectory(prefix="proof-", dir=FAST) as scratch:
        baseline, candidate = Path(scratch, "before.sarif"), Path(scratch, "after.sarif")
        baseline.write_text(json.dumps(before), encoding="utf-8")
        made = variation.candidate
        candidate.write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
        files = VerifyFiles(baseline=baseline, candidate=candidate, targets=variation.targets)
        proof = verify_files(files, {}).proof
    return tuple(target.verdict.value for target in proof.targets)


def _alone(found: list[Identified], document: Sarif) -> Identified | None:
    """A finding that is like no other, whose place is written as it is read."""
    alike = Counter((one.finding.rule.id, one.finding.message) for one in found)
    in_file = Counter(one.finding.file for one in found)
    results = [_place(result) for result in document["runs"][0]["results"]]
    for one in found:
        is_written = results.count((one.finding.file, one.finding.start_line)) == 1
        if alike[one.finding.rule.id, one.finding.message] == 1 and in_file[one.finding.file] < 4 and is_written:
            return one
    return None


def _place(result: Sarif) -> tuple[str, int | None]:
    try:
        physical = result["locations"][0]["physicalLocation"]
        return physical["artifactLocation"]["uri"], physical.get("region", {}).get("startLine")
    except (KeyError, IndexError):
        return "", None


def _without(document: Sarif, one: Identified) -> Sarif:
    place = (one.finding.file, one.finding.start_line)
    return changed(document, lambda run: run.update(results=[item for item in run["results"] if _place(item) != place]))


def _same(document: Sarif) -> Iterator[Variation]:
    """Everything is there still."""
    yield Variation("the same again", document, SEEN)
    yield Variation("all lines moved by seven", each(document, _shift), SEEN)
    yield Variation("no fingerprints", each(document, _unprint), SEEN)
    yield Variation("other fingerprints", each(document, _reprint), SEEN)
    yield Variation("results in another order", changed(document, lambda run: run["results"].reverse()), SEEN)


def _worthless(gone: Sarif) -> Iterator[tuple[str, Sarif | bytes]]:
    """Scans without the target that prove nothing about it."""
    yield "run dropped", {**gone, "runs": []}
    yield "all results dropped", changed(gone, lambda run: run.update(results=[]))
    yield "no list of results", changed(gone, lambda run: run.pop("results"))
    yield "another tool", changed(gone, lambda run: run["tool"]["driver"].update(name="OtherScan"))
    failed = {"executionSuccessful": False}
    yield (
        "did not succeed",
        changed(gone, lambda run: run.update(invocations=[*(run.get("invocations") or []), failed])),
    )
    yield (
        "diff-informed",
        changed(
            gone,
            lambda run: run.update(properties={**(run.get("properties") or {}), "incrementalMode": ["diff-informed"]}),
        ),
    )
    yield "generations later", changed(gone, lambda run: run["tool"]["driver"].update(semanticVersion="99.0.0"))
    yield "cut off", json.dumps(gone).encode()[:-20]
    yield "no rules, no results", changed(gone, _bare)


def _bare(run: Sarif) -> None:
    run["results"] = []
    run["tool"] = {"driver": {name: text for name, text in run["tool"]["driver"].items() if name != "rules"}}


def _shift(one: Sarif) -> None:
    for place in one.get("locations") or ():
        region = (place.get("physicalLocation") or {}).get("region") or {}
        for name in ("startLine", "endLine"):
            if isinstance(region.get(name), int):
                region[name] += 7


def _unprint(one: Sarif) -> None:
    one.pop("partialFingerprints", None)
    one.pop("fingerprints", None)


def _reprint(one: Sarif) -> None:
    prints = copy.copy(one.get("partialFingerprints") or {})
    one["partialFingerprints"] = {name: f"{value}"[::-1] for name, value in prints.items()}


def all_of(
    folder: Path, take: Callable[[Path], bool] = lambda _: True
) -> Iterator[tuple[str, Variation, tuple[str, ...]]]:
    """Every variation of every source with its verdicts."""
    for path in sources(folder):
        if take(path):
            for document, variation in variations(path):
                yield path.name, variation, verdicts(document, variation)
