"""From settings to an object store."""

from services.shared.errors import InvalidRequest
from services.shared.settings import StorageSettings
from services.shared.storage import ObjectStore
from services.shared.storage.filesystem import FolderStore
from services.shared.storage.s3 import S3Store


def open_store(settings: StorageSettings) -> ObjectStore:
    """Return the store that the settings name; it connects at its first call, so one that is down stops no start."""
    if settings.kind == "s3":
        return S3Store(settings)
    if settings.folder is None:
        raise InvalidRequest("Storage of kind folder needs a folder.")
    return FolderStore(settings.folder)
