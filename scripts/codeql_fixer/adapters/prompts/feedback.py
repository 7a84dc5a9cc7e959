"""Puts feedback about a pull request into one message; strangers' text reaches it only as Data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from codeql_fixer.adapters.prompts.data import MAX_BLOCK, Data
from codeql_fixer.adapters.prompts.renderer import tidy
from codeql_fixer.policy.follow_up import marker_of

if TYPE_CHECKING:
    from codeql_fixer.domain.feedback import Feedback, StillSeen
    from codeql_fixer.domain.pull_request import Check, Review, ReviewComment

_TEMPLATE = Path(__file__).with_name("templates") / "follow_up.md.j2"
_MOST_REVIEWS, _MOST_COMMENTS, _MOST_CHECKS, _MOST_SEEN = 10, 30, 10, 50
_MOST_HUNK = 1500  # characters; the lines next to the remark are the last ones


class FeedbackRenderer:
    """FeedbackWriter with the packaged template."""

    def __init__(self) -> None:
        # No autoescape: messages are Markdown, and escaped quotes in code would be wrong code.
        environment = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        self._template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))

    def message(self, feedback: Feedback) -> str:
        """The message of one round."""
        return "\n".join(tidy(self._template.render(_view(feedback)))) + "\n"


def _view(feedback: Feedback) -> dict[str, Any]:
    """Every string that is not Data is ours or was checked against a pattern."""
    return {
        "marker": marker_of(feedback.round_id),
        "round": feedback.round,
        "most_rounds": feedback.most_rounds,
        "repository": feedback.repository,
        "number": feedback.number,
        "url": Data(feedback.url),
        "head": Data(feedback.head),
        "fingerprints": feedback.fingerprints,
        "is_for_new_session": feedback.is_for_new_session,
        "reviews": [_review(review) for review in feedback.reviews[:_MOST_REVIEWS]],
        "checks": [_check(check) for check in feedback.checks[:_MOST_CHECKS]],
        "still_seen": [_seen(seen) for seen in feedback.still_seen[:_MOST_SEEN]],
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "author": Data(review.author),
        "state": review.state.value.replace("_", " "),
        "body": Data(review.body),
        "comments": [_comment(comment, review) for comment in review.comments[:_MOST_COMMENTS]],
        "left_out": max(0, len(review.comments) - _MOST_COMMENTS),
    }


def _comment(comment: ReviewComment, review: Review) -> dict[str, Any]:
    place = f"{comment.file}:{comment.line}" if comment.line is not None else comment.file
    return {
        "place": Data(place or "no file"),
        "author": Data(comment.author if comment.author != review.author else ""),
        "body": Data(comment.body),
        "hunk": Data(comment.diff_hunk[-_MOST_HUNK:], "diff"),
    }


def _check(check: Check) -> dict[str, Any]:
    return {"name": Data(check.name), "log": Data(check.log[-MAX_BLOCK:])}


def _seen(seen: StillSeen) -> dict[str, Any]:
    return {
        "fingerprint": seen.fingerprint,
        "verdict": seen.verdict.replace("_", " "),
        "place": Data(seen.place),
        "reason": Data(seen.reason),
    }
