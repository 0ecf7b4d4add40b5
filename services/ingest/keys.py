"""Where ingest's objects lie."""

from typing import Final

_ORIGINALS: Final = "originals"
ORIGINALS: Final = f"{_ORIGINALS}/"
"""The prefix of every original."""
_SIGNALS: Final = "signals"
_DERIVED: Final = "derived"
_PARTS: Final = 3


def original(tenant: str, sha256: str) -> str:
    """Return the key of an original, which all records of a department with the same bytes share."""
    return f"{_ORIGINALS}/{tenant}/{sha256}"


def original_of(key: str) -> tuple[str, str] | None:
    """Return the tenant and sha256 of an original's key; None for any other object."""
    parts = key.split("/")
    return (parts[1], parts[2]) if len(parts) == _PARTS and parts[0] == _ORIGINALS else None


def shard(tenant: str, dataset_id: str, shard_id: str) -> str:
    """Return the key of a shard."""
    return f"{signals(tenant, dataset_id)}{shard_id}.npy"


def signals(tenant: str, dataset_id: str) -> str:
    """Return the prefix of every shard of a dataset."""
    return f"{_SIGNALS}/{tenant}/{dataset_id}/"


def derived(tenant: str, dataset_id: str) -> str:
    """Return the prefix of everything that other services derived from a dataset."""
    return f"{_DERIVED}/{tenant}/{dataset_id}/"
