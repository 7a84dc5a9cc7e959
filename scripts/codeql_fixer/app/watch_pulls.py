"""Looks at pull requests where something is at work: ours, those of others for the same issues, and reverts of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author, address
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.cycle import PullRequestCondition, PullRequestObservation, PullRequestState
from codeql_fixer.domain.pull_request import Check, Review
from codeql_fixer.domain.queue import KnownPullRequest
from codeql_fixer.errors import CodeqlFixerError, RateLimitedError
from codeql_fixer.policy.linking import KnownClaim, Link, MergedFix, Proposed, link_of, takes_back
from codeql_fixer.policy.pull_request_state import condition_of
from codeql_fixer.ports.forge import PullRequest
from codeql_fixer.ports.hosting import PullRequestSource
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.pull_requests import PullRequests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codeql_fixer.domain.claim import Claim

_AT_A_TIME = 8
# A session that ended without naming a pull request may have opened one all the same.
_LATE = timedelta(days=2)
# A fix that does harm is taken back soon; later on, the next scan tells.
_TAKEN_BACK_WITHIN = timedelta(days=14)
_LONGEST = timedelta(days=30)  # further back nobody pages


class Sighting(Struct, frozen=True, kw_only=True):
    """An open pull request of ours as it is now: what was said at it, and the checks of its head."""

    pull: PullRequest
    reviews: tuple[Review, ...] = ()
    checks: tuple[Check, ...] = ()
    condition: PullRequestCondition | None = None


class Seen(Struct, frozen=True, kw_only=True):
    """What a look came to: how many observations went on record, and our open pull requests."""

    recorded: int = 0
    sightings: tuple[Sighting, ...] = ()


class PullRequestWatcher(Struct, frozen=True, kw_only=True):
    """Watches pull requests.

    Args:
        index: knows where something is at work, and what was seen there last.
        hosting: says which pull requests there are.
        recorder: puts on the ledger what has changed, or keeps it.
        author: of the record.
        tell: hears, for people, of repositories that could not be asked about.
        pulls: says what was said at them; None where nobody can.
    """

    index: Index
    hosting: PullRequestSource
    recorder: Recorder
    author: Author
    tell: Callable[[str], None]
    pulls: PullRequests | None = None

    def observe(self) -> int:
        """Record every pull request that is new to us or has changed; returns how many those are.

        Raises:
            LedgerNotWrittenError: the record is kept.
        """
        return self.look().recorded

    def look(self) -> Seen:
        """The same, and what our open ones need.

        What cannot be asked about stays as it was: one repository's trouble is no other one's.

        Raises:
            LedgerNotWrittenError: the record is kept.
        """
        places = _places(self.index, self.author.clock())
        if not places:
            return Seen()
        with ThreadPoolExecutor(max_workers=_AT_A_TIME, thread_name_prefix="watch") as pool:
            looks = list(pool.map(self._look_at, places))
        observations = [seen for one in looks for seen in one.observations]
        if observations:
            self.recorder.record([self.author.cycle("pulls", pull_requests=observations)])
        return Seen(
            recorded=len(observations), sightings=tuple(sighting for one in looks for sighting in one.sightings)
        )

    def _look_at(self, place: _Place) -> _Look:
        """What has changed in one repository."""
        look = _Look()
        try:
            listed = self._listed(place)
            self._find_reverts(place, listed.values(), look)
            for pull, known, link in self._ours(place, listed):
                with self._alone(f"what is said at {place.repository}#{pull.number}"):
                    self._take(pull, known, link=link, look=look)
        except RateLimitedError as error:
            self.tell(f"warning: {place.repository}: {error}")  # the next cycle asks again
        except Exception as error:  # noqa: BLE001 - one repository's pull requests must not be able to hold the fleet
            self.tell(f"warning: pull requests of {place.repository}: {type(error).__name__}: {error}")
        return look

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """What nobody foresaw is told, and stays the trouble of one pull request."""
        try:
            yield
        except RateLimitedError:
            raise
        except Exception as error:  # noqa: BLE001 - one pull request must not be able to hide the others
            self.tell(f"warning: {what}: {type(error).__name__}: {error}")

    def _listed(self, place: _Place) -> dict[int, PullRequest]:
        """Pull requests that moved lately; none where the host does not say."""
        try:
            found = self.hosting.pull_requests(place.repository, head_prefix="", since=place.since)
            return {pull.number: pull for pull in found}
        except RateLimitedError:
            raise
        except CodeqlFixerError as error:
            self.tell(f"warning: pull requests of {place.repository}: {error}")
            return {}

    def _ours(
        self, place: _Place, listed: Mapping[int, PullRequest]
    ) -> Iterator[tuple[PullRequest, KnownPullRequest | None, Link | None]]:
        """The open ones that are known, and those that turn out to be about issues of ours."""
        for number, known in place.known.items():
            if known.state is PullRequestState.OPEN:
                pull = listed.get(number) or self._one(place.repository, number)
                if pull is not None:
                    yield pull, known, None
        for number, pull in listed.items():
            if number not in place.known and (link := link_of(_in_words(pull), place.claims)) is not None:
                yield pull, None, link

    def _one(self, repository: str, number: int) -> PullRequest | None:
        try:
            return self.hosting.pull_request(repository, number)
        except RateLimitedError:
            raise
        except CodeqlFixerError as error:
            self.tell(f"warning: pull request {repository}#{number}: {error}")
            return None

    def _take(self, pull: PullRequest, known: KnownPullRequest | None, *, link: Link | None, look: _Look) -> None:
        """Note what is new about one, and what it needs while it is open."""
        is_ours = bool(link.intent_id if link else known and (known.intent_id or known.session_id))
        sighting = self._sighted(pull) if is_ours and pull.state is PullRequestState.OPEN else None
        condition = sighting.condition if sighting else None
        if known is None or known.state is not pull.state or (condition and condition is not known.condition):
            look.observations.append(_observation(pull, known, link, condition=condition, now=self.author.clock()))
        if sighting is not None:
            look.sightings.append(sighting)

    def _sighted(self, pull: PullRequest) -> Sighting | None:
        """What was said at one; None while that cannot be told."""
        if self.pulls is None:
            return None
        repository, number = pull.repository, pull.number
        try:
            reviews = [
                one for one in self.pulls.reviews(repository, number) if one.author != pull.author or not one.author
            ]
            checks = self.pulls.checks(repository, pull.head_commit) if pull.head_commit else []
            is_mergeable = self.pulls.is_mergeable(repository, number)
        except RateLimitedError:
            raise
        except CodeqlFixerError as error:
            self.tell(f"warning: what is said at {repository}#{number}: {error}")
            return None
        return Sighting(
            pull=pull,
            reviews=tuple(reviews),
            checks=tuple(checks),
            condition=condition_of(reviews, checks, is_draft=pull.is_draft, is_mergeable=is_mergeable),
        )

    def _find_reverts(self, place: _Place, listed: Iterable[PullRequest], look: _Look) -> None:
        """Note merged fixes of ours that somebody has taken back."""
        fixes = {
            number: known
            for number, known in place.known.items()
            if known.state is PullRequestState.MERGED and not known.is_reverted
        }
        merged = [MergedFix(number=number, merge_commit=known.merge_commit) for number, known in fixes.items()]
        for pull in listed if fixes else ():
            number = takes_back(_in_words(pull), merged) if pull.state is PullRequestState.MERGED else None
            if number is not None:
                look.observations.append(_revert(fixes[number], pull, self.author.clock()))


class _Place(Struct, frozen=True, kw_only=True):
    """A repository where something is at work: what is known of its pull requests, and how far back to look."""

    repository: str
    known: dict[int, KnownPullRequest]
    claims: tuple[KnownClaim, ...]
    since: datetime


class _Look(Struct):
    """What a look at one repository finds."""

    observations: list[PullRequestObservation] = []
    sightings: list[Sighting] = []


def _places(index: Index, now: datetime) -> list[_Place]:
    """Where something is at work: sessions, open pull requests, and merges that are young enough to be taken back."""
    linked = {name for found in index.linked_claims().values() for name in found}
    claims: dict[str, list[Claim]] = {}
    since: dict[str, datetime] = {}
    for claim in index.claims(now - _LATE):
        if not claim.repository:  # a triage, of which no pull request comes
            continue
        claims.setdefault(claim.repository, []).append(claim)
        is_young = claim.has_session and claim.claimed_at > now - _LATE
        if claim.is_at_work or claim.intent_id in linked or is_young:
            _reach_back(since, claim.repository, claim.claimed_at)
    for known in index.pull_requests_to_watch():
        _reach_back(since, known.repository, now)
    for known in index.merged_pull_requests(now - _TAKEN_BACK_WITHIN):
        if not known.is_reverted:
            _reach_back(since, known.repository, known.merged_at or now)
    return [
        _Place(
            repository=repository,
            known={known.number: known for known in index.pull_requests_of(repository)},
            claims=tuple(_known_claim(claim, linked) for claim in claims.get(repository, ())),
            since=max(at, now - _LONGEST),
        )
        for repository, at in sorted(since.items())
    ]


def _reach_back(since: dict[str, datetime], repository: str, at: datetime) -> None:
    since[repository] = min(at, since.get(repository, at))


def _known_claim(claim: Claim, linked: set[str]) -> KnownClaim:
    return KnownClaim(
        intent_id=claim.intent_id,
        at=claim.claimed_at,
        family=claim.family,
        batch_id=claim.batch_id,
        fingerprints=claim.fingerprints,
        has_pull_request=claim.intent_id in linked,
    )


def _in_words(pull: PullRequest) -> Proposed:
    return Proposed(
        repository=pull.repository,
        number=pull.number,
        head=pull.head,
        title=pull.title,
        body=pull.body,
        is_from_here=pull.head_repository.lower() == pull.repository.lower(),
    )


def _observation(
    pull: PullRequest,
    known: KnownPullRequest | None,
    link: Link | None,
    *,
    condition: PullRequestCondition | None,
    now: datetime,
) -> PullRequestObservation:
    return PullRequestObservation(
        target_repo=pull.repository if known is None else known.repository,
        number=pull.number,
        state=pull.state,
        observed_at=now,
        merged_at=pull.merged_at,
        url=address(pull.url),
        head_commit=pull.head_commit,
        merge_commit=pull.merge_commit,
        session_id=known.session_id if known else "",
        intent_id=known.intent_id if known else link.intent_id if link else "",
        fingerprints=link.fingerprints if link else (),
        linked_by=link.by if link else None,
        condition=condition,
    )


def _revert(fix: KnownPullRequest, by: PullRequest, now: datetime) -> PullRequestObservation:
    return PullRequestObservation(
        target_repo=fix.repository,
        number=fix.number,
        state=fix.state,
        observed_at=now,
        merged_at=fix.merged_at,
        url=fix.url,
        head_commit=fix.head_commit,
        merge_commit=fix.merge_commit,
        session_id=fix.session_id,
        intent_id=fix.intent_id,
        reverted_at=by.merged_at or now,
        reverted_by=by.number,
    )
