"""Sessions that are sent back to their pull requests: each thing once, whoever is killed when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.app.respond import Answered
from codeql_fixer.domain.cycle import Cycle, DecisionAction, PullRequestState
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.domain.follow_up import MARKER, FollowUp, FollowUpOutcome
from codeql_fixer.domain.pull_request import Check, CheckState, Review, ReviewComment, ReviewState
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import AgentUnavailableError, BudgetStopError, LedgerNotWrittenError
from codeql_fixer.ports.agent import Capabilities
from codeql_fixer.ports.forge import PullRequest
from codeql_fixer.ports.ledger import Conflict
from tests.agents import MemoryAgent
from tests.records import at, cycle, fingerprint, intent, outcome, pull_request_seen, scan, session_seen, verification
from tests.unit.app.orchestrators import Orchestra, OtherLedger, listed, registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.ports.ledger import Landed

SHOP = "acme/shop"
OPEN = PullRequestState.OPEN
CHANGES, APPROVED = ReviewState.CHANGES_REQUESTED, ReviewState.APPROVED
LAPSED = timedelta(minutes=21)


class Shop(Orchestra):
    """A repository with one pull request of ours, number 7, which session s-1 has opened."""

    def __init__(self, *more: AnyRecord, **members: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(
            registry(listed(SHOP, **members)),
            scan("1", 0, 1, 2),
            intent("i-1", 1, 1, family="injection", account="memory"),
            outcome("i-1", 1),
            cycle("c", 2, pull_requests=(pull_request_seen(OPEN, 2, intent_id="i-1"),)),
            *more,
        )
        self.clock.now = at(3)
        self.agent.create(_request())
        self.pull()

    def pull(self, **members: Any) -> None:  # noqa: ANN401 - passed on
        chosen: dict[str, Any] = {"state": OPEN, "head": "devin/1", "head_commit": "c0ffee", **members}
        self.hosting.pulls[SHOP, 7] = PullRequest(
            repository=SHOP, number=7, url=f"https://github.com/{SHOP}/pull/7", base="main", title="t", **chosen
        )

    def review(self, text: str, state: ReviewState = CHANGES, **members: Any) -> None:  # noqa: ANN401 - passed on
        said = self.pulls.reviewed.setdefault((SHOP, 7), [])
        chosen: dict[str, Any] = {"author": "sam", "at": self.clock(), **members}
        said.append(Review(id=str(len(said) + 1), state=state, body=text, **chosen))

    def respond(self, **members: Any) -> Answered:  # noqa: ANN401 - passed on
        """What a cycle does about pull requests."""
        answered = Answered()
        seen = self.watcher().look()
        self.responder(**members).respond(seen.sightings, answered)
        self.learn()
        return answered

    def heard(self, session: str = "s-1") -> list[str]:
        """Messages of ours in a session, without the order that it began with."""
        return [one.text for one in self.agent.messages(session).messages[1:] if not one.is_agent]

    def statuses(self) -> list[str]:
        return [record.status.value for record in self.records(FollowUpOutcome)]

    def lifecycle(self) -> tuple[Lifecycle, str]:
        [row] = self.index.issues(fingerprint(1), SHOP)
        return row.lifecycle, row.reason


def _request() -> SessionRequest:
    from codeql_fixer.domain.session import SessionRequest  # noqa: PLC0415

    return SessionRequest(
        intent_id="i-1", target_repo=SHOP, title="t", prompt="Fix it.", family="injection", targets=()
    )


class Killed(BaseException):
    """The process ends here."""


class _KilledAtOutcome(OtherLedger):
    """A ledger whose writer is killed when it is about to say what became of a message."""

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        if any(isinstance(record, FollowUpOutcome) for record in records):
            raise Killed
        return super().append(records, expected_tip=expected_tip)


def test_respond__tells_the_session_everything_at_once_and_only_once() -> None:
    shop = Shop()
    place = ReviewComment(author="sam", body="Use a parameter.", file="shop/db.py", line=3, diff_hunk="+run(q + x)")
    shop.review("Not yet.", comments=(place,))
    shop.review("I agree.", author="kim")
    shop.pulls.checked["c0ffee"] = [Check(id="1", name="tests", state=CheckState.FAILED, log="1 failed")]

    assert (shop.respond().told, shop.respond().told) == (1, 0)

    [text] = shop.heard()
    assert all(words in text for words in ("Not yet.", "I agree.", "`shop/db.py:3`", "+run(q + x)", "1 failed", MARKER))
    [claim] = shop.records(FollowUp)
    assert (claim.round, claim.attempt, claim.intent_id, claim.session_id, len(claim.events)) == (1, 1, "i-1", "s-1", 3)
    assert shop.statuses() == ["sent"]
    assert shop.lifecycle() == (Lifecycle.PR_OPEN, "")


def test_respond__an_approval_calls_for_nothing() -> None:
    shop = Shop()
    shop.review("Fine.", APPROVED)
    shop.review("Nice name, by the way.", ReviewState.COMMENTED)

    assert shop.respond() == Answered()
    assert shop.records(FollowUp) == []


def test_respond__goes_on_round_by_round_until_a_person_has_to() -> None:
    shop = Shop(max_follow_ups=2)
    answers = []
    for number in range(4):
        shop.clock.now += timedelta(hours=1)
        shop.review(f"Objection {number}.")
        answers.append(shop.respond())

    assert [(one.told, one.asked) for one in answers] == [(1, 0), (1, 0), (0, 1), (0, 0)]
    first, second = shop.heard()
    assert "Objection 0." in first
    assert "Objection 0." not in second
    assert "Objection 1." in second
    assert "Round 2 of 2" in second
    reason = "its reviewers were answered 2 times, and there is more to answer"
    assert shop.lifecycle() == (Lifecycle.NEEDS_HUMAN, reason)
    asked = [one for record in shop.records(Cycle) for one in record.decisions if one.action is DecisionAction.ASK]
    assert [(one.reason, one.fingerprints, one.intent_id) for one in asked] == [(reason, (fingerprint(1),), "i-1")]
    assert shop.sessions_of(shop.plan()) == []  # and nobody pays for it again


def test_respond__killed_between_claim_and_message_it_is_sent_by_the_next_one() -> None:
    shop = Shop()
    shop.review("Not yet.")

    def die(_: str, __: str) -> None:
        raise Killed

    send, shop.agent.send = shop.agent.send, die  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        shop.respond()
    shop.agent.send = send  # type: ignore[method-assign]

    assert shop.respond().told == 0  # somebody else's claim holds
    shop.clock.now += LAPSED
    assert shop.respond().told == 1
    assert len(shop.heard()) == 1
    assert [record.attempt for record in shop.records(FollowUp)] == [1, 2]
    assert shop.statuses() == ["sent"]


def test_respond__killed_after_the_message_it_is_found_and_not_sent_again() -> None:
    shop = Shop()
    shop.review("Not yet.")
    with pytest.raises(Killed):
        shop.respond(ledger=_KilledAtOutcome(shop.ledger))

    assert (len(shop.heard()), shop.statuses()) == (1, [])
    shop.clock.now += LAPSED
    assert shop.respond().told == 0
    assert (len(shop.heard()), shop.statuses()) == (1, ["found"])
    shop.clock.now += LAPSED
    assert (shop.respond().told, len(shop.records(FollowUp))) == (0, 2)


def test_respond__a_message_without_an_answer_may_have_arrived() -> None:
    shop = Shop()
    shop.review("Not yet.")
    send = shop.agent.send

    def swallow(session_id: str, text: str) -> None:
        send(session_id, text)
        raise AgentUnavailableError("no answer")

    shop.agent.send = swallow  # type: ignore[method-assign]
    assert shop.respond().problems == [f"pull request {SHOP}#7: no answer"]
    shop.clock.now += LAPSED
    shop.respond()

    assert (len(shop.heard()), shop.statuses()) == (1, ["found"])


def test_respond__when_others_are_faster_nothing_is_sent_twice() -> None:
    shop = Shop()
    shop.review("Not yet.")
    seen = shop.watcher().look()

    class Racing(OtherLedger):
        """A ledger on which somebody else answers just before."""

        has_raced = False

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if any(isinstance(record, FollowUp) for record in records) and not self.has_raced:
                self.has_raced = True
                shop.responder().respond(seen.sightings, Answered())
            return super().append(records, expected_tip=expected_tip)

    answered = Answered()
    shop.responder(ledger=Racing(shop.ledger)).respond(seen.sightings, answered)

    assert (answered.told, len(shop.heard()), len(shop.records(FollowUp))) == (0, 1, 1)


def test_respond__gives_up_when_others_always_come_first() -> None:
    shop = Shop()
    shop.review("Not yet.")

    class Busy(OtherLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            return Conflict("other", ()) if expected_tip is not None else super().append(records)

    with pytest.raises(LedgerNotWrittenError):
        shop.respond(ledger=Busy(shop.ledger))
    assert shop.heard() == []


def test_respond__money_that_is_used_up_is_no_reason_for_another_session() -> None:
    shop = Shop()
    shop.review("Not yet.")

    def broke(_: str, __: str) -> None:
        raise BudgetStopError("no credits")

    shop.agent.send = broke  # type: ignore[method-assign, assignment]
    answered = shop.respond()

    assert (answered.claimed, shop.statuses()) == ([], ["failed"])
    assert shop.respond().problems == []  # it is tried again later
    shop.clock.now += timedelta(minutes=6)
    assert shop.respond().problems == [f"pull request {SHOP}#7: no credits"]


def _ended(shop: Shop) -> None:
    shop.agent.sessions["s-1"] = replace(shop.agent.sessions["s-1"], state=SessionState.STOPPED)


def test_respond__a_session_that_is_gone_is_followed_by_another_one() -> None:
    shop = Shop()
    shop.review("Not yet.")
    _ended(shop)

    answered = shop.respond()

    [claimed] = answered.claimed
    assert claimed.intent.parent == "i-1"
    assert (claimed.intent.fingerprints, claimed.intent.attempt) == ((fingerprint(1),), 2)
    assert shop.statuses() == ["handed_over"]
    assert [record.status.value for record in shop.records(DispatchOutcome)] == ["created", "created"]
    request = shop.agent.requests[-1]
    assert "Not yet." in request.prompt
    assert "devin/1" in request.prompt
    assert fingerprint(1) in request.prompt
    assert request.title == f"Go on with pull request 7 of {SHOP}"
    assert shop.index.linked_claims() == {(SHOP, 7): tuple(sorted(("i-1", claimed.intent.id)))}
    assert shop.respond() == Answered()
    shop.clock.now += timedelta(hours=1)
    shop.review("Still not.")
    assert shop.respond().told == 1
    [text] = [one.text for one in shop.agent.messages("s-2").messages[1:] if not one.is_agent]
    assert "Still not." in text


def test_respond__a_successor_that_nobody_started_is_claimed_again() -> None:
    shop = Shop()
    shop.review("Not yet.")
    _ended(shop)
    shop.agent.faults = [AgentUnavailableError("resting")]
    shop.respond()

    assert [record.status.value for record in shop.records(DispatchOutcome)] == ["created", "refused"]
    shop.clock.now += timedelta(minutes=6)
    shop.respond()

    assert [record.attempt for record in shop.records(DispatchIntent)] == [1, 2, 3]
    assert len(shop.agent.sessions) == 2


@pytest.mark.parametrize(
    ("members", "more", "status", "problem"),
    [
        ({"max_attempts": 1}, (), "asked", "it had its 1 session"),
        ({}, (scan("2", 2.5, 2),), "asked", "no issue that it is for is open any more"),
        ({}, (intent("i-2", 2.5, 1),), "failed", "another session is at work on its issues"),
    ],
)
def test_respond__no_successor_beyond_what_is_allowed(
    members: dict[str, Any], more: tuple[AnyRecord, ...], *, status: str, problem: str
) -> None:
    shop = Shop(*more, **members)
    shop.review("Not yet.")
    _ended(shop)

    answered = shop.respond()

    assert (answered.claimed, shop.statuses(), len(shop.agent.sessions)) == ([], [status], 1)
    assert answered.problems[0].endswith(problem)
    assert answered.asked == (status == "asked")


def test_respond__the_limits_of_the_fleet_hold_for_successors() -> None:
    shop = Shop()
    shop.review("Not yet.")
    _ended(shop)
    shop.registry = replace(shop.registry, global_session_limit=1)
    shop.planner = replace(shop.planner, registry=shop.registry)

    assert "1 session in 24 h are the limit" in shop.respond().problems[0]
    assert (shop.statuses(), len(shop.agent.sessions)) == (["failed"], 1)


def test_respond__an_agent_that_takes_no_messages_leaves_it_to_a_person() -> None:
    shop = Shop()
    shop.review("Not yet.")
    shop.agent.capabilities = Capabilities(
        is_paid=False, tells_cost=False, takes_messages=False, takes_attachments=False
    )

    assert shop.respond().asked == 1
    assert shop.lifecycle() == (
        Lifecycle.NEEDS_HUMAN,
        "devin takes no messages: a person has to answer its reviewers",
    )
    assert shop.respond() == Answered()


def _over() -> Cycle:
    return cycle("over", 3, sessions=(session_seen(SessionState.FINISHED, 3),))


def _without_messages(shop: Shop, *, goes_on: bool = False) -> Capabilities:
    return replace(shop.agent.capabilities, takes_messages=False, goes_on=goes_on)


def test_respond__where_nobody_reads_messages_another_agent_goes_on_with_the_branch() -> None:
    """The first one gives the same answer to the same code; the second one reads what reviewers want."""
    shop = Shop()
    coder = MemoryAgent(shop.clock)
    coder.name = "codemodder"
    coder.create(replace(_request(), intent_id="i-9"))  # so that its next session is not called s-1
    shop.agent.capabilities, coder.capabilities = _without_messages(shop), _without_messages(shop, goes_on=True)
    agents = {"devin": shop.agent, "codemodder": coder}
    shop.review("Not yet.")

    assert shop.respond(agents=agents) == Answered()  # two would push to the same branch
    shop.learn(_over())
    [claimed] = shop.respond(agents=agents).claimed

    order = coder.requests[-1]
    assert (claimed.intent.agent, claimed.intent.parent, order.intent_id) == ("codemodder", "i-1", claimed.intent.id)
    assert (order.head_branch, order.base_branch) == ("devin/1", "main")
    assert "Not yet." in order.prompt
    assert shop.statuses() == ["handed_over"]
    assert shop.respond(agents=agents) == Answered()


def test_respond__where_no_other_agent_may_go_on_it_says_why() -> None:
    shop = Shop(max_attempts=1)
    shop.agent.capabilities = _without_messages(shop, goes_on=True)
    shop.learn(_over())
    shop.review("Not yet.")

    answered = shop.respond()

    assert answered.asked == 1
    assert "takes no messages, and no other one goes on: it had its 1 session" in answered.problems[0]


def test_respond__leaves_alone_what_is_not_ours_to_answer() -> None:
    shop = Shop()
    shop.review("Not yet.")
    other = MemoryAgent(shop.clock)
    other.account = "another"

    assert shop.respond(agents={}) == shop.respond(agents={"devin": other}) == Answered()
    assert len(shop.told) == 2
    shop.ledger.paused = "audit"
    assert shop.respond() == Answered()
    shop.ledger.paused = None
    assert Shop(auto_dispatch=False).respond() == Answered()
    assert shop.respond().told == 1


def test_respond__what_a_verification_still_sees_goes_back_as_well() -> None:
    seen = replace(verification("v", 2, verdict=Verdict.GAMED), pull_request=7)
    reason = replace(seen.verdicts[0], reason="the scanner is told to skip the file")
    shop = Shop(replace(seen, verdicts=(reason,)))

    assert (shop.respond().told, shop.respond().told) == (1, 0)
    [text] = shop.heard()
    assert "the scanner is told to skip the file" in text
    assert "gamed" in text


def test_cycle__follows_its_pull_requests() -> None:
    shop = Shop()
    shop.review("Not yet.")

    first = shop.runner().run(shop.work())
    second = shop.runner().run(shop.work())

    assert (first.answered.told, second.answered.told, len(shop.heard())) == (1, 0, 1)
    assert first.problems == second.problems == []
    _ended(shop)
    shop.review("Still not.")
    third = shop.runner().run(shop.work())
    assert [item.intent.parent for item in third.dispatch.started] == ["i-1"]
