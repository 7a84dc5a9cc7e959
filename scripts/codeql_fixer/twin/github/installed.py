"""The App of a twin: its key, the accounts where it is installed, and the tokens that it got for them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.twin.wire import Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

TOKEN_SECONDS = 3600.0
_LONGEST_JWT = 600
_SLACK = 60


class Installation(Struct, frozen=True, kw_only=True):
    """Where the App is installed; `repositories` names those that were chosen, none means all."""

    id: int
    owner: str
    repositories: frozenset[str] = frozenset()

    def has(self, owner: str, repository: str) -> bool:
        """True when it may see that repository."""
        chosen = not self.repositories or f"{owner}/{repository}".lower() in self.repositories
        return owner.lower() == self.owner.lower() and chosen


class Token(Struct, frozen=True, kw_only=True):
    """What opens an installation until then."""

    installation: Installation
    expires_at: float


class Apps:
    """There is one App at most.

    Args:
        seed: tokens are drawn from it.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._keys: dict[str, RSAPrivateKey] = {}  # for good: to make one takes a moment
        self.reset()

    def reset(self) -> None:
        """No App."""
        self.id, self.slug = 0, ""
        self._public: RSAPublicKey | None = None
        self.installations: dict[int, Installation] = {}
        self._tokens: dict[str, Token] = {}

    def register(self, number: int, slug: str) -> str:
        """Have an App; returns its private key, in PEM, which is the same for a slug as long as the twin runs."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - costs 0.1 s
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

        key = self._keys.get(slug) or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._keys[slug] = key
        self.id, self.slug, self._public = number, slug, key.public_key()
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode()

    def check(self, bearer: str, now: float) -> None:
        """Take what the App signed.

        Raises:
            Problem: 401, for reasons that GitHub tells.
        """
        import jwt  # noqa: PLC0415 - comes with PyGithub

        if self._public is None:
            raise Problem(401, "A JSON web token could not be decoded")
        try:
            said = jwt.decode(
                bearer, self._public, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
            )
        except jwt.InvalidTokenError as error:
            raise Problem(401, "A JSON web token could not be decoded") from error
        issued, expires = said.get("iat"), said.get("exp")
        if not isinstance(issued, int) or issued > now:
            raise Problem(401, "'Issued at' claim ('iat') must be an Integer representing the time of the assertion")
        if not isinstance(expires, int) or expires <= now:
            raise Problem(401, "'Expiration time' claim ('exp') must be a numeric value in the future")
        if expires > now + _LONGEST_JWT + _SLACK:
            raise Problem(401, "'Expiration time' claim ('exp') is too far in the future")
        if str(said.get("iss")) != str(self.id):
            raise Problem(401, "Integration not found")

    def open(self, installation: Installation, now: float) -> tuple[str, Token]:
        """A new token."""
        drawn = sha256(f"{self._seed} {installation.id} {len(self._tokens)}".encode()).hexdigest()[:36]
        made = Token(installation=installation, expires_at=now + TOKEN_SECONDS)
        self._tokens[f"ghs_{drawn}"] = made
        return f"ghs_{drawn}", made

    def opened_by(self, token: str, now: float) -> Installation | None:
        """The installation that a token opens, None for none or for one whose time is over."""
        found = self._tokens.get(token)
        return found.installation if found is not None and now < found.expires_at else None

    def of(self, owner: str, repository: str = "") -> Installation | None:
        """The installation of an account, where it has that repository."""
        for one in self.installations.values():
            if one.owner.lower() == owner.lower() and (not repository or one.has(owner, repository)):
                return one
        return None
