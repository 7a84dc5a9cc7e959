"""Which codemod fixes what a rule reports. Only codemods whose results were read on samples of the rule's findings.

Left out on purpose: codemods that bring a new dependency (defusedxml, fickling, security, flask-wtf), since whether a
project takes one in is a person's decision; and `subprocess-shell-false`, which breaks commands given as one string.
docs/adr/0013-local-agent.md tells more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SQL_PARAMETERS = "pixee:python/sql-parameterization"
TEMPORARY_FILE = "pixee:python/secure-tempfile"

_SEMGREP_LANG = "python.lang.security"
_RULES: Mapping[str, tuple[str, ...]] = {
    "pixee:python/add-requests-timeouts": ("B113", "python.requests.best-practice.use-timeout.use-timeout"),
    "pixee:python/enable-jinja2-autoescape": (
        *("B701", "py/jinja2/autoescape-false"),
        "python.flask.security.xss.audit.direct-use-of-jinja2.direct-use-of-jinja2",
    ),
    "pixee:python/exception-without-raise": ("py/unused-exception-object",),
    "pixee:python/fix-file-resource-leak": ("py/file-not-closed",),
    "pixee:python/harden-pyyaml": ("B506", f"{_SEMGREP_LANG}.deserialization.avoid-pyyaml-load.avoid-pyyaml-load"),
    "pixee:python/jwt-decode-verify": ("python.jwt.security.unverified-jwt-decode.unverified-jwt-decode",),
    "pixee:python/literal-or-new-object-identity": ("py/comparison-using-is",),
    "pixee:python/requests-verify": (
        *("B501", "py/request-without-cert-validation"),
        "python.requests.security.disabled-cert-validation.disabled-cert-validation",
    ),
    "pixee:python/secure-flask-cookie": ("py/insecure-cookie", "py/client-exposed-cookie", "py/samesite-none-cookie"),
    "pixee:python/secure-random": ("B311", "py/insecure-randomness", "python-insecure-random"),
    TEMPORARY_FILE: ("B306", "py/insecure-temporary-file", "python-insecure-temp-file"),
    SQL_PARAMETERS: (
        *("B608", "py/sql-injection", "python-sql-injection"),
        f"{_SEMGREP_LANG}.audit.formatted-sql-query.formatted-sql-query",
    ),
    "pixee:python/str-concat-in-sequence-literals": ("py/implicit-string-concatenation-in-list",),
    "pixee:python/unused-imports": ("py/unused-import",),
    "pixee:python/upgrade-sslcontext-tls": ("py/insecure-protocol", "py/insecure-default-protocol"),
}
_CODEMODS: Mapping[str, str] = {rule: codemod for codemod, rules in _RULES.items() for rule in rules}
# They look for what they change with semgrep, which has to be installed for them.
_WITHOUT_SEMGREP = frozenset(
    {
        *(
            SQL_PARAMETERS,
            TEMPORARY_FILE,
            "pixee:python/exception-without-raise",
            "pixee:python/fix-file-resource-leak",
        ),
        *("pixee:python/literal-or-new-object-identity", "pixee:python/str-concat-in-sequence-literals"),
        "pixee:python/unused-imports",
    }
)


def codemod_for(rule_id: str) -> str | None:
    """The id of the codemod for a rule of bandit, semgrep or CodeQL; None where there is none."""
    return _CODEMODS.get(rule_id)


def needs_semgrep(codemod: str) -> bool:
    """True for codemods that cannot run without the program semgrep."""
    return codemod not in _WITHOUT_SEMGREP


def rules_with_codemods() -> Mapping[str, tuple[str, ...]]:
    """Codemod to the rules whose findings it fixes."""
    return _RULES
