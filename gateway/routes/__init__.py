"""The public paths, one file per noun; a body converts, calls, converts."""

from fastapi import APIRouter, Security
from fastapi.security import HTTPBearer

API_PREFIX = "/api/v1"
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="ApiKey",
    bearerFormat="eth_…",
    description="An API key, made by an administrator; on a single user's machine there is none to send.",
)


def router(tag: str, prefix: str = API_PREFIX) -> APIRouter:
    """Return a router whose paths need a caller; the guard has found it out before the route runs."""
    return APIRouter(prefix=prefix, tags=[tag], dependencies=[Security(_BEARER)])
