"""Gives DICOM instances back: the original where it is kept, else what the record would be exported as."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final, Protocol

from services.ingest.exporting.exports import ExportedFile, Wish, export
from services.ingest.instances import files
from services.ingest.ports import InstanceCatalog, RecordCatalog
from services.ingest.records import Instance, InstanceForm, Record
from services.shared.errors import NotFound
from services.shared.signals import SignalStore

_MEDIA_TYPE: Final = {InstanceForm.FILE: "application/dicom", InstanceForm.METADATA: "application/dicom+json"}
_SUFFIX: Final = {InstanceForm.FILE: ".dcm", InstanceForm.METADATA: ".json"}
_WRITE: Final[dict[InstanceForm, Callable[[bytes], bytes]]] = {
    InstanceForm.FILE: files.part10,
    InstanceForm.METADATA: files.metadata,
}


class Originals(Protocol):
    """Keeps what was received."""

    async def get(self, tenant: str, sha256: str) -> bytes:
        """Return what is kept of an original; raises NotFound where nothing is."""
        ...


class Retrieval:
    """Finds the file of an instance."""

    def __init__(
        self, instances: InstanceCatalog, records: RecordCatalog, originals: Originals, signals: SignalStore
    ) -> None:
        self._instances = instances
        self._records = records
        self._originals = originals
        self._signals = signals

    async def fetch(self, tenant: str, record_id: str, form: InstanceForm) -> ExportedFile:
        """Return the instance that a record was made of; raises NotFound."""
        instance = await self._instances.of_record(tenant, record_id)
        original = await self._original(await self._records.get(tenant, record_id), instance)
        data = await asyncio.to_thread(_WRITE[form], original)
        digest = hashlib.sha256(data).hexdigest()
        return ExportedFile(instance.sop_uid + _SUFFIX[form], _MEDIA_TYPE[form], digest, data)

    async def _original(self, record: Record, instance: Instance) -> bytes:
        try:
            return await self._originals.get(record.tenant, record.sha256)
        except NotFound:
            exported = await export(self._signals, record, Wish("dicom"))
            return await asyncio.to_thread(files.renamed, exported.data, instance)
