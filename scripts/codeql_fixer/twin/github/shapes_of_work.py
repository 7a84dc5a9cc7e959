"""How GitHub describes workflows and their runs, pull requests and analyses."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.twin.github.model import Account, Outcome
from codeql_fixer.twin.github.shapes import WEB, account, api_url, listed, named, node_id, time_of
from codeql_fixer.twin.github.shapes_of_review import label

if TYPE_CHECKING:
    from codeql_fixer.twin.github.model import Analysis, Pull, Repository, Run, WorkflowFile


def workflow(one: WorkflowFile, repository: Repository, url: str) -> dict[str, Any]:
    """A `workflow`."""
    path = f".github/workflows/{one.file}"
    return {
        "id": one.id,
        "node_id": node_id("Workflow", one.id),
        "name": one.file,
        "path": path,
        "state": "active" if one.is_active else "disabled_manually",
        "url": f"{api_url(url, repository)}/actions/workflows/{one.id}",
        "html_url": f"{WEB}/{repository.full_name}/blob/{repository.default_branch}/{path}",
        "badge_url": f"{WEB}/{repository.full_name}/workflows/{one.file}/badge.svg",
        "created_at": time_of(one.created_at),
        "updated_at": time_of(one.created_at),
    }


def run_page(one: Run, repository: Repository) -> str:
    """The page of a run."""
    return f"{WEB}/{repository.full_name}/actions/runs/{one.id}"


def run(one: Run, repository: Repository, url: str, *, now: float) -> dict[str, Any]:
    """A `workflow-run`."""
    own, status = f"{api_url(url, repository)}/actions/runs/{one.id}", one.status(now)
    described = listed(repository, url)
    return {
        "id": one.id,
        "name": one.workflow.file,
        "node_id": node_id("WorkflowRun", one.id),
        "head_branch": one.ref,
        "head_sha": one.commit,
        "path": f".github/workflows/{one.workflow.file}@{one.ref}",
        "display_title": one.workflow.file,
        "run_number": one.number,
        "run_attempt": 1,
        "event": "workflow_dispatch",
        "status": status,
        "conclusion": one.conclusion if status == "completed" else None,
        "workflow_id": one.workflow.id,
        "url": own,
        "html_url": run_page(one, repository),
        "pull_requests": [],
        "created_at": time_of(one.created_at),
        "updated_at": time_of(one.changed_at(now)),
        "run_started_at": time_of(one.created_at),
        **{f"{name}_url": f"{own}/{name}" for name in ("jobs", "logs", "artifacts", "cancel", "rerun")},
        "check_suite_url": f"{api_url(url, repository)}/check-suites/{one.id}",
        "workflow_url": f"{api_url(url, repository)}/actions/workflows/{one.workflow.id}",
        "previous_attempt_url": None,
        "head_commit": None,
        "repository": described,
        "head_repository": described,
    }


def listed_pull(one: Pull, repository: Repository, url: str) -> dict[str, Any]:
    """A `pull-request-simple`."""
    own, issue = f"{api_url(url, repository)}/pulls/{one.number}", f"{api_url(url, repository)}/issues/{one.number}"
    page = f"{WEB}/{repository.full_name}/pull/{one.number}"
    statuses = f"{api_url(url, repository)}/statuses/{one.head_commit}"
    links = {
        "self": own,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{own}/comments",
        "review_comment": f"{api_url(url, repository)}/pulls/comments{{/number}}",
        "commits": f"{own}/commits",
        "statuses": statuses,
    }
    ended = time_of(one.ended_at) if one.ended_at is not None else None
    return {
        "id": one.id,
        "node_id": node_id("PullRequest", one.id),
        "number": one.number,
        "url": own,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **{f"{name}_url": links[name] for name in links if name not in {"self", "html"}},
        "state": "open" if one.outcome is Outcome.OPEN else "closed",
        "draft": one.is_draft,
        "locked": False,
        "active_lock_reason": None,
        "title": one.title,
        "body": one.body or None,
        "user": named(one.author, url),
        "labels": [label(each, repository, url) for each in repository.talk(one.number).labels],
        "milestone": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "author_association": "CONTRIBUTOR",
        "auto_merge": None,
        "created_at": time_of(one.created_at),
        "updated_at": time_of(one.updated_at),
        "closed_at": ended,
        "merged_at": ended if one.outcome is Outcome.MERGED else None,
        # Of an open one, GitHub tells the commit of a merge on trial.
        "merge_commit_sha": one.merge_commit or sha256(one.head_commit.encode()).hexdigest()[:40],
        "head": _branch((one.head_owner, one.head), one.head_commit, repository, url=url),
        "base": _branch((repository.owner.login, one.base), one.base_commit, repository, url=url),
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def pull(one: Pull, repository: Repository, url: str) -> dict[str, Any]:
    """A `pull-request`."""
    is_merged, talk = one.outcome is Outcome.MERGED, repository.talk(one.number)
    is_mergeable = one.is_mergeable if one.outcome is Outcome.OPEN else None
    if is_mergeable and repository.git:
        is_mergeable = repository.git.is_mergeable(one.base_commit, one.head_commit)
    how = {None: "unknown", True: "clean", False: "dirty"}[is_mergeable]
    return {
        **listed_pull(one, repository, url),
        "merged": is_merged,
        "merged_by": account(repository.owner, url) if is_merged else None,
        "mergeable": is_mergeable,
        "mergeable_state": "draft" if one.is_draft else how,
        "maintainer_can_modify": False,
        "commits": 1,
        "comments": len(talk.comments),
        "review_comments": len(talk.remarks),
        **dict.fromkeys(("additions", "deletions", "changed_files"), 0),
    }


def analysis(one: Analysis, repository: Repository, url: str) -> dict[str, Any]:
    """A `code-scanning-analysis`."""
    return {
        "id": one.id,
        "ref": one.ref,
        "commit_sha": one.commit,
        "analysis_key": f".github/workflows/codeql.yml:{one.tool}",
        "environment": "{}",
        "category": one.category,
        "error": one.error,
        "warning": one.warning,
        "created_at": time_of(one.created_at),
        "results_count": one.results,
        "rules_count": one.rules,
        "url": f"{api_url(url, repository)}/code-scanning/analyses/{one.id}",
        "sarif_id": sha256(str(one.id).encode()).hexdigest()[:32],
        "tool": {"name": one.tool, "guid": None, "version": one.tool_version or None},
        "deletable": True,
    }


def _branch(label: tuple[str, str], commit: str, repository: Repository, *, url: str) -> dict[str, Any]:
    """An end of a pull request, in the repository or in somebody's fork of it."""
    owner, ref = label
    if owner != repository.owner.login:
        fork = Account(id=1, login=owner, kind="User")
        repository = replace(repository, owner=fork, parent=repository)
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": commit,
        "user": named(owner, url),
        "repo": listed(repository, url),
    }
