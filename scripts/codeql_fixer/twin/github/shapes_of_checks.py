"""How GitHub describes checks, statuses, and what a branch requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeql_fixer.twin.github import shapes
from codeql_fixer.twin.github.shapes import WEB, api_url, named, node_id, time_of

if TYPE_CHECKING:
    from codeql_fixer.twin.github.git import Commit
    from codeql_fixer.twin.github.model import Repository
    from codeql_fixer.twin.github.model_of_review import Annotation, CheckRun, Required, Status

ACTIONS_ID = 15_368  # the number that GitHub Actions has among Apps


def app(slug: str, number: int, url: str) -> dict[str, Any]:
    """An `integration`."""
    return {
        "id": number,
        "slug": slug,
        "node_id": node_id("App", number),
        "owner": named("app-owner", url),
        "name": slug,
        "description": None,
        "external_url": "https://example.com",
        "html_url": f"{WEB}/apps/{slug}",
        "created_at": time_of(0),
        "updated_at": time_of(0),
        "permissions": {"checks": "write", "contents": "read", "issues": "write", "metadata": "read"},
        "events": [],
    }


def check_run(one: CheckRun, repository: Repository, url: str) -> dict[str, Any]:
    """A `check-run`."""
    own, page = f"{api_url(url, repository)}/check-runs/{one.id}", f"{WEB}/{repository.full_name}/runs/{one.id}"
    return {
        "id": one.id,
        "node_id": node_id("CheckRun", one.id),
        "head_sha": one.commit,
        "name": one.name,
        "external_id": one.external_id,
        "url": own,
        "html_url": page,
        "details_url": page,
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": time_of(one.started_at),
        "completed_at": time_of(one.started_at) if one.status == "completed" else None,
        "output": {
            "title": one.title,
            "summary": one.summary,
            "text": one.text,
            "annotations_count": len(one.annotations),
            "annotations_url": f"{own}/annotations",
        },
        "check_suite": {"id": one.id},
        "app": app(one.app, ACTIONS_ID, url),
        "pull_requests": [],
    }


def annotation(one: Annotation, run: CheckRun, repository: Repository) -> dict[str, Any]:
    """A `check-annotation`."""
    return {
        "path": one.path,
        "blob_href": f"{WEB}/{repository.full_name}/blob/{run.commit}/{one.path}",
        "start_line": one.line,
        "end_line": one.line,
        "start_column": None,
        "end_column": None,
        "annotation_level": one.level,
        "title": None,
        "message": one.message,
        "raw_details": None,
    }


def status(one: Status, repository: Repository, url: str) -> dict[str, Any]:
    """A `status`."""
    return {
        "id": one.id,
        "node_id": node_id("StatusContext", one.id),
        "url": f"{api_url(url, repository)}/statuses/{one.commit}",
        "avatar_url": None,
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": time_of(one.at),
        "updated_at": time_of(one.at),
        "creator": named(one.creator, url),
    }


def branch(name: str, tip: Commit, repository: Repository, *, url: str) -> dict[str, Any]:
    """A `branch-with-protection`."""
    own, required = f"{api_url(url, repository)}/branches/{name}", repository.required.get(name)
    checks: tuple[str, ...] = () if required is None else required.protection
    return {
        "name": name,
        "commit": shapes.commit(tip, repository, url),
        "_links": {"self": own, "html": f"{WEB}/{repository.full_name}/tree/{name}"},
        "protected": required is not None,
        "protection": {
            "enabled": required is not None,
            "required_status_checks": {
                "enforcement_level": "non_admins" if checks else "off",
                "contexts": list(checks),
                "checks": [{"context": context, "app_id": None} for context in checks],
            },
        },
        "protection_url": f"{own}/protection",
    }


def rules(required: Required | None, repository: Repository) -> list[dict[str, Any]]:
    """Each a `repository-rule-detailed`."""
    source = {"ruleset_source_type": "Repository", "ruleset_source": repository.full_name, "ruleset_id": 1}
    deletion = {"type": "deletion", **source}
    if required is None or not required.rules:
        return [deletion]
    parameters = {
        "strict_required_status_checks_policy": False,
        "required_status_checks": [{"context": context} for context in required.rules],
    }
    return [deletion, {"type": "required_status_checks", "parameters": parameters, **source}]
