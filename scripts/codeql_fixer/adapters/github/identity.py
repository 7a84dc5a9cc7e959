"""Who we are at GitHub, so that nobody else's words are taken for ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.github.limits import FORBIDDEN
from codeql_fixer.adapters.github.refusals import told
from codeql_fixer.adapters.github.wire import parsed
from codeql_fixer.transport.errors import StatusError

if TYPE_CHECKING:
    from codeql_fixer.adapters.github.library import Library

_BOT = "Bot"


class Author(Struct, frozen=True):
    """Who wrote something."""

    login: str
    type: str = "User"


class Identity(Struct, frozen=True, kw_only=True):
    """An account: its name, "" where GitHub does not tell, and whether it is an App's."""

    login: str
    is_app: bool

    def wrote(self, author: Author | None) -> bool:
        """True when that is us.

        A token of an App's installation, such as a workflow's, cannot ask who it is. Its words are those of a bot, and
        bots are Apps, which write only where the owner installed them: a stranger is none.
        """
        if author is None:
            return False
        return author.login.lower() == self.login.lower() if self.login else author.type == _BOT


def identity_of(library: Library) -> Identity:
    """Whose token that is.

    Raises:
        UserError: GitHub does not accept it.
        UpstreamError: there is no answer.
    """
    with told("the account of the token", permission="no more than to be one"):
        try:
            found = parsed(library.get("/user"), Author, "the account of the token")
        except StatusError as error:
            if error.status != FORBIDDEN:
                raise
            return Identity(login="", is_app=True)
    return Identity(login=found.login, is_app=found.type == _BOT)
