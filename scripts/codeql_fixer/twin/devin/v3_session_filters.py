"""The filters of the list of sessions (v3): flat, repeated parameters of the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.reading import flag_of, number_of, position_of, text_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codeql_fixer.twin.devin.routing import Call
    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.state import State

    Test = Callable[[Session], bool]

_OURS = "api"  # the origin of every session here
_ORIGINS = ("webapp", "slack", "teams", "api", "linear", "jira", "automation", "cli", "desktop", "code_scan", "other")
_CATEGORY = "security"
_CATEGORIES = (
    *("bug_fixing", "ci_cd_and_devops", "code_quality_and_security", "code_review", "code_review_and_analysis"),
    *("data_and_automation", "documentation_and_content", "feature_development", "migrations_and_upgrades", "other"),
    *("production_investigation", "refactoring_and_optimization", "research_and_exploration", "security"),
    "unit_test_generation",
)
_NEVER_SET = ("schedule_id", "automation_ids", "parent_session_id", "user_ids")


def filtered(state: State, call: Call) -> Iterable[Session]:
    """The sessions that pass all filters, newest first.

    Several tags mean any of them, or all, as the switch says: the reference does not.

    Raises:
        Problem: 422, a value does not fit.
    """
    query, needs_all = call.request.query, state.switches.tags_match == "all"
    tags, ids = query.get("tags", []), query.get("session_ids", [])
    tests = list(_tests(state, call))
    found: Iterable[Session]
    if ids:
        found = state.sessions.with_ids(ids)
        if tags:
            tests.append(lambda one: (all if needs_all else any)(tag in one.tags for tag in tags))
    else:
        found = state.sessions.newest_first(tags=tags, needs_all=needs_all, before=position_of(call.request))
    return (one for one in found if all(test(one) for test in tests))


def _tests(state: State, call: Call) -> Iterator[Test]:
    yield from _times(call)
    request = call.request
    if (is_archived := flag_of(request, "is_archived")) is not None:
        yield lambda one: one.is_archived == is_archived
    if (origins := words_of(request, "origins", _ORIGINS)) and _OURS not in origins:
        yield _nothing
    if (categories := words_of(request, "category", _CATEGORIES)) and _CATEGORY not in categories:
        yield _nothing
    if playbook_id := text_of(request, "playbook_id"):
        yield lambda one: one.order.playbook_id == playbook_id
    if repositories := request.query.get("repo_names"):
        yield lambda one: any(name in one.order.repos for name in repositories)
    if (users := request.query.get("service_user_ids")) and state.service_user_id not in users:
        yield _nothing
    if any(text_of(request, name) for name in _NEVER_SET):
        yield _nothing


def _times(call: Call) -> Iterator[Test]:
    """Bounds in whole seconds, which themselves do not belong to it: the stricter reading of a silent reference."""
    request, now = call.request, call.now
    if (created_after := number_of(request, "created_after")) is not None:
        yield lambda one: int(one.created_at) > created_after
    if (created_before := number_of(request, "created_before")) is not None:
        yield lambda one: int(one.created_at) < created_before
    if (updated_after := number_of(request, "updated_after")) is not None:
        yield lambda one: int(one.updated_at(now)) > updated_after
    if (updated_before := number_of(request, "updated_before")) is not None:
        yield lambda one: int(one.updated_at(now)) < updated_before


def _nothing(session: Session) -> bool:
    del session
    return False
