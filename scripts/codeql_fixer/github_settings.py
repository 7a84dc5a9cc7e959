"""The App that opens GitHub where no token is given: the part of the settings that is about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from codeql_fixer.options import BY_NAME, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRIVATE_KEY = "github_app_private_key"
_ID = re.compile(r"[0-9]{1,18}|Iv[A-Za-z0-9.]{1,40}")  # a number, or the client id, which GitHub takes as well
_KEY = re.compile(r"-----BEGIN (?:RSA )?PRIVATE KEY-----\n[A-Za-z0-9+/=\s]+-----END (?:RSA )?PRIVATE KEY-----")


class GitHubApp(Struct, frozen=True, kw_only=True):
    """An App's number or client id, and its private key in PEM; both "" for none."""

    id: str = ""
    private_key: str = ""

    def __repr__(self) -> str:
        """Everything but the key."""
        return f"GitHubApp({self.id!r})"

    @property
    def is_given(self) -> bool:
        """True where there is one."""
        return bool(self.id and self.private_key)


class Reader(Protocol):
    """Reads options and collects what is wrong with them."""

    def matching(self, name: str, pattern: re.Pattern[str], wanted: str) -> str:
        """The value of an option that has a form."""
        ...

    def fault(self, option: Option, problem: str) -> None:
        """Note what is wrong."""
        ...


def read_github_app(reader: Reader, environ: Mapping[str, str]) -> GitHubApp:
    r"""The App, with what is wrong told to the reader; the key is not shown.

    The key has many lines. Where a variable cannot hold them, they may stand in one with `\n` between them.
    """
    number, option = reader.matching("github_app_id", _ID, "the number or client id of an App"), BY_NAME[_PRIVATE_KEY]
    key = environ.get(option.variable, "").replace("\\n", "\n").replace("\r\n", "\n").strip()
    if key and not _KEY.fullmatch(key):
        reader.fault(option, "must be a private key in PEM, as GitHub gives it; look whether it was copied whole")
        key = ""
    elif bool(number) != bool(key):
        reader.fault(option, "goes with GITHUB_APP_ID; give both or none of them")
    return GitHubApp(id=number, private_key=key)
