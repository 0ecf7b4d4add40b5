"""What an API key looks like, and the only form of it that is kept."""

import hashlib
import re
import secrets
from typing import Final

PREFIX: Final = "eth_"
_SHAPE: Final = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
_RANDOM_BYTES: Final = 32


def new_api_key() -> str:
    """Return a fresh key of 256 random bits, url-safe, marked so that secret scanners know it."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def is_api_key(text: str) -> bool:
    """Say whether a text has the shape of a key."""
    return _SHAPE.fullmatch(text) is not None


def fingerprint(key: str) -> str:
    """Return the sha256 of a key, lower-case hexadecimal: all that is ever stored of it.

    A plain hash is enough: the key is 256 random bits, so there is no word list to try.
    """
    return hashlib.sha256(key.encode()).hexdigest()
