"""Who calls: the port, the one local user, and API keys. OIDC comes in through the same port."""

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from gateway.settings import is_loopback
from gateway.tokens import fingerprint, is_api_key
from services.shared.errors import Forbidden, Unauthenticated
from services.shared.identity import ADMIN, MEMBER, Caller

CACHE_SECONDS: Final = 15.0
"""A revoked key works no longer than this."""
_CACHED_KEYS: Final = 10_000
LOCAL_CALLER: Final = Caller("local", "local", frozenset({MEMBER, ADMIN}))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it is kept: never the key itself."""

    key_id: str
    sha256: str
    caller: Caller
    revoked: bool = False


class Authenticator(Protocol):
    """Says who makes a call."""

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return the caller that lower-case request headers prove; raises Unauthenticated or Forbidden."""
        ...


class KeyFinder(Protocol):
    """Where keys are kept."""

    async def find(self, sha256: str) -> ApiKey | None:
        """Return the key with this fingerprint."""
        ...


class LocalUser:
    """Takes everyone for the one local user: the gateway listens on loopback only.

    A web page of somebody else's, open in the same user's browser, reaches loopback too: by its own name that resolves
    to 127.0.0.1, or by a form that it posts. So the Host must be this machine, and an Origin the gateway itself.
    """

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return the local user."""
        host = headers.get("host", "")
        if not is_loopback(_name(host)):
            raise Forbidden("The platform runs for one local user: call it as 127.0.0.1 or localhost.")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise Forbidden("The platform runs for one local user: pages of other origins may not call it.")
        return LOCAL_CALLER


class ApiKeys:
    """Takes a caller for whom its API key was made out to."""

    def __init__(self, keys: KeyFinder, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return whom the key was made out to."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_api_key(key.strip()):
            raise Unauthenticated("The call brings no API key: send the header `Authorization: Bearer eth_…`.")
        sha256 = fingerprint(key.strip())
        caller = self._remembered(sha256)
        return caller if caller is not None else await self._looked_up(sha256)

    def _remembered(self, sha256: str) -> Caller | None:
        seen = self._known.get(sha256)
        if seen is None or self._clock() - seen[0] > CACHE_SECONDS:
            return None
        return seen[1]

    async def _looked_up(self, sha256: str) -> Caller:
        found = await self._keys.find(sha256)
        if found is None or found.revoked or not hmac.compare_digest(found.sha256, sha256):
            self._known.pop(sha256, None)
            raise Unauthenticated("The API key is not known, or was revoked. Ask your administrator for another.")
        self._known[sha256] = (self._clock(), found.caller)
        if len(self._known) > _CACHED_KEYS:
            self._known.popitem(last=False)
        return found.caller


def _name(host: str) -> str:
    """Return a Host header without its port; empty where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
