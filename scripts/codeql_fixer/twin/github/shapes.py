"""How GitHub describes accounts, repositories and commits, with every member that its OpenAPI description requires."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from codeql_fixer.twin.github.model import Account

if TYPE_CHECKING:
    from codeql_fixer.twin.github.git import Commit
    from codeql_fixer.twin.github.model import Repository

WEB = "https://github.com"  # pages are named and never served

_BELOW_USER = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_BELOW_REPOSITORY = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def time_of(seconds: float) -> str:
    """A time as GitHub writes it."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int | str) -> str:
    """The id of the other API."""
    return b64encode(f"{kind}{number}".encode()).decode()


def api_url(url: str, repository: Repository) -> str:
    """Where a repository is in the API."""
    return f"{url}/repos/{repository.full_name}"


def account(one: Account, url: str) -> dict[str, Any]:
    """A `simple-user`."""
    own = f"{url}/users/{one.login}"
    return {
        "login": one.login,
        "id": one.id,
        "node_id": node_id(one.kind, one.id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{one.id}?v=4",
        "gravatar_id": "",
        "url": own,
        "html_url": f"{WEB}/{one.login}",
        **{name: own + below for name, below in _BELOW_USER.items()},
        "type": one.kind,
        "site_admin": False,
    }


def named(login: str, url: str) -> dict[str, Any]:
    """A user or bot of whom only the name is known."""
    return account(Account(id=1, login=login, kind="Bot" if login.endswith("[bot]") else "User"), url)


def user(login: str, url: str) -> dict[str, Any]:
    """A `public-user`."""
    nothing = ("name", "company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    times = {"created_at": time_of(0), "updated_at": time_of(0)}
    return {**named(login, url), **dict.fromkeys(nothing), **dict.fromkeys(counts, 0), **times}


def reactions(own: str) -> dict[str, Any]:
    """A `reaction-rollup`: nobody reacts here."""
    kinds = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
    return {"url": f"{own}/reactions", "total_count": 0, **dict.fromkeys(kinds, 0)}


def organization(one: Account, url: str, repositories: int) -> dict[str, Any]:
    """An `organization-full`."""
    own = f"{url}/orgs/{one.login}"
    return {
        "login": one.login,
        "id": one.id,
        "node_id": node_id(one.kind, one.id),
        "url": own,
        "repos_url": f"{own}/repos",
        "events_url": f"{own}/events",
        "hooks_url": f"{own}/hooks",
        "issues_url": f"{own}/issues",
        "members_url": f"{own}/members{{/member}}",
        "public_members_url": f"{own}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{one.id}?v=4",
        "description": None,
        "html_url": f"{WEB}/{one.login}",
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": repositories,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": one.kind,
        "created_at": time_of(0),
        "updated_at": time_of(0),
        "archived_at": None,
    }


def listed(one: Repository, url: str) -> dict[str, Any]:
    """A `repository`, which is more than a `minimal-repository` has to be."""
    own, page = api_url(url, one), f"{WEB}/{one.full_name}"
    pushed = max((branch[-1].at for branch in one.branches.values() if branch), default=one.created_at)
    return {
        "id": one.id,
        "node_id": node_id("Repository", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "owner": account(one.owner, url),
        "private": one.is_private,
        "visibility": "private" if one.is_private else "public",
        "html_url": page,
        "url": own,
        "description": None,
        "fork": one.parent is not None,
        **{name: own + below for name, below in _BELOW_REPOSITORY.items()},
        "git_url": f"git://github.com/{one.full_name}.git",
        "ssh_url": f"git@github.com:{one.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "language": None,
        "mirror_url": None,
        "license": None,
        "default_branch": one.default_branch,
        "archived": one.is_archived,
        "disabled": False,
        **{f"has_{what}": what != "discussions" for what in ("issues", "projects", "wiki", "downloads", "discussions")},
        "has_pages": False,
        "topics": [],
        **dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size"), 0),
        "open_issues": 0,
        "open_issues_count": 0,
        "pushed_at": time_of(pushed),
        "created_at": time_of(one.created_at),
        "updated_at": time_of(pushed),
    }


def repository(one: Repository, url: str) -> dict[str, Any]:
    """A `full-repository`."""
    above = {"parent": listed(one.parent, url), "source": listed(_source(one), url)} if one.parent else {}
    return {**listed(one, url), "network_count": 0, "subscribers_count": 0, **above}


def commit(one: Commit, repository: Repository, url: str) -> dict[str, Any]:
    """A `commit`; who wrote it is nobody that GitHub knows."""
    own = f"{api_url(url, repository)}/commits/{one.sha}"
    person = {"name": "Somebody", "email": "somebody@example.com", "date": time_of(one.at)}
    return {
        "url": own,
        "sha": one.sha,
        "node_id": node_id("Commit", one.sha),
        "html_url": f"{WEB}/{repository.full_name}/commit/{one.sha}",
        "comments_url": f"{own}/comments",
        "commit": {
            "url": f"{api_url(url, repository)}/git/commits/{one.sha}",
            "author": person,
            "committer": person,
            "message": one.message,
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                **dict.fromkeys(("signature", "payload", "verified_at")),
            },
            "tree": {"sha": one.sha, "url": f"{api_url(url, repository)}/git/trees/{one.sha}"},
        },
        "author": None,
        "committer": None,
        "parents": [],
    }


def _source(one: Repository) -> Repository:
    while one.parent is not None:
        one = one.parent
    return one
