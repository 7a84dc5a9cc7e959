"""Renders briefs with Jinja2, sandboxed and strict; strangers' text reaches a template only as Data."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from codeql_fixer.adapters.prompts.data import Data
from codeql_fixer.domain.learning import Versions
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from codeql_fixer.adapters.prompts.playbooks import Playbooks
    from codeql_fixer.domain.brief import Brief, IssueBrief
    from codeql_fixer.domain.finding import Location, Rule, Trace

_DEFAULT_TEMPLATE = Path(__file__).with_name("templates") / "fix.md.j2"
_DIGITS = 12  # of a version; enough to tell the few that there are apart
_MAX_FLOWS = 3
_MAX_STEPS = 40
_MAX_RELATED = 10
_MAX_TEMPLATE_BYTES = 200_000


class JinjaRenderer:
    """PromptRenderer with the packaged template or the user's own.

    Args:
        playbooks: texts by weakness family.
        template: path of the user's template; None takes ours.

    Raises:
        UserError: the template cannot be read or parsed.
    """

    def __init__(self, playbooks: Playbooks, template: Path | None = None) -> None:
        self._playbooks = playbooks
        self._name = str(template or _DEFAULT_TEMPLATE)
        # No autoescape: prompts are Markdown, and escaped quotes in code would be wrong code.
        environment = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        text = self._read(template or _DEFAULT_TEMPLATE)
        self._version = sha256(text.encode()).hexdigest()[:_DIGITS]
        try:
            self._template = environment.from_string(text)
        except jinja2.TemplateSyntaxError as error:
            raise UserError(f"{self._name}: line {error.lineno}: {error.message}") from error

    def render(self, brief: Brief) -> str:
        """The prompt of one batch.

        Raises:
            UserError: the template asks for something that is not there, or does what a sandbox forbids.
        """
        try:
            text = self._template.render(_view(brief, self._playbooks.text(brief.batch.family)))
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            remedy = "docs/reference/prompt-template.md lists what a template can use"
            raise UserError(f"{self._name}: line {_line_of(error)}: {error} ({remedy})") from error
        return "\n".join(tidy(text)) + "\n"

    def versions(self, family: str) -> Versions:
        """The digest of the template, and name and digest of the playbook."""
        return Versions(prompt=self._version, playbook=self._playbooks.version_of(family))

    def _read(self, path: Path) -> str:
        try:
            data = path.read_bytes()
            if len(data) > _MAX_TEMPLATE_BYTES:
                raise UserError(f"{path}: is larger than {_MAX_TEMPLATE_BYTES} bytes")
            return data.decode()
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: is not UTF-8") from error


def _view(brief: Brief, playbook: str) -> dict[str, Any]:
    """What a template can use; every string that is not Data is ours or was checked against a pattern."""
    batch, repository = brief.batch, brief.repository
    rules = {issue.issue.finding.rule.id: issue.issue.finding.rule for issue in brief.issues}
    return {
        "target_repo": brief.target_repo,
        "default_branch": brief.default_branch,
        "run_id": brief.run_id,
        "batch": {
            "id": batch.id,
            "family": batch.family,
            "severity_tier": batch.severity.tier.value,
            "severity_score": batch.severity.score,
            "issue_count": len(batch.issues),
        },
        "issues": [_issue(issue) for issue in brief.issues],
        "rules": [Data(_rule_text(rule)) for rule in rules.values()],
        "repository": {
            "languages": repository.languages,
            "package_managers": repository.package_managers,
            "test_commands": repository.test_commands,
            "style_files": Data("\n".join(repository.style_files)),
        },
        "pull_request": {"title": pull_request_title(brief)},
        "earlier_attempts": [
            {"number": tried.number, "agent": tried.agent, "detail": Data(tried.detail)}
            for tried in brief.earlier_attempts
        ],
        "examples": [
            {"repository": one.repository, "rule_id": Data(one.rule_id), "diff": Data(one.diff, "diff")}
            for one in brief.examples
        ],
        "playbook": playbook,
    }


def pull_request_title(brief: Brief) -> str:
    """Short enough for GitHub; the findings stand in the body, one line each, so none gets lost."""
    issues = brief.batch.issues
    more = f" and {len(issues) - 1} more" if len(issues) > 1 else ""
    return f"fix({brief.batch.family}): {issues[0].id}{more} [{brief.batch.id}]"


def _issue(brief: IssueBrief) -> dict[str, Any]:
    issue, finding = brief.issue, brief.issue.finding
    return {
        "id": issue.id,
        "fingerprint": issue.identity.fingerprint,
        "severity_tier": issue.severity.tier.value,
        "severity_score": issue.severity.score,
        "cwes": finding.rule.cwe_names,
        "rule_id": Data(finding.rule.id),
        "rule_name": Data(finding.rule.name),
        "file": Data(finding.file),
        "start_line": finding.start_line,
        "message": Data(finding.text),
        "report": Data(_report(brief)),
        "snippet": Data(brief.snippet, brief.language),
        "data_flow": Data(_flow_text(brief.trace)),
        "tests": Data("\n".join(brief.tests)),
    }


def _report(brief: IssueBrief) -> str:
    finding = brief.issue.finding
    lines = [f"rule: {finding.rule.id}"]
    lines += [f"place: {_place(place)}" for place in finding.locations]
    lines += [f"tool: {finding.scan.tool} {finding.scan.tool_version}".rstrip(), f"message: {finding.text}"]
    lines += [f"see: {_place(place)} {place.message}".rstrip() for place in brief.trace.related[:_MAX_RELATED]]
    return "\n".join(lines)


def _rule_text(rule: Rule) -> str:
    head = f"{rule.id}: {rule.name}" if rule.name and rule.name != rule.id else rule.id
    parts = dict.fromkeys((rule.short_description, rule.full_description, rule.help))
    return "\n\n".join([head, *(part for part in parts if part)])


def _flow_text(trace: Trace) -> str:
    if trace.problem:
        return trace.problem
    texts = [_steps(flow) for flow in trace.flows[:_MAX_FLOWS]]
    if len(trace.flows) > _MAX_FLOWS:
        texts.append(f"({len(trace.flows) - _MAX_FLOWS} more paths)")
    return "\n\n".join(texts)


def _steps(flow: tuple[Location, ...]) -> str:
    """Every step, or the first and last ones of a long path: source and sink say most."""
    steps = [f"{number}. {_place(step)} {step.message}".rstrip() for number, step in enumerate(flow, 1)]
    if len(steps) > _MAX_STEPS:
        half = _MAX_STEPS // 2
        steps[half:-half] = [f"   ... {len(steps) - _MAX_STEPS} steps ..."]
    return "\n".join(steps)


def _place(place: Location) -> str:
    numbers = [number for number in (place.start_line, place.start_column) if number is not None]
    return ":".join([place.file or place.external_uri or "(no file)", *map(str, numbers)])


def _line_of(error: BaseException) -> int:
    """The template's line in a traceback; Jinja2 maps compiled code back to it."""
    traceback, line = error.__traceback__, getattr(error, "lineno", None) or 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def tidy(text: str) -> list[str]:
    """One blank line around headings and fences and between paragraphs; what is inside a fence stays as it is."""
    lines: list[str] = []
    fence = ""
    for line in text.strip().split("\n"):
        is_mark = line.startswith("```")
        if fence:
            lines.append(line)
            if line == fence:
                lines.append("")
                fence = ""
            continue
        if is_mark:
            fence = line[: len(line) - len(line.lstrip("`"))]
        is_blank = not line.strip()
        if (is_mark or is_blank or line.startswith("#")) and lines and lines[-1]:
            lines.append("")
        if not is_blank:
            lines.append(line)
            if line.startswith("#"):
                lines.append("")
    return lines
