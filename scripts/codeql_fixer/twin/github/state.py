"""All that a twin of GitHub knows, where it finds it, and the switches for its limits and forms."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from codeql_fixer.twin.github.hooks import Hooks
from codeql_fixer.twin.github.installed import Apps
from codeql_fixer.twin.github.model import Account, Repository
from codeql_fixer.twin.wire import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_Count = Annotated[int, Meta(ge=0)]


class Switches(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits and forms; the limits at first are those that GitHub publishes.

    `primary_per_hour` requests; `points_per_minute`, of which a read is 1 and a write 5, and `writes_per_minute`,
    `writes_per_hour` are the secondary limits; `retry_after` seconds are told where one of these is passed.
    `run_details`: False is a server that does not know of `return_run_details`, as older ones of enterprises.
    `log_url` is where logs of jobs are; "" for the admin surface.
    """

    primary_per_hour: _Count = 5000
    points_per_minute: _Count = 900
    writes_per_minute: _Count = 80
    writes_per_hour: _Count = 500
    retry_after: _Count = 60
    run_details: bool = True
    log_url: str = ""
    latency_ms: Annotated[float, Meta(ge=0)] = 0.0


class State:
    """The state of one twin. Whoever uses it holds the twin's lock.

    Args:
        seed: tokens and ids are drawn from it.
        switches: at first.
    """

    def __init__(self, seed: int, *, switches: Switches | None = None) -> None:
        self.switches = switches or Switches()
        self.url = ""
        self.token = "ghp_" + sha256(f"{seed} token".encode()).hexdigest()[:36]
        self.read_token = "ghp_" + sha256(f"{seed} read".encode()).hexdigest()[:36]
        self.hooks = Hooks(seed)
        self.apps = Apps(seed)
        self.first_connection = 0
        self._first_id = 1_000_000 + int(sha256(str(seed).encode()).hexdigest()[:6], 16)
        self.reset()

    def reset(self) -> None:
        """Forget all that was put in."""
        self._next_id = self._first_id
        self.accounts: dict[str, Account] = {}
        self._by_name: dict[str, Repository] = {}
        self._by_id: dict[int, Repository] = {}
        self._moved: dict[str, int] = {}
        self.hooks.reset()
        self.apps.reset()

    def new_id(self) -> int:
        """A number that nothing else has."""
        self._next_id += 1
        return self._next_id

    def account(self, login: str, kind: str = "Organization") -> Account:
        """The account of that name, made where there is none."""
        return self.accounts.setdefault(login.lower(), Account(id=self.new_id(), login=login, kind=kind))

    def repositories(self) -> Iterator[Repository]:
        """All of them, oldest first."""
        yield from self._by_id.values()

    def repository(self, owner: str, name: str) -> Repository:
        """The repository of that name, however it is written.

        Raises:
            Problem: 404, there is none.
        """
        found = self._by_name.get(f"{owner}/{name}".lower())
        if found is None:
            raise not_found()
        return found

    def numbered(self, number: int | None) -> Repository | None:
        """The repository with that id."""
        return None if number is None else self._by_id.get(number)

    def moved(self, owner: str, name: str) -> int | None:
        """The id of the repository that had this name before, None where nobody had or somebody has it now."""
        key = f"{owner}/{name}".lower()
        return None if key in self._by_name else self._moved.get(key)

    def add(self, repository: Repository) -> None:
        """A repository more."""
        self._by_name[repository.full_name.lower()] = repository
        self._by_id[repository.id] = repository

    def rename(self, repository: Repository, owner: Account, name: str) -> None:
        """Give it another owner or name; the old one leads to it from now on."""
        old = repository.full_name.lower()
        del self._by_name[old]
        self._moved[old] = repository.id
        repository.owner, repository.name = owner, name
        self.add(repository)


def not_found() -> Problem:
    """What GitHub says of what is not there, and of what the token may not see."""
    return Problem(404, "Not Found")
