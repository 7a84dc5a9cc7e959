"""A forge on this machine: bare repositories below a directory, pull requests as records beside the commits."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from codeql_fixer.adapters.forge.git import Git, GitError
from codeql_fixer.adapters.forge.pull_records import PullRecord, PullRecords
from codeql_fixer.adapters.forge.talk_records import TalkRecords
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.record import RepositoryName
from codeql_fixer.errors import UserError
from codeql_fixer.ports.forge import PullRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from codeql_fixer.ports.forge import Proposal

# Records hold http(s) addresses only. Nobody can own a name below `invalid` (RFC 2606): it names and leads nowhere.
ADDRESS = "https://local-forge.invalid"
_IDENTITY = ("CodeQL Fixer local forge", "local-forge@codeql-fixer.invalid")
# What running a program leaves behind; a directory given to `add_repository` may have been worked in.
_LEFT_BEHIND = "__pycache__/\n*.pyc\n.pytest_cache/\n.mypy_cache/\n.ruff_cache/\n.coverage\nnode_modules/\n"


class LocalForge:
    """Forge whose repositories are `<root>/<owner>/<name>.git`, in small letters as GitHub compares them.

    Any number of processes may work on it at once. What is merged is told by git, not by the record: a process that
    is killed between the two leaves nothing that contradicts itself.

    Args:
        root: the directory.
        environment: where PATH comes from.
        now: tells the time.
    """

    def __init__(self, root: Path, *, environment: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._root, self._git, self._now = root.absolute(), Git(environment), now

    def add_repository(self, repository: str, source: Path, *, branch: str = "main") -> None:
        """Make a repository with one commit that holds the files of a directory, without what its .gitignore names.

        Raises:
            UserError: the name is none, the repository is there already, or the directory is not.
        """
        place = self._place(repository)
        if not source.is_dir():
            raise UserError(f"{source} is not a directory")
        if place.exists():
            raise UserError(f"{repository} is there already: {place}")
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as folder:
            made = Path(folder) / place.name
            self._git.run(made, "init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}")
            (made / "info").mkdir()
            (made / "info/exclude").write_text(_LEFT_BEHIND, encoding="utf-8")
            self._git.run(made, "add", "--all", extra={"GIT_WORK_TREE": str(source.resolve())})
            tree = self._git.run(made, "write-tree")
            (made / "index").unlink()
            commit = self._commit(made, tree, f"Take in {repository}")
            self._git.run(made, "update-ref", f"refs/heads/{branch}", commit)
            try:
                made.rename(place)
            except OSError as error:
                raise UserError(f"{repository} cannot be put at {place}: {error.strerror}") from error

    def clone_url(self, repository: str) -> str:
        """What git clones and pushes to."""
        return self._there(repository).as_uri()

    def default_branch(self, repository: str) -> str:
        """The branch that HEAD names."""
        return self._git.run(self._there(repository), "symbolic-ref", "--short", "HEAD")

    def propose(self, proposal: Proposal) -> PullRequest:
        """Open a pull request; the same head again gives the one that is there, whatever became of it.

        Raises:
            UserError: a branch is missing, or head adds nothing to base.
        """
        place = self._there(proposal.repository)
        records = PullRecords(place)
        with records.locked():
            known = records.all()
            for record in known:
                if record.head == proposal.head:
                    self._keep_head(place, self._settled(place, record))
                    return self._shown(proposal.repository, record)
            head, base = self._tip(place, proposal.head), self._tip(place, proposal.base)
            for name, tip in ((proposal.head, head), (proposal.base, base)):
                if not tip:
                    raise UserError(f"{proposal.repository} has no branch {name}: push it first")
            if self._contains(place, base, head):
                raise UserError(f"{proposal.head} adds nothing to {proposal.base} of {proposal.repository}")
            number = self._next_number(place)
            record = PullRecord(
                number=number,
                head=proposal.head,
                base=proposal.base,
                title=proposal.title,
                body=proposal.body,
                head_commit=head,
                created_at=self._now(),
            )
            self._keep_head(place, record)
            records.put(record)
        return self._shown(proposal.repository, record)

    def pull_request(self, repository: str, number: int) -> PullRequest:
        """One pull request."""
        place = self._there(repository)
        return self._shown(repository, self._record(place, repository, number))

    def pull_requests(
        self, repository: str, *, head_prefix: str = "", since: datetime | None = None
    ) -> Iterator[PullRequest]:
        """All pull requests whose branch starts so, newest first; all of them, since git does not tell what changed."""
        del since
        records = PullRecords(self._there(repository)).all()
        return (self._shown(repository, record) for record in records if record.head.startswith(head_prefix))

    def is_mergeable(self, repository: str, number: int) -> bool:
        """False when its branches are in conflict."""
        place = self._there(repository)
        record = self._settled(place, self._record(place, repository, number))
        if record.state is not PullRequestState.OPEN:
            return True
        try:
            self._merged_tree(place, self._tip(place, record.base), record)
        except UserError:
            return False
        return True

    def diff(self, repository: str, number: int) -> str:
        """What a pull request would change."""
        place = self._there(repository)
        record = self._settled(place, self._record(place, repository, number))
        base = f"{record.merge_commit}^1" if record.merge_commit else self._tip(place, record.base)
        diff = self._git.run(place, "diff", f"{base}...{record.head_commit}")
        return f"{diff}\n" if diff else ""

    def next_number(self, repository: str) -> int:
        """What the next pull request or issue is called: they share their numbers."""
        return self._next_number(self._there(repository))

    def has_pull_request(self, repository: str, number: int) -> bool:
        """True when there is one of that number."""
        return PullRecords(self._there(repository)).get(number) is not None

    def talk_of(self, repository: str) -> TalkRecords:
        """What is said at its pull requests."""
        return TalkRecords(self._there(repository))

    @contextmanager
    def changing(self, repository: str) -> Iterator[TalkRecords]:
        """The same, while nobody else changes it."""
        place = self._there(repository)
        with PullRecords(place).locked():
            yield TalkRecords(place)

    def merge(self, repository: str, number: int) -> PullRequest:
        """Merge a pull request by a merge commit, without a work tree; one that is merged stays as it is.

        Raises:
            UserError: it is closed, or the branches are in conflict.
        """
        place = self._there(repository)
        records = PullRecords(place)
        with records.locked():
            record = self._settled(place, self._record(place, repository, number))
            if record.state is PullRequestState.CLOSED:
                raise UserError(f"pull request {number} of {repository} is closed")
            if record.state is PullRequestState.OPEN:
                base = self._tip(place, record.base)
                tree = self._merged_tree(place, base, record)
                message = f"Merge pull request #{number} from {record.head}\n\n{record.title}"
                commit = self._commit(place, tree, message, base, record.head_commit)
                self._git.run(place, "update-ref", f"refs/heads/{record.base}", commit, base)
                record = self._settled(place, record)
                self._keep_head(place, record)
            records.put(record)
        return self._shown(repository, record)

    def close(self, repository: str, number: int) -> PullRequest:
        """Close a pull request without merging it.

        Raises:
            UserError: it is merged.
        """
        place = self._there(repository)
        records = PullRecords(place)
        with records.locked():
            record = self._settled(place, self._record(place, repository, number))
            if record.state is PullRequestState.MERGED:
                raise UserError(f"pull request {number} of {repository} is merged")
            record = replace(record, state=PullRequestState.CLOSED)
            records.put(record)
        return self._shown(repository, record)

    def _place(self, repository: str) -> Path:
        try:
            msgspec.convert(repository, RepositoryName)
        except msgspec.ValidationError:
            raise UserError(f"{repository!r} is no owner/name of a repository") from None
        return self._root / f"{repository.lower()}.git"

    def _there(self, repository: str) -> Path:
        place = self._place(repository)
        if not (place / "HEAD").is_file():
            raise UserError(f"there is no repository {repository} below {self._root}")
        return place

    def _record(self, place: Path, repository: str, number: int) -> PullRecord:
        record = PullRecords(place).get(number)
        if record is None:
            raise UserError(f"{repository} has no pull request {number}")
        return record

    def _next_number(self, place: Path) -> int:
        pulls, issues = PullRecords(place).all(), TalkRecords(place).issues()
        return max([0, *(one.number for one in pulls), *(one.number for one in issues)]) + 1

    def _shown(self, repository: str, record: PullRecord) -> PullRequest:
        place = self._there(repository)
        record, talk = self._settled(place, record), TalkRecords(place).talk(record.number)
        return PullRequest(
            repository=repository,
            number=record.number,
            url=f"{ADDRESS}/{repository.lower()}/pull/{record.number}",
            state=record.state,
            head=record.head,
            base=record.base,
            title=record.title,
            body=record.body,
            head_repository=repository,
            head_commit=record.head_commit,
            merge_commit=record.merge_commit,
            created_at=record.created_at,
            updated_at=max(filter(None, (record.created_at, record.merged_at, talk.at))),
            merged_at=record.merged_at,
        )

    def _settled(self, place: Path, record: PullRecord) -> PullRecord:
        """The record as git tells it: the head where its branch stands now, merged once base contains that."""
        if record.state is not PullRequestState.OPEN:
            return record
        record = replace(record, head_commit=self._tip(place, record.head) or record.head_commit)
        base = self._tip(place, record.base)
        if not base or not self._contains(place, base, record.head_commit):
            return record
        since = ("--ancestry-path", "--merges", "--reverse", f"{record.head_commit}..{base}")
        merge = self._git.run(place, "rev-list", *since).partition("\n")[0] or record.head_commit
        at = datetime.fromisoformat(self._git.run(place, "log", "-1", "--format=%cI", merge))
        return replace(record, state=PullRequestState.MERGED, merge_commit=merge, merged_at=at)

    def _keep_head(self, place: Path, record: PullRecord) -> None:
        """Have git keep what is proposed, also when its branch is deleted."""
        self._git.run(place, "update-ref", f"refs/pull/{record.number}/head", record.head_commit)

    def _tip(self, place: Path, branch: str) -> str:
        """The commit of a branch, "" where there is none."""
        try:
            return self._git.run(place, "show-ref", "--verify", "--hash", f"refs/heads/{branch}")
        except GitError:  # it says the same of a name that can be none
            return ""

    def _contains(self, place: Path, commit: str, ancestor: str) -> bool:
        try:
            self._git.run(place, "merge-base", "--is-ancestor", ancestor, commit)
        except GitError as error:
            if error.code == 1:
                return False
            raise
        return True

    def _merged_tree(self, place: Path, base: str, record: PullRecord) -> str:
        if self._contains(place, record.head_commit, base):
            return self._git.run(place, "rev-parse", f"{record.head_commit}^{{tree}}")
        try:
            output = self._git.run(place, "merge-tree", "--write-tree", "--name-only", base, record.head_commit)
        except GitError as error:
            if error.code != 1:  # git before 2.38 cannot merge without a work tree
                raise
            paths = error.output.partition("\n\n")[0].splitlines()[1:]
            raise UserError(f"{record.head} is in conflict with {record.base}: {', '.join(paths)}") from None
        return output.partition("\n")[0]

    def _commit(self, place: Path, tree: str, message: str, *parents: str) -> str:
        options = [option for parent in parents for option in ("-p", parent)]
        date = self._now().isoformat(timespec="seconds")
        people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _about(date).items()}
        return self._git.run(place, "commit-tree", tree, *options, given=message, extra=people)


def _about(date: str) -> dict[str, str]:
    name, address = _IDENTITY
    return {"NAME": name, "EMAIL": address, "DATE": date}
