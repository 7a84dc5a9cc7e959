"""What to work on and how much at once: the user's wishes, and how a target's own configuration may narrow them."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.route import Routing, TargetAgents
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.routing import narrowed


class WorkOptions(Struct, frozen=True, kw_only=True):
    """The limits of one run, and who may work."""

    run_id: str
    filters: FilterOptions
    batch_size: int
    max_sessions: int
    families: FamilyTable
    routing: Routing = Routing()


class TargetConfig(Struct, frozen=True, kw_only=True):
    """What the target's `.codeql-fixer.yml` asks for; None and empty mean that it does not say."""

    severity_threshold: SeverityTier | None = None
    batch_size: int | None = None
    max_sessions: int | None = None
    include_paths: tuple[str, ...] = ()
    exclude_paths: tuple[str, ...] = ()
    cwe_families: dict[str, tuple[int, ...]] = {}
    agents: TargetAgents = TargetAgents()


def narrow(options: WorkOptions, config: TargetConfig) -> tuple[WorkOptions, tuple[str, ...]]:
    """Apply the target's wishes where they are stricter or smaller; the texts say which were not.

    A target must not be able to raise limits: the one who pays has set them.
    """
    filters = options.filters
    threshold = config.severity_threshold or filters.threshold
    is_weaker = threshold.rank < filters.threshold.rank
    ignored = [f"severity_threshold {threshold} ignored: {filters.threshold} is stricter"] if is_weaker else []
    limits = {"batch_size": options.batch_size, "max_sessions": options.max_sessions}
    wanted = {"batch_size": config.batch_size, "max_sessions": config.max_sessions}
    ignored += [
        f"{name} {wish} ignored: the run allows {limits[name]}"
        for name, wish in wanted.items()
        if wish is not None and wish > limits[name]
    ]
    routing, beyond = narrowed(options.routing, config.agents)
    narrow_options = WorkOptions(
        run_id=options.run_id,
        filters=replace(
            filters,
            threshold=filters.threshold if is_weaker else threshold,
            include_paths=(*filters.include_paths, config.include_paths),
            exclude_paths=(*filters.exclude_paths, config.exclude_paths),
        ),
        families=FamilyTable(config.cwe_families),
        routing=routing,
        **{name: min(limit, wanted[name] or limit) for name, limit in limits.items()},
    )
    return narrow_options, (*ignored, *beyond)
