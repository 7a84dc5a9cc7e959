"""Playbooks and notes: made once, changed when they change, never doubled, and nobody else's is touched."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pytest

from codeql_fixer.adapters.devin.factory import devin_account
from codeql_fixer.adapters.devin.library import Library
from codeql_fixer.errors import AgentDeniedError, AgentUnavailableError, SessionRefusedError, UserError
from codeql_fixer.ports.knowledge import Note
from codeql_fixer.transport.retry import Timing
from tests.devin_twin import DevinTwin, devin_twin
from tests.unit.transport.fake_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codeql_fixer.adapters.devin.library import Kept, Shelf

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

REAL = Path(__file__).parents[4] / "playbooks"
WRITES = {"method": "POST", "path": "/playbooks$"}
Json = dict[str, Any]
T = TypeVar("T")


class Room(NamedTuple):
    """A twin and how to reach its library in one generation of the API."""

    twin: DevinTwin
    version: str

    def library(self, timing: Timing | None = None) -> Library:
        key = self.twin.key if self.version == "v3" else self.twin.v1_key
        timing = timing or FakeTime().timing()
        return devin_account(key, org_id=self.twin.org, base_url=self.twin.url, timing=timing).library()

    def _path(self, what: str) -> str:
        if self.version == "v3":
            return f"{what}?first=200" if what == "playbooks" else "knowledge/notes?first=200"
        return f"/v1/{what}"

    def playbooks(self) -> list[Json]:
        found = self.twin.ask("GET", self._path("playbooks")).json
        return list(found["items"] if self.version == "v3" else found)

    def titles(self) -> list[str]:
        return sorted(one["title"] for one in self.playbooks())

    def notes(self) -> list[Json]:
        found = self.twin.ask("GET", self._path("knowledge")).json
        return list(found["items"] if self.version == "v3" else found["knowledge"])

    def put_playbook(self, title: str, body: str = "theirs", **more: object) -> None:
        path = self._path("playbooks").partition("?")[0]
        assert self.twin.ask("POST", path, {"title": title, "body": body, **more}).status == 200

    def writes(self) -> int:
        requests = self.twin.stats()["requests"]
        return sum(count for name, count in requests.items() if not name.startswith("GET"))


@pytest.fixture(scope="module")
def twin() -> Iterator[DevinTwin]:
    """One for all; each test begins with a new state of it."""
    with devin_twin() as running:
        yield running


@pytest.fixture(params=["v3", "v1"])
def room(request: pytest.FixtureRequest, twin: DevinTwin) -> Room:
    """An organization without playbooks and notes."""
    twin.reset()
    return Room(twin, request.param)


def _directory(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.devin.md").write_text(text)
    return folder


# --- playbooks


def test_sync__makes_what_is_missing(room: Room, tmp_path: Path) -> None:
    directory = _directory(tmp_path, injection="# Fix injection\n", xss="# Fix XSS\n")

    ids = room.library().sync_playbooks(directory)

    assert room.titles() == ["codeql-fixer: injection", "codeql-fixer: xss"]
    assert ids == {one["title"].removeprefix("codeql-fixer: "): one["playbook_id"] for one in room.playbooks()}
    bodies = {one["title"]: one["body"] for one in room.playbooks()}
    assert bodies["codeql-fixer: xss"].startswith("# Fix XSS\n\n<!-- codeql-fixer ")


def test_sync__of_our_own_playbooks(room: Room) -> None:
    ids = room.library().sync_playbooks(REAL)

    assert len(ids) == len(list(REAL.iterdir()))
    assert {"generic", "injection"} <= ids.keys()


def test_sync__again_writes_nothing(room: Room, tmp_path: Path) -> None:
    directory = _directory(tmp_path, injection="# A\n", xss="# B")
    first = room.library().sync_playbooks(directory)
    before = room.writes()

    assert room.library().sync_playbooks(directory) == first
    assert room.writes() == before


def test_sync__changes_what_has_changed(room: Room, tmp_path: Path) -> None:
    first = room.library().sync_playbooks(_directory(tmp_path, injection="# A\n", xss="# B\n"))
    before = room.writes()

    second = room.library().sync_playbooks(_directory(tmp_path, injection="# A 2\n"))

    assert second == first
    assert room.writes() == before + 1
    assert sorted(one["body"].splitlines()[0] for one in room.playbooks()) == ["# A 2", "# B"]


def test_sync__touches_nobody_elses(room: Room, tmp_path: Path) -> None:
    for title in ("injection", "Codeql-Fixer: injection", "codeql-fixer: something else"):
        room.put_playbook(title)
    before = room.playbooks()

    room.library().sync_playbooks(_directory(tmp_path, injection="# A"))

    after = room.playbooks()
    assert len(after) == 4
    assert all(one in after for one in before)


def test_sync__keeps_the_macro_that_people_chose(room: Room, tmp_path: Path) -> None:
    room.put_playbook("codeql-fixer: injection", macro="!fix-injection")

    room.library().sync_playbooks(_directory(tmp_path, injection="# A"))

    [playbook] = room.playbooks()
    assert (playbook["macro"], playbook["body"].splitlines()[0]) == ("!fix-injection", "# A")


def test_sync__leaves_one_of_several(room: Room, tmp_path: Path) -> None:
    for body in ("first", "second", "third"):
        room.put_playbook("codeql-fixer: injection", body)
        room.twin.advance(60)
    oldest = min(room.playbooks(), key=lambda one: one["created_at"])["playbook_id"]

    ids = room.library().sync_playbooks(_directory(tmp_path, injection="# A"))

    assert ids == {"injection": oldest}
    assert [one["playbook_id"] for one in room.playbooks()] == [oldest]


class _Rivals:
    """Two who do the same at once: both have looked before either adds, and both have added before either looks.

    Args:
        room: where they meet.
        seconds: that pass before they look again.
    """

    def __init__(self, room: Room, seconds: float = 0) -> None:
        self._room, self._seconds = room, seconds
        self._looked, self._added = threading.Barrier(2), threading.Barrier(2)

    def both(self, act: Callable[[Library], T]) -> list[T]:
        """What comes out for each."""
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(lambda _: act(self._library()), range(2)))

    def _library(self) -> Library:
        library = self._room.library(Timing(sleep=self._sleep))
        playbooks, notes = library._playbooks, library._notes  # noqa: SLF001 - to put ourselves in between
        return Library(_Watched(playbooks, self._looked), _Watched(notes, self._looked), sleep=self._sleep)

    def _sleep(self, _: float) -> None:
        self._added.wait(10)
        self._room.twin.advance(self._seconds)


class _Watched:
    """A shelf whose first list is given back when the other one has read it, too."""

    def __init__(self, shelf: Shelf, looked: threading.Barrier) -> None:
        self.add, self.change, self.remove = shelf.add, shelf.change, shelf.remove
        self._shelf, self._looked, self._is_first = shelf, looked, True

    def kept(self) -> Iterator[Kept]:
        found = list(self._shelf.kept())
        if self._is_first:
            self._is_first = False
            self._looked.wait(10)
        return iter(found)


@pytest.mark.parametrize("seconds", [0, 2])  # made in the same second, and one after the other
def test_sync__by_two_at_once_makes_one_of_each(room: Room, tmp_path: Path, seconds: int) -> None:
    directory = _directory(tmp_path, injection="# A", xss="# B")

    first, second = _Rivals(room, seconds).both(lambda library: library.sync_playbooks(directory))

    assert first == second
    assert room.titles() == ["codeql-fixer: injection", "codeql-fixer: xss"]


def test_sync__finds_ours_behind_many_others(room: Room, tmp_path: Path) -> None:
    directory = _directory(tmp_path, injection="# A")
    first = room.library().sync_playbooks(directory)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: room.put_playbook(f"theirs {number}"), range(230)))

    assert room.library().sync_playbooks(directory) == first


@pytest.mark.parametrize("fault", ["commit-then-500", "reset", "half-body"])
def test_sync__whose_answer_is_lost_finds_what_it_made(room: Room, tmp_path: Path, fault: str) -> None:
    room.twin.fault(fault, match=WRITES)

    ids = room.library().sync_playbooks(_directory(tmp_path, injection="# A", xss="# B"))

    assert ids == {one["title"].removeprefix("codeql-fixer: "): one["playbook_id"] for one in room.playbooks()}
    assert len(room.playbooks()) == 2


def test_sync__that_failed_is_made_good_by_the_next(room: Room, tmp_path: Path) -> None:
    directory = _directory(tmp_path, injection="# A", xss="# B")
    room.twin.fault("503", match=WRITES)
    with pytest.raises(AgentUnavailableError, match="503"):
        room.library().sync_playbooks(directory)

    room.library().sync_playbooks(directory)

    assert room.titles() == ["codeql-fixer: injection", "codeql-fixer: xss"]


def test_sync__without_the_permission(room: Room, tmp_path: Path) -> None:
    room.twin.fault("403", match=WRITES)

    with pytest.raises(SessionRefusedError, match="may not write playbooks"):
        room.library().sync_playbooks(_directory(tmp_path, injection="# A"))


def test_sync__with_a_key_that_is_not_accepted(room: Room, tmp_path: Path) -> None:
    room.twin.fault("expired-key")

    with pytest.raises(AgentDeniedError, match="DEVIN_API_KEY"):
        room.library().sync_playbooks(_directory(tmp_path, injection="# A"))


def test_sync__without_playbooks(room: Room, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no playbooks"):
        room.library().sync_playbooks(tmp_path)
    (tmp_path / "broken.devin.md").write_bytes(b"\xff")
    with pytest.raises(UserError, match="cannot be read"):
        room.library().sync_playbooks(tmp_path)


# --- notes


def _sync_note(room: Room, **changes: str) -> str:
    wished = {"body": "Tests run with `make test`.", "trigger": "acme/shop", "pinned_repo": "acme/shop", **changes}
    return room.library().sync_note("acme/shop", **wished)


def test_note__is_made_once(room: Room) -> None:
    first = _sync_note(room)
    before = room.writes()

    assert _sync_note(room) == first
    assert room.writes() == before
    [note] = room.notes()
    assert (note["name"], note["pinned_repo"]) == ("codeql-fixer: acme/shop", "acme/shop")
    assert note["trigger" if room.version == "v3" else "trigger_description"] == "acme/shop"


@pytest.mark.parametrize("changes", [{"body": "Other."}, {"trigger": "shop"}, {"pinned_repo": ""}])
def test_note__is_changed_with_any_of_its_parts(room: Room, changes: dict[str, str]) -> None:
    first = _sync_note(room)
    before = room.writes()

    assert _sync_note(room, **changes) == first
    assert room.writes() == before + 1
    assert len(room.notes()) == 1


def test_note__stays_where_people_put_it(twin: DevinTwin) -> None:
    twin.reset()
    room = Room(twin, "v3")
    note_id = _sync_note(room)
    [note] = room.notes()
    folder = twin.ask("GET", "knowledge/folders").json["folders"][0]["folder_id"]
    moved = {name: note[name] for name in ("name", "body", "trigger", "pinned_repo")}
    moved |= {"is_enabled": False, "folder_id": folder}
    assert twin.ask("PUT", f"knowledge/notes/{note_id}", moved).status == 200

    _sync_note(room, body="Other.")

    [note] = room.notes()
    assert (note["folder_id"], note["is_enabled"], note["body"].splitlines()[0]) == (folder, False, "Other.")


def test_note__by_two_at_once_is_one(room: Room) -> None:
    first, second = _Rivals(room).both(lambda library: library.sync_note("shop", body="Same.", trigger="shop"))

    assert first == second
    assert len(room.notes()) == 1


# --- many notes at once


def _note(name: str, body: str = "b") -> Note:
    return Note(name=name, body=body, trigger="t", pinned_repo="acme/shop")


def test_sync_notes__changes_what_has_changed_and_takes_away_what_is_stale(room: Room) -> None:
    room.library().sync_notes([_note("one"), _note("two")], stale=(), most=9)
    before = room.writes()

    assert room.library().sync_notes([_note("one"), _note("two")], stale=(), most=9) == 2
    assert room.writes() == before
    assert room.library().sync_notes([_note("two", "new"), _note("three")], stale={"one"}, most=9) == 2

    assert {one["name"]: one["body"].partition("\n")[0] for one in room.notes()} == {
        "codeql-fixer: two": "new",
        "codeql-fixer: three": "b",
    }


def test_sync_notes__never_more_than_are_wanted(room: Room) -> None:
    assert room.library().sync_notes([_note(name) for name in "abc"], stale=(), most=2) == 2
    assert room.library().sync_notes([_note(name) for name in "dbc"], stale=(), most=2) == 2

    assert sorted(one["name"][-1] for one in room.notes()) == ["a", "b"]


def test_sync_notes__touches_nobody_elses(room: Room) -> None:
    path, trigger = ("knowledge/notes", "trigger") if room.version == "v3" else ("/v1/knowledge", "trigger_description")
    assert room.twin.ask("POST", path, {"name": "one", "body": "theirs", trigger: "t"}).status == 200

    assert room.library().sync_notes([], stale={"one"}, most=2) == 0

    assert [one["body"] for one in room.notes()] == ["theirs"]
