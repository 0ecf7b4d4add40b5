"""What the store speaks of: versions of models and their files."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Origin = Literal["import", "training", "preset"]
Visibility = Literal["department", "site"]

MODEL_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a version, as it lies in the object store."""

    file_name: str
    object_key: str
    sha256: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One immutable version of a model."""

    row_id: int
    """Grows with every version stored: the order of the list."""
    tenant: str
    name: str
    version: str
    origin: Origin
    visibility: Visibility
    manifest_json: str
    files: tuple[StoredFile, ...]
    created_at: datetime
    ready: bool = True
    """False while its files are being written; only the store itself sees such versions."""

    @property
    def prefix(self) -> str:
        """Where its objects lie."""
        return f"models/{self.tenant}/{self.name}/{self.version}/"


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that somebody wants stored."""

    tenant: str
    name: str
    version: str
    """Empty for the next number."""
    origin: Origin
    origin_id: str | None = None
    """Storing the same one again gives the version made the first time."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Files that a service has put into the object store, to become a version."""

    name: str
    version: str
    """Empty for the next number."""
    manifest_json: str
    object_keys: Mapping[str, str]
    """File name to object key."""
    origin_id: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file of a draft comes from."""

    file_name: str
    open: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class PageOfModels:
    """Some versions, newest first, and where the list goes on."""

    models: tuple[ModelVersion, ...]
    next_cursor: str
    """Empty at the end."""
