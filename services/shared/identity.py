"""Who calls: the caller, and the short-lived internal token that carries it from deployable to deployable.

The gateway authenticates people and mints tokens for their calls; every service verifies them itself. A service that
works on somebody's behalf (a training that outlives its request) mints its own, with the role "service" besides.
A token serves a caller's calls for half its life, and what was verified once is remembered: one answer takes several
calls, and signing and verifying each anew is a tenth of the time of a small one.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import jwt

from services.shared.errors import Forbidden, Unauthenticated
from services.shared.settings import IdentitySettings

MEMBER: Final = "member"
"""Uses what belongs to the department."""
ADMIN: Final = "admin"
"""Manages keys and the site."""
SERVICE: Final = "service"
"""A service that acts for the caller."""

_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "einthoven-internal"
_LEEWAY_SECONDS: Final = 5
_REMEMBERED: Final = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with an account: a department (tenant), a person or script in it (subject), and what they may do."""

    tenant: str
    subject: str
    roles: frozenset[str] = frozenset({MEMBER})

    def require(self, role: str) -> None:
        """Raise Forbidden unless the caller has the role."""
        if role not in self.roles:
            raise Forbidden(f"This call needs the role {role!r}.")

    def as_service(self) -> "Caller":
        """Return the same caller with a service acting for it."""
        return Caller(self.tenant, self.subject, self.roles | {SERVICE})


class Tokens:
    """Issues and verifies internal tokens (JWT, HMAC-SHA-256, RFC 7519)."""

    def __init__(self, settings: IdentitySettings, *, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = settings.secret.get_secret_value().encode()
        self._seconds = settings.token_seconds
        self._issuer = issuer
        self._clock = clock
        self._minted = lru_cache(_REMEMBERED)(self._mint)
        self._verified = lru_cache(_REMEMBERED)(self._verify)

    def issue(self, caller: Caller) -> str:
        """Return a token that says who calls, valid for at least half of the configured seconds."""
        return self._minted(caller, int(self._clock() / self._seconds * 2))

    def verify(self, token: str) -> Caller:
        """Return who calls; raises Unauthenticated where the token is forged, stale or for something else."""
        caller, ends = self._verified(token)
        if ends + _LEEWAY_SECONDS < self._clock():
            raise Unauthenticated("The internal token has expired.")
        return caller

    def _mint(self, caller: Caller, _: int) -> str:
        now = int(self._clock())
        claims = {
            "iss": self._issuer,
            "aud": _AUDIENCE,
            "iat": now,
            "exp": now + self._seconds,
            "sub": caller.subject,
            "tenant": caller.tenant,
            "roles": sorted(caller.roles),
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def _verify(self, token: str) -> tuple[Caller, float]:
        """Return who calls and when that ends."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={
                    "require": ["iss", "aud", "iat", "exp", "sub", "tenant", "roles"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError:
            raise Unauthenticated("The internal token is not valid.") from None
        caller = Caller(tenant=str(claims["tenant"]), subject=str(claims["sub"]), roles=frozenset(claims["roles"]))
        return caller, float(claims["exp"])


_caller: ContextVar[Caller] = ContextVar("einthoven_caller")


def current_caller() -> Caller:
    """Return who makes the call being handled; raises Unauthenticated outside of one."""
    caller = _caller.get(None)
    if caller is None:
        raise Unauthenticated("The call carries no identity.")
    return caller


def set_current_caller(caller: Caller) -> None:
    """Say who makes the call being handled, for the rest of the current task."""
    _caller.set(caller)
