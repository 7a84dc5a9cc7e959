"""Wires the pipeline: from scan results to fix work, for one repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import codeql_fixer
from codeql_fixer.adapters.artifacts.writer import OutputDirectory
from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.adapters.github_actions import ActionsReporter, scanned_ref
from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.source_tree import CheckoutTree, NoCheckout
from codeql_fixer.app.pipeline import Pipeline
from codeql_fixer.app.record import RunFacts
from codeql_fixer.bootstrap.agents import registry_of, wishes_of
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.scan_run import ScanScope
from codeql_fixer.errors import UserError
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.wishes import as_wished
from codeql_fixer.policy.work_options import WorkOptions, narrow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codeql_fixer.app.keep import Recorder
    from codeql_fixer.app.pipeline import Sessions
    from codeql_fixer.domain.route import Routing
    from codeql_fixer.ports.findings_reader import FindingsReader
    from codeql_fixer.ports.reporter import Reporter
    from codeql_fixer.ports.source_tree import SourceTree
    from codeql_fixer.settings import Settings

_PACKAGE = Path(__file__).parents[1]
_GITHUB = "https://github.com"


def _ignore(text: str) -> None:
    del text


def build_pipeline(settings: Settings, environ: Mapping[str, str], tell: Callable[[str], None] = _ignore) -> Pipeline:
    """The pipeline for one run.

    Args:
        settings: what the user wants.
        environ: the environment, for what the runner tells about the job.
        tell: hears, for people, what is tried again.

    Raises:
        UserError: a directory, template or configuration cannot be used.
    """
    tree = _tree(settings, environ)
    now = SystemClock().now()
    run_id = settings.run_id or _run_id_of_job(environ) or f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z"
    registry, registry_warnings = registry_of(settings.dispatch)
    registry = as_wished(registry, wishes_of(settings.dispatch))
    options, warnings = _work_options(settings, tree, run_id, routing=registry.entry(settings.target_repo).routing)
    ref, scope = scanned_ref(environ) if _is_own_repository(settings, environ) else ("", ScanScope.UNKNOWN)
    template = Path(settings.prompt_template) if settings.prompt_template else None
    recorder = _recorder(settings, environ, tell)
    target, given = registry.canonical(settings.target_repo), settings.target_repo
    is_same = target.lower() == given.lower()
    facts = RunFacts(
        target_repo=given if is_same else target,
        scanned_repo="" if is_same else given,
        run_id=run_id,
        mode=settings.mode,
        started_at=now,
        producer=Producer(
            name="codeql-fixer", version=codeql_fixer.__version__, commit=environ.get("CODEQL_FIXER_COMMIT", "")
        ),
        filters=options.filters,
        run_url=_run_url(environ),
        commit=tree.commit(),
        ref=ref,
        scope=scope,
    )
    sessions: Sessions | None = None
    if settings.mode is Mode.BASIC and recorder:
        from codeql_fixer.bootstrap.sessions import Surroundings, batch_sessions  # noqa: PLC0415

        around = Surroundings(environ=environ, clock=SystemClock().now, tell=tell, playbooks=playbook_directory())
        sessions = batch_sessions(
            settings, facts, registry, routing=options.routing, recorder=recorder, surroundings=around
        )
    return Pipeline(
        reader=_reader(settings, environ, tree),
        tree=tree,
        renderer=JinjaRenderer(Playbooks(playbook_directory()), template),
        artifacts=OutputDirectory(Path(settings.output_dir)),
        reporters=_reporters(settings, environ),
        options=options,
        facts=facts,
        warnings=(*registry_warnings, *warnings),
        default_branch=settings.default_branch,
        server_url=environ.get("GITHUB_SERVER_URL") or _GITHUB,
        recorder=recorder,
        sessions=sessions,
        measures_reach=registry.uses_reach,
    )


def playbook_directory() -> Path:
    """In a wheel the playbooks lie inside the package, in a checkout at its root."""
    packaged = _PACKAGE / "playbooks"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "playbooks"


def _tree(settings: Settings, environ: Mapping[str, str]) -> SourceTree:
    if not settings.target_dir:
        return NoCheckout()
    root = Path(settings.target_dir)
    if not os.path.isdir(root):  # noqa: PTH112 - unlike Path's, it also answers for names that no file can have
        raise UserError(f"--target-dir {root}: is not a directory")
    return CheckoutTree(root, environ)


def _reader(settings: Settings, environ: Mapping[str, str], tree: SourceTree) -> FindingsReader:
    """The reader of the one source that was given; imports only what that source needs."""
    if settings.findings_csv:
        from codeql_fixer.adapters.findings_csv import CsvReader  # noqa: PLC0415

        return CsvReader(Path(settings.findings_csv), settings.target_repo)
    from codeql_fixer.adapters.sarif.reader import SarifReader  # noqa: PLC0415

    checkout_root = Path(settings.target_dir).resolve().as_posix() if settings.target_dir else ""
    if not settings.scanner:
        return SarifReader([Path(path) for path in settings.sarif], checkout_root, tree.files())
    from codeql_fixer.adapters.scanners.command import CommandScanner  # noqa: PLC0415
    from codeql_fixer.adapters.scanners.programs import PROGRAMS  # noqa: PLC0415
    from codeql_fixer.app.scan import ScanningReader  # noqa: PLC0415

    sarif = Path(settings.output_dir) / f"{settings.scanner}.sarif"
    scanner = CommandScanner(PROGRAMS[settings.scanner], environ)
    reader = SarifReader([sarif], checkout_root, tree.files())
    return ScanningReader(scanner, Path(settings.target_dir), sarif=sarif, reader=reader)


def _work_options(
    settings: Settings, tree: SourceTree, run_id: str, *, routing: Routing
) -> tuple[WorkOptions, tuple[str, ...]]:
    """The user's limits, narrowed by what the target's own configuration asks for."""
    options = WorkOptions(
        run_id=run_id,
        filters=FilterOptions(
            threshold=settings.severity_threshold,
            include_paths=(settings.include_paths,),
            exclude_paths=(settings.exclude_paths,),
            languages=settings.languages,
        ),
        batch_size=settings.batch_size,
        max_sessions=settings.max_sessions,
        families=FamilyTable(),
        routing=routing,
    )
    if not settings.target_dir:
        return options, ()
    from codeql_fixer.adapters.repo_config import read_config  # noqa: PLC0415

    config, unknown_keys = read_config(tree, settings.config_file)
    options, ignored = narrow(options, config)
    return options, (*unknown_keys, *ignored)


def _reporters(settings: Settings, environ: Mapping[str, str]) -> tuple[Reporter, ...]:
    if environ.get("GITHUB_ACTIONS") != "true":
        return ()
    return (
        ActionsReporter(
            output_dir=settings.output_dir,
            output=environ.get("GITHUB_OUTPUT", ""),
            step_summary=environ.get("GITHUB_STEP_SUMMARY", ""),
            annotations=sys.stderr if _is_own_repository(settings, environ) else None,
        ),
    )


def _recorder(settings: Settings, environ: Mapping[str, str], tell: Callable[[str], None]) -> Recorder | None:
    if settings.mode is Mode.DRY_RUN or settings.ledger is None:
        return None
    from codeql_fixer.bootstrap.fleet import KEPT, build_recorder  # noqa: PLC0415

    return build_recorder(settings.ledger, Path(settings.output_dir) / KEPT, environ, tell=tell)


def _is_own_repository(settings: Settings, environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_REPOSITORY", "").lower() == settings.target_repo.lower()


def _run_id_of_job(environ: Mapping[str, str]) -> str:
    """The workflow run; a second attempt is another run."""
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "1")
    return environ.get("GITHUB_RUN_ID", "") + (f".{attempt}" if attempt != "1" else "")


def _run_url(environ: Mapping[str, str]) -> str:
    server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
