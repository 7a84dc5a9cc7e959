"""What a pull request came of, as its own words tell."""

from __future__ import annotations

from typing import Any

import pytest

from codeql_fixer.domain.cycle import LinkedBy
from codeql_fixer.policy.linking import KnownClaim, Link, MergedFix, Proposed, link_of, takes_back
from tests.records import at, fingerprint

INTENT, OTHER = f"i-{'a' * 24}", f"i-{'b' * 24}"
NAMED = fingerprint(0x5EED << 60)
TITLE = f"fix(injection): CQLF-{NAMED[:12]} and 2 more [B001]"
RUN_TITLE = "fix(injection): CQLF-R7-0001 [B001]"
_, BRANCH, BY_TITLE, BODY = LinkedBy


def _pull(**members: Any) -> Proposed:  # noqa: ANN401 - passed on
    chosen: dict[str, Any] = {"head": "devin/1", "title": "Fix it", "body": "", "is_from_here": True}
    return Proposed(repository="acme/shop", number=7, **{**chosen, **members})


def _claim(intent_id: str = INTENT, hours: float = 1, **members: Any) -> KnownClaim:  # noqa: ANN401 - passed on
    chosen: dict[str, Any] = {"family": "injection", "batch_id": "B001", "fingerprints": (NAMED,)}
    return KnownClaim(intent_id=intent_id, at=at(hours), **{"has_pull_request": False, **chosen, **members})


def _finding(name: str = NAMED) -> str:
    return f"What changed.\n\n   Fixes-Finding: {name} CQLF-R7-0001\n"


ROWS: dict[str, tuple[Proposed, list[KnownClaim], Link | None]] = {
    "nothing points to us": (_pull(), [_claim()], None),
    # by branch
    "branch": (_pull(head=f"cqf/{INTENT}"), [_claim()], Link(intent_id=INTENT, by=BRANCH)),
    "branch wins over the title": (
        _pull(head=f"cqf/{INTENT}", title=TITLE),
        [_claim(), _claim(OTHER, 2)],
        Link(intent_id=INTENT, by=BRANCH),
    ),
    "branch of a claim that nobody made": (_pull(head=f"cqf/{OTHER}"), [_claim()], None),
    "a stranger's fork has our branch": (_pull(head=f"cqf/{INTENT}", is_from_here=False), [_claim()], None),
    # by title
    "title": (_pull(title=TITLE), [_claim()], Link(intent_id=INTENT, by=BY_TITLE)),
    "title of the newest claim": (
        _pull(title=TITLE),
        [_claim(), _claim(OTHER, 2)],
        Link(intent_id=OTHER, by=BY_TITLE),
    ),
    "title of a run": (_pull(title=RUN_TITLE), [_claim()], Link(intent_id=INTENT, by=BY_TITLE)),
    "title of another batch": (_pull(title=RUN_TITLE), [_claim(batch_id="B002")], None),
    "title of another family": (_pull(title=TITLE), [_claim(family="xss")], None),
    "title of another finding": (_pull(title=TITLE), [_claim(fingerprints=(fingerprint(1),))], None),
    "title with more to it": (_pull(title=f"{TITLE} and a coffee"), [_claim()], None),
    "a stranger's fork has our title": (_pull(title=TITLE, is_from_here=False), [_claim()], None),
    # by body
    "intent in the body": (
        _pull(body=f"Why.\n\nCodeql-Fixer-Intent: {INTENT}\n"),
        [_claim(has_pull_request=True)],
        Link(intent_id=INTENT, by=BODY),
    ),
    "intent that nobody claimed": (_pull(body=f"Codeql-Fixer-Intent: {OTHER}"), [_claim()], None),
    "finding in the body": (_pull(body=_finding()), [_claim()], Link(intent_id=INTENT, by=BODY)),
    "somebody else was faster": (
        _pull(body=_finding()),
        [_claim(has_pull_request=True)],
        Link(intent_id="", by=BODY, fingerprints=(NAMED,)),
    ),
    "somebody else fixes what we never tried": (
        _pull(body=_finding(fingerprint(1))),
        [_claim()],
        Link(intent_id="", by=BODY, fingerprints=(fingerprint(1),)),
    ),
    "a stranger's fork holds nothing": (_pull(body=_finding(), is_from_here=False), [_claim()], None),
}


@pytest.mark.parametrize(("pull", "claims", "expected"), ROWS.values(), ids=ROWS.keys())
def test_link_of__is_the_surest_sign(pull: Proposed, claims: list[KnownClaim], expected: Link | None) -> None:
    assert link_of(pull, claims) == expected


REVERT = 'Revert "fix(injection): CQLF-1 [B001]"'
FIXES = (MergedFix(number=3, merge_commit="abcdef0123" * 4), MergedFix(number=5, merge_commit=""))
REVERTS: dict[str, tuple[str, str, int | None]] = {
    "as GitHub writes it": (REVERT, "Reverts acme/shop#3", 3),
    "in another spelling of the name": (REVERT, "Reverts Acme/Shop#3", 3),
    "without the name": (REVERT, "Reverts #5\n\nIt broke.", 5),
    "of another repository": (REVERT, "Reverts acme/web#3", None),
    "of another pull request": (REVERT, "Reverts acme/shop#33", None),
    "only the body says so": ("Undo it", "Reverts acme/shop#3", None),
    "by its commit": ("Undo it", "This reverts commit abcdef0123abcdef.", 3),
    "by another commit": ("Undo it", "This reverts commit 0123456789abcdef.", None),
    "a title alone": (REVERT, "", None),
}


@pytest.mark.parametrize(("title", "body", "expected"), REVERTS.values(), ids=REVERTS.keys())
def test_takes_back__names_the_merged_fix(title: str, body: str, expected: int | None) -> None:
    assert takes_back(_pull(title=title, body=body), FIXES) == expected


def test_takes_back__a_pull_request_reverts_no_merge_of_its_own() -> None:
    assert takes_back(_pull(body="This reverts commit abcdef0."), [MergedFix(number=7, merge_commit="abcdef0")]) is None
