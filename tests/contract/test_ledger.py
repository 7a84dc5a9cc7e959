"""What every ledger does: one suite for the git branch, the directory and the twin in memory."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.adapters.ledger.git_command import Remote
from codeql_fixer.adapters.ledger.git_ledger import GitLedger
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.compact import compact
from codeql_fixer.app.fsck import fsck
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.replay import replay
from codeql_fixer.domain.kinds import KINDS
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import PlaceTakenError, UpstreamError, UserError
from codeql_fixer.policy.compaction import packs_of
from codeql_fixer.policy.ledger_paths import PAUSE_PATH, path_of
from codeql_fixer.ports.ledger import Conflict, Damaged, Landed, Stored
from tests.records import at, fix_example, intent, one_of_each, outcome, scan, snapshot, verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Entry, Ledger

FIXED = Verdict.VERIFIED_FIXED


@pytest.fixture(params=["memory", "directory", "git"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    """An empty ledger."""
    if request.param == "memory":
        return MemoryLedger()
    if request.param == "directory":
        return DirectoryLedger(tmp_path / "ledger")
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    subprocess.run(["git", "-C", remote, "config", "uploadpack.allowFilter", "true"], check=True)
    return GitLedger(
        Remote(remote.as_uri()),
        "telemetry",
        environment=os.environ,  # noqa: TID251 - tests
        mirror=tmp_path / "mirror.git",
        seconds=20,
    )


def _records(entries: Iterable[Entry]) -> list[AnyRecord]:
    found = []
    for entry in entries:
        assert isinstance(entry, Stored)
        assert entry.path == path_of(entry.record)
        found.append(entry.record)
    return sorted(found, key=path_of)


def _sorted(records: Iterable[AnyRecord]) -> list[AnyRecord]:
    return sorted(records, key=path_of)


def _append(ledger: Ledger, *records: AnyRecord, **options: Any) -> str:  # noqa: ANN401 - passed on
    landed = ledger.append(records, **options)
    assert isinstance(landed, Landed)
    return landed.tip


def test_ledger__is_empty_at_first(ledger: Ledger) -> None:
    changes = ledger.read_since("")

    assert (changes.tip, list(changes.entries), changes.is_complete) == ("", [], True)


def test_ledger__gives_back_every_kind_as_it_was_put_in(ledger: Ledger) -> None:
    records = one_of_each()
    assert {record.kind for record in records} == set(KINDS)

    _append(ledger, *records)

    assert _records(ledger.read_since("").entries) == _sorted(item for item in records if item.kind != "snapshot")


def test_ledger__adding_the_same_again_changes_nothing(ledger: Ledger) -> None:
    first = _append(ledger, scan("1", 0, 1), intent("i-1", 1))

    second = _append(ledger, intent("i-1", 1), scan("1", 0, 1))

    assert second == first
    assert len(list(ledger.read_since("").entries)) == 2


def test_ledger__refuses_another_record_in_the_same_place(ledger: Ledger) -> None:
    tip = _append(ledger, scan("1", 0, 1))

    with pytest.raises(
        UserError, match=r"telemetry/runs/acme/shop/2026/03/01-1\.json: the ledger holds another record"
    ):
        ledger.append([scan("2", 0, 1), scan("1", 0, 2)])

    assert ledger.read_since("").tip == tip


def test_ledger__refuses_two_records_for_one_place_at_once(ledger: Ledger) -> None:
    with pytest.raises(UserError, match="another record"):
        ledger.append([scan("1", 0, 1), scan("1", 0, 2)])


def test_ledger__replaces_nothing_but_the_snapshot(ledger: Ledger) -> None:
    _append(ledger, scan("1", 0, 1), snapshot(1))

    _append(ledger, snapshot(2))

    assert _records(ledger.read_since("").entries) == [scan("1", 0, 1)]


def test_ledger__tells_what_came_since(ledger: Ledger) -> None:
    first = _append(ledger, scan("1", 0, 1))
    second = _append(ledger, scan("2", 1, 1), intent("i-1", 1))
    third = _append(ledger, scan("3", 2, 1))

    changes = ledger.read_since(first)
    assert (changes.tip, changes.is_complete, changes.lost) == (third, False, ())
    assert _records(changes.entries) == _sorted([scan("2", 1, 1), intent("i-1", 1), scan("3", 2, 1)])
    assert _records(ledger.read_since(second).entries) == [scan("3", 2, 1)]
    assert list(ledger.read_since(third).entries) == []


def test_ledger__reads_one_repository(ledger: Ledger) -> None:
    other = scan("2", 1, 1, target_repo="acme/shopping")
    _append(ledger, scan("1", 0, 1), other, intent("i-1", 1))

    assert _records(ledger.read_under("telemetry/runs/acme/shop/")) == [scan("1", 0, 1)]
    assert _records(ledger.read_under("telemetry/runs/acme/")) == _sorted([scan("1", 0, 1), other])


def test_ledger__compares_and_appends(ledger: Ledger) -> None:
    tip = _append(ledger, intent("i-1", 1), expected_tip="")

    assert _append(ledger, intent("i-2", 2), expected_tip=tip) != tip


def test_ledger__writes_nothing_where_others_came_first(ledger: Ledger) -> None:
    tip = _append(ledger, intent("i-1", 1))
    now = _append(ledger, intent("i-2", 2))

    conflict = ledger.append([intent("i-3", 3)], expected_tip=tip)

    assert conflict == Conflict(now, (intent("i-2", 2),))
    assert ledger.read_since("").tip == now


def test_ledger__that_is_no_longer_empty_is_a_conflict(ledger: Ledger) -> None:
    _append(ledger, intent("i-1", 1))

    conflict = ledger.append([intent("i-2", 2)], expected_tip="")

    assert isinstance(conflict, Conflict)
    assert conflict.new_records == (intent("i-1", 1),)


@pytest.mark.parametrize("spelling", ["Acme/Shop", "ACME/SHOP"])
def test_ledger__puts_all_spellings_of_a_repository_into_one_folder(ledger: Ledger, spelling: str) -> None:
    _append(ledger, scan("1", 0, 1), scan("2", 1, 1, target_repo=spelling))

    assert len(list(ledger.read_under("telemetry/runs/acme/shop/"))) == 2


def test_ledger__keeps_a_hundred_records_of_one_append(ledger: Ledger) -> None:
    records = [scan(str(number), number, number) for number in range(100)]

    _append(ledger, *records)

    assert _records(ledger.read_since("").entries) == _sorted(records)


def test_compact__changes_nothing_that_a_reader_reads(ledger: Ledger) -> None:
    records: list[AnyRecord] = [scan("1", 0, 1), scan("2", 24 * 3, 1), scan("3", 24 * 40, 2), intent("i-1", 1)]
    tip = _append(ledger, *records)

    done = compact(ledger, at(24 * 45), is_dry_run=False)

    assert (done.packs, done.records) == (1, 2)  # March only: April is not over yet
    assert _records(ledger.read_since("").entries) == _sorted(records)
    assert len(_records(ledger.read_under("telemetry/runs/acme/shop/"))) == 3
    changes = ledger.read_since(tip)
    assert changes.lost == ()
    assert {path_of(record) for record in _records(changes.entries)} <= {path_of(record) for record in records[:2]}
    assert fsck(ledger, at(10_000)) == (4, [])


def test_compact__takes_in_what_comes_late(ledger: Ledger) -> None:
    _append(ledger, scan("1", 0, 1))
    compact(ledger, at(24 * 45), is_dry_run=False)
    _append(ledger, scan("late", 1, 2))

    done = compact(ledger, at(24 * 45), is_dry_run=False)

    assert done.records == 2
    assert _records(ledger.read_since("").entries) == [scan("1", 0, 1), scan("late", 1, 2)]


def test_read_at__gives_what_was_there_and_nothing_that_came_later(ledger: Ledger) -> None:
    records: list[AnyRecord] = [scan("1", 0, 1), intent("i-1", 1)]
    tip = _append(ledger, *records)
    _append(ledger, scan("2", 2, 1))

    assert _records(ledger.read_at(tip)) == _sorted(records)
    assert _records(ledger.read_at("")) == []


def test_read_at__is_the_same_after_a_compaction(ledger: Ledger) -> None:
    """Else decisions of the past would not follow from the records any more."""
    records: list[AnyRecord] = [scan("1", 0, 1), intent("i-1", 1)]
    tip = _append(ledger, *records)
    _append(ledger, scan("late", 1, 2))

    compact(ledger, at(24 * 45), is_dry_run=False)

    assert _records(ledger.read_at(tip)) == _sorted(records)


def test_read_at__of_a_directory_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()

    with pytest.raises(UpstreamError, match="journal"):
        list(DirectoryLedger(tmp_path).read_at("1"))


def test_compact__twice_and_dry_changes_nothing(ledger: Ledger) -> None:
    tip = _append(ledger, scan("1", 0, 1))
    compact(ledger, at(24 * 45), is_dry_run=True)
    assert ledger.read_since("").tip == tip
    compact(ledger, at(24 * 45), is_dry_run=False)
    before = _records(ledger.read_since("").entries)

    compact(ledger, at(24 * 45), is_dry_run=False)

    assert _records(ledger.read_since("").entries) == before


def test_compact__of_what_others_packed_meanwhile_is_a_conflict(ledger: Ledger) -> None:
    """Packing from an earlier state would take out of the pack what came since."""
    tip = _append(ledger, scan("1", 0, 1))
    packs = packs_of([scan("1", 0, 1)], at(24 * 45))
    _append(ledger, scan("late", 1, 2))
    compact(ledger, at(24 * 45), is_dry_run=False)

    conflict = ledger.compact(packs, expected_tip=tip)

    assert isinstance(conflict, Conflict)
    assert _records(ledger.read_since("").entries) == [scan("1", 0, 1), scan("late", 1, 2)]


def _same_id(ledger: Ledger) -> None:
    _append(ledger, scan("1", 0, 1), scan("1", 24, 1))


def _orphan(ledger: Ledger) -> None:
    _append(ledger, outcome("i-9", 1))


def _shown(ledger: Ledger) -> None:
    _append(ledger, fix_example("x-1", 1, intent_id="i-9"))


def _proved(ledger: Ledger) -> None:
    _append(
        ledger, replace(verification("v-1", 1, verdict=FIXED), scan_run_id="telemetry/runs/acme/shop/2026/11/21-9.json")
    )


def _ahead(ledger: Ledger) -> None:
    _append(ledger, scan("1", 20_000, 1))


def _miscounted(ledger: Ledger) -> None:
    whole = scan("1", 0, 1, 2)
    _append(ledger, replace(whole, issues=whole.issues[:1]))


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_same_id, "has the same id as"),
        (_orphan, "is the outcome of an intent that is not there"),
        (_shown, "shows the fix of an intent that is not there"),
        (_proved, "rests on the scan telemetry/runs/acme/shop/2026/11/21-9.json, which is not there"),
        (_ahead, "in the future"),
        (_miscounted, "counts 2 issues and lists 1"),
    ],
)
def test_fsck__finds_what_does_not_fit(ledger: Ledger, damage: Callable[[Ledger], None], problem: str) -> None:
    damage(ledger)

    _, faults = fsck(ledger, at(10_000))

    assert len(faults) == 1
    assert problem in faults[0].problem


def test_fsck__knows_the_scan_of_a_verification_by_id_and_by_path(ledger: Ledger) -> None:
    run = scan("1", 0, 1)
    names = enumerate((run.id, path_of(run)))
    _append(
        ledger,
        run,
        *(replace(verification(f"v-{number}", 1, verdict=FIXED), scan_run_id=name) for number, name in names),
    )

    assert fsck(ledger, at(10_000))[1] == []


def test_ledger__is_sound(ledger: Ledger) -> None:
    _append(ledger, *(record for record in one_of_each() if record.kind != "verification"))

    assert fsck(ledger, at(10_000))[1] == []
    assert not [entry for entry in ledger.read_since("").entries if isinstance(entry, Damaged)]


# --- records that are in packs


def test_append__of_what_is_in_a_pack_already_changes_nothing(ledger: Ledger) -> None:
    _append(ledger, scan("1", 0, 1), scan("2", 1, 1))
    compact(ledger, at(24 * 45), is_dry_run=False)
    tip = ledger.read_since("").tip

    assert _append(ledger, scan("1", 0, 1)) == tip
    assert _records(ledger.read_since("").entries) == [scan("1", 0, 1), scan("2", 1, 1)]


def test_append__of_another_record_in_the_place_of_one_in_a_pack_is_refused(ledger: Ledger) -> None:
    _append(ledger, scan("1", 0, 1))
    compact(ledger, at(24 * 45), is_dry_run=False)

    with pytest.raises(PlaceTakenError, match=r"01-1\.json: the ledger holds another record"):
        ledger.append([scan("1", 0, 2)])

    assert _records(ledger.read_since("").entries) == [scan("1", 0, 1)]


def test_compact__hides_no_news_from_who_reads_in_steps(ledger: Ledger, tmp_path: Path) -> None:
    index = SqlIndex(SqliteDatabase(tmp_path / "index.sqlite"))
    _append(ledger, scan("1", 0, 1))
    compact(ledger, at(24 * 45), is_dry_run=False)
    catch_up(ledger, index)
    _append(ledger, scan("2", 1, 2))
    compact(ledger, at(24 * 45), is_dry_run=False)

    catch_up(ledger, index)

    [repository] = index.repositories()
    assert repository.runs == 2


# --- replay


def test_replay__one_refused_record_holds_nothing_else_up(ledger: Ledger, tmp_path: Path) -> None:
    _append(ledger, scan("1", 0, 1))
    kept = DirectoryLedger(tmp_path / "kept")
    kept.append([scan("0", 0, 1), scan("1", 0, 2), scan("2", 2, 1)])
    recorder = Recorder(ledger=ledger, kept=kept, replay="")

    with pytest.raises(PlaceTakenError, match=r"(?s)01-1\.json: the ledger holds another.*1 record refused; 2 are on"):
        replay(kept, recorder, lambda _: None)

    assert _records(ledger.read_since("").entries) == [scan("0", 0, 1), scan("1", 0, 1), scan("2", 2, 1)]


def test_ledger__tells_what_a_person_wrote_to_hold_the_fleet(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.pause() is None
    ledger.append([scan("1", 0, 1)])
    assert ledger.pause() is None

    _put_by_hand(ledger, tmp_path, "an incident\n")

    assert ledger.pause() == "an incident\n"
    ledger.append([scan("2", 1, 1)])
    assert ledger.pause() == "an incident\n"
    assert list(ledger.audit()) == []


def _put_by_hand(ledger: Ledger, tmp_path: Path, text: str) -> None:
    """As a person does it: in an editor, or in a browser."""
    if isinstance(ledger, MemoryLedger):
        ledger.paused = text
    elif isinstance(ledger, DirectoryLedger):
        (tmp_path / "ledger" / PAUSE_PATH).write_text(text)
    else:
        clone = tmp_path / "clone"
        subprocess.run(["git", "clone", "--quiet", "--branch", "telemetry", tmp_path / "remote.git", clone], check=True)
        (clone / PAUSE_PATH).write_text(text)
        who = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
        subprocess.run(["git", "-C", clone, "add", PAUSE_PATH], check=True)
        subprocess.run(["git", "-C", clone, *who, "commit", "--quiet", "--message", "Hold"], check=True)
        subprocess.run(["git", "-C", clone, "push", "--quiet", "origin", "telemetry"], check=True)
