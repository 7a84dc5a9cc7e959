"""What an alert says over a channel: Jinja2 templates, ours or the operator's, that cannot let strangers' text through.

Whatever a template prints is escaped for its channel. A template of the operator's that is broken is told with file and
line, and ours is used in its place: an alert is never lost for want of words.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from msgspec import Struct, field

from codeql_fixer.adapters.channels.escaping import Link, link_of, markdown, mrkdwn
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import one_line

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

_OURS = Path(__file__).with_name("templates")
_MOST_BYTES = 100_000
_MOST_PROBLEM = 200
_ESCAPES: dict[str, Callable[[str], str]] = {"slack": mrkdwn, "github": markdown, "summary": markdown}
# Whatever a template does wrong; RecursionError is what one does that calls itself.
_FAULTS = (
    jinja2.TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OSError,
    RecursionError,
)


class Words(Struct, frozen=True, kw_only=True):
    """Renders alerts.

    Args:
        directory: of the operator's templates, None where there are none. `slack.sla_breach.j2` is for one event,
            `slack.j2` for all others; `github` and `summary` are the other channels.
        warn: hears of broken templates, once of each.

    Raises:
        UserError: there is no such directory.
    """

    directory: Path | None
    warn: Callable[[str], None]
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """A wrong place is told before anything happens."""
        if self.directory is not None and not self.directory.is_dir():
            raise UserError(f"ALERT_TEMPLATES: {self.directory} is no directory")

    def of(self, channel: str, delivery: Delivery, *, most: int) -> str:
        """The words for one of the channels, `most` characters of them."""
        for path in self._own(channel, delivery):
            try:
                return _cut(_rendered(path, channel, delivery), most)
            except _FAULTS as error:
                self._tell(path, error)
        return _cut(_rendered(_OURS / f"{channel}.j2", channel, delivery), most)

    def _own(self, channel: str, delivery: Delivery) -> list[Path]:
        """The operator's templates for it, the most special first."""
        if self.directory is None:
            return []
        names = (f"{channel}.{delivery.news.event.value}.j2", f"{channel}.j2")
        return [path for name in names if (path := self.directory / name).is_file()]

    def _tell(self, path: Path, error: BaseException) -> None:
        """Say once what is wrong, on one line: an error may quote what was to be shown."""
        problem = str(error) if isinstance(error, jinja2.TemplateError) else type(error).__name__
        found = f"{path}: line {_line_of(error, path)}: {one_line(problem, _MOST_PROBLEM)}"
        told = f"{found}; the words of the package are used instead"
        if told not in self._told:
            self._told.add(told)
            self.warn(f"warning: {told}")


def _rendered(path: Path, channel: str, delivery: Delivery) -> str:
    escape = _ESCAPES[channel]

    def shown(value: object) -> Markup:
        """Escaped for the channel, whatever the template declared safe."""
        return Markup(value.replace("&", "&amp;") if isinstance(value, Link) else escape(str(value)))  # noqa: S704 - this is what escapes

    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.DictLoader({}),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise jinja2.TemplateError(f"is larger than {_MOST_BYTES} bytes")
    code = environment.compile(data.decode(), path.name, str(path))
    template = jinja2.Template.from_code(environment, code, environment.make_globals(None))
    return template.render(_view(delivery)).strip()


def _view(delivery: Delivery) -> dict[str, Any]:
    """What a template can use (docs/guides/alerts.md)."""
    news = delivery.news
    return {
        "id": delivery.alert,
        "event": news.event.value,
        "title": news.title,
        "text": news.text,
        "repository": news.repository,
        "fields": {name: link_of(value) if name == "url" else value for name, value in news.fields.items()},
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 4].rstrip()} ..."


def _line_of(error: BaseException, path: Path) -> int:
    """The template's line: that of a wrong syntax, or the last one in the traceback, to which Jinja2 maps its code."""
    traceback, line = error.__traceback__, getattr(error, "lineno", None) or 1
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
