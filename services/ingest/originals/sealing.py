"""Originals under the site's key: AES-256-GCM, with keys derived by HKDF (RFC 5869) for each department.

A sealed object is MAGIC, version, key id (8 bytes), nonce (12 bytes), ciphertext with its tag (NIST SP 800-38D).
The header, the department and the sha256 of the original are authenticated with it, so that no object can take the
place of another.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.shared.errors import Internal, Unavailable
from services.shared.observability.logs import get_logger

MAGIC: Final = b"\x89EINTHOVEN\r\n\x1a"
_VERSION: Final = b"\x01"
_KEY_ID_BYTES: Final = 8
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
HEADER_BYTES: Final = len(MAGIC) + len(_VERSION) + _KEY_ID_BYTES

_log = get_logger(__name__)


class Sealer:
    """Seals under the first secret, opens under any of them."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = {_derived(secret, b"einthoven originals: key id", _KEY_ID_BYTES): secret for secret in secrets}
        self._key_id = next(iter(self._secrets))

    def seal(self, tenant: str, sha256: str, plain: bytes) -> bytes:
        """Return an original encrypted; of the same bytes a different object each time."""
        header, nonce = MAGIC + _VERSION + self._key_id, os.urandom(_NONCE_BYTES)
        cipher = _cipher(self._secrets[self._key_id], tenant)
        return header + nonce + cipher.encrypt(nonce, plain, _context(header, tenant, sha256))

    def open(self, tenant: str, sha256: str, sealed: bytes) -> bytes:
        """Return what was sealed; raises Unavailable where the secret is not there, Internal where it was altered."""
        header, rest = sealed[:HEADER_BYTES], sealed[HEADER_BYTES:]
        key_id = header[-_KEY_ID_BYTES:]
        if header[len(MAGIC) : -_KEY_ID_BYTES] != _VERSION or key_id not in self._secrets:
            _log.error("original_key_missing", key_id=key_id.hex())
            raise Unavailable("The original lies under a key that is not configured here; tell who runs the platform.")
        cipher, nonce = _cipher(self._secrets[key_id], tenant), rest[:_NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, rest[_NONCE_BYTES:], _context(header, tenant, sha256))
        except (InvalidTag, ValueError):
            _log.error("original_altered", sha256=sha256)
            raise Internal("A sealed original is not what was written.") from None

    def is_current(self, head: bytes) -> bool:
        """Say by its first HEADER_BYTES whether an object is sealed under the first secret."""
        return head == MAGIC + _VERSION + self._key_id


def is_sealed(data: bytes) -> bool:
    """Say whether an object is sealed; those of older versions and of other settings are not."""
    return data.startswith(MAGIC)


def _context(header: bytes, tenant: str, sha256: str) -> bytes:
    return b"\0".join((header, tenant.encode(), sha256.encode()))


@lru_cache(maxsize=256)
def _cipher(secret: bytes, tenant: str) -> AESGCM:
    return AESGCM(_derived(secret, b"einthoven originals: key of " + tenant.encode(), _KEY_BYTES))


def _derived(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret)
