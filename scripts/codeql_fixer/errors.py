"""The error tree: the class of an error decides the exit code, its message says what to do next."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; docs/reference/exit-codes.md is the reader's page."""

    OK = 0
    OUR_BUG = 1
    USER_CAN_FIX = 2
    UPSTREAM_FAILED = 3
    LEDGER_NOT_WRITTEN = 4


class CodeqlFixerError(Exception):
    """Root of all errors raised on purpose; `exit_code` is what the process ends with.

    `is_told` says that the document which a command printed has it already.
    """

    exit_code = ExitCode.OUR_BUG
    is_told = False


class UserError(CodeqlFixerError):
    """Something the user can mend: configuration, input or environment."""

    exit_code = ExitCode.USER_CAN_FIX


class InputError(UserError):
    """An input file cannot be used; names the file, the place in it and the remedy."""

    def __init__(self, source: str, place: str, problem: str, *, remedy: str = "") -> None:
        self.source, self.place, self.problem, self.remedy = source, place, problem, remedy
        where = f"{source}: {place}" if place else source
        super().__init__(f"{where}: {problem}" + (f" ({remedy})" if remedy else ""))


class ConfigError(UserError):
    """Settings or a configuration file hold a wrong value; the message names every fault at once."""


class UpstreamError(CodeqlFixerError):
    """A tool or service we depend on failed; the same call may succeed later."""

    exit_code = ExitCode.UPSTREAM_FAILED


class RateLimitedError(UpstreamError):
    """A service takes no more calls for now, or this run has made all that it may; nothing was done."""


class WorkflowUnsettledError(UpstreamError):
    """Nobody can tell whether a workflow was started: look at its runs, and never simply start it again."""


class AgentUnavailableError(UpstreamError):
    """An agent's service does not answer; surely nothing was started."""


class SessionRefusedError(UpstreamError):
    """An agent's service said no to a request; nothing was started or changed."""


class BudgetStopError(SessionRefusedError):
    """The service starts nothing more, since somebody's money is used up; a person has to see to that."""


class SessionUnsettledError(UpstreamError):
    """Nobody can tell whether a session was started: look it up by its tag, and never simply ask again."""


class LedgerNotWrittenError(CodeqlFixerError):
    """Records could not be put on the ledger; whoever called keeps them for a replay."""

    exit_code = ExitCode.LEDGER_NOT_WRITTEN


class AgentDeniedError(UserError):
    """An agent's service does not accept the key; a person has to look at it."""


class SessionNotFoundError(UserError):
    """There is no such session."""


class PlaceTakenError(UserError):
    """Another record has the place of this one on the ledger; neither of them is lost."""


class LedgerResetError(UserError):
    """The ledger lost records that were known: to go on could pay twice, so a person decides."""


class DamagedRecordError(InputError):
    """A record cannot be read; only what depends on it is blocked."""


class FutureRecordError(UserError):
    """A newer version wrote this record; only that version or a later one knows what it means."""
