"""How GitHub describes issues, comments, labels and reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeql_fixer.twin.github.model import Outcome, Pull
from codeql_fixer.twin.github.shapes import WEB, api_url, named, node_id, reactions, time_of

if TYPE_CHECKING:
    from codeql_fixer.twin.github.model import Repository
    from codeql_fixer.twin.github.model_of_review import Comment, Issue, Label, Remark, Review


def label(one: Label, repository: Repository, url: str) -> dict[str, Any]:
    """A `label`."""
    return {
        "id": one.id,
        "node_id": node_id("Label", one.id),
        "url": f"{api_url(url, repository)}/labels/{one.name}",
        "name": one.name,
        "description": one.description,
        "color": one.color,
        "default": False,
        # Newer descriptions have these, too.
        "archived_at": None,
        "archived_by": None,
    }


def issue(one: Issue | Pull, repository: Repository, url: str) -> dict[str, Any]:
    """An `issue`; a pull request is one, too."""
    own, talk = f"{api_url(url, repository)}/issues/{one.number}", repository.talk(one.number)
    page = f"{WEB}/{repository.full_name}"
    if isinstance(one, Pull):
        address, closed_at = f"{page}/pull/{one.number}", one.ended_at
        merged_at = time_of(closed_at) if closed_at is not None and one.outcome is Outcome.MERGED else None
        links = {"diff_url": f"{address}.diff", "html_url": address, "patch_url": f"{address}.patch"}
        pulled = {"url": f"{api_url(url, repository)}/pulls/{one.number}", "merged_at": merged_at, **links}
        more: dict[str, Any] = {"pull_request": pulled, "draft": one.is_draft}
    else:
        address, closed_at, more = f"{page}/issues/{one.number}", one.closed_at, {}
    return {
        "id": one.id,
        "node_id": node_id("Issue", one.id),
        "number": one.number,
        "url": own,
        "repository_url": api_url(url, repository),
        "labels_url": f"{own}/labels{{/name}}",
        "comments_url": f"{own}/comments",
        "events_url": f"{own}/events",
        "html_url": address,
        "state": "open" if closed_at is None else "closed",
        "title": one.title,
        "body": one.body or None,
        "user": named(one.author, url),
        "labels": [label(each, repository, url) for each in talk.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "reactions": reactions(own),
        "comments": len(talk.comments),
        "author_association": "NONE",
        "created_at": time_of(one.created_at),
        "updated_at": time_of(one.updated_at),
        "closed_at": None if closed_at is None else time_of(closed_at),
        **more,
    }


def comment(one: Comment, number: int, repository: Repository, *, url: str) -> dict[str, Any]:
    """An `issue-comment`."""
    kind = "pull" if number in repository.pulls else "issues"
    own = f"{api_url(url, repository)}/issues/comments/{one.id}"
    return {
        "id": one.id,
        "node_id": node_id("IssueComment", one.id),
        "url": own,
        "html_url": f"{WEB}/{repository.full_name}/{kind}/{number}#issuecomment-{one.id}",
        "issue_url": f"{api_url(url, repository)}/issues/{number}",
        "user": named(one.author, url),
        "body": one.body,
        "reactions": reactions(own),
        "performed_via_github_app": None,
        "author_association": "NONE",
        "created_at": time_of(one.created_at),
        "updated_at": time_of(one.updated_at),
    }


def review(one: Review, pull: Pull, repository: Repository, *, url: str) -> dict[str, Any]:
    """A `pull-request-review`."""
    page = f"{WEB}/{repository.full_name}/pull/{pull.number}#pullrequestreview-{one.id}"
    of = f"{api_url(url, repository)}/pulls/{pull.number}"
    return {
        "id": one.id,
        "node_id": node_id("PullRequestReview", one.id),
        "user": named(one.author, url),
        "body": one.body,
        "state": one.state,
        "commit_id": one.commit,
        "html_url": page,
        "pull_request_url": of,
        "_links": {"html": {"href": page}, "pull_request": {"href": of}},
        "author_association": one.association,
        **({} if one.state == "PENDING" else {"submitted_at": time_of(one.at)}),
    }


def remark(one: Remark, pull: Pull, repository: Repository, *, url: str) -> dict[str, Any]:
    """A `pull-request-review-comment`."""
    page = f"{WEB}/{repository.full_name}/pull/{pull.number}#discussion_r{one.id}"
    own, of = f"{api_url(url, repository)}/pulls/comments/{one.id}", f"{api_url(url, repository)}/pulls/{pull.number}"
    return {
        "id": one.id,
        "node_id": node_id("PullRequestReviewComment", one.id),
        "url": own,
        "pull_request_review_id": one.review,
        "diff_hunk": one.diff_hunk,
        "path": one.path,
        # GitHub writes null for a line that has gone; its description allows but that there is no such member.
        **({} if one.line is None else {"line": one.line}),
        "original_line": one.line or 1,
        "start_line": None,
        "original_start_line": None,
        "side": "RIGHT",
        "start_side": None,
        "position": one.line or 1,
        "original_position": one.line or 1,
        "commit_id": one.commit,
        "original_commit_id": one.commit,
        "user": named(one.author, url),
        "body": one.body,
        "created_at": time_of(one.at),
        "updated_at": time_of(one.at),
        "html_url": page,
        "pull_request_url": of,
        "reactions": reactions(own),
        "author_association": "CONTRIBUTOR",
        "_links": {"self": {"href": own}, "html": {"href": page}, "pull_request": {"href": of}},
    }
