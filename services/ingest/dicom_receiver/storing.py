"""Objects on their way from a sender to ingest, and the DICOM status of each."""

import time
from dataclasses import dataclass
from typing import Protocol

from services.ingest.dicom_receiver.metrics import OBJECT_BYTES, OBJECTS, STORE_SECONDS
from services.shared import dicom
from services.shared.errors import ErrorCode, PlatformError
from services.shared.identity import Caller
from services.shared.observability.logs import get_logger

_COMMENT_CHARACTERS = 64

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """One object as a sender sent it."""

    calling: str
    """The sender's AE title."""
    sop_uid: str
    sop_class_uid: str
    data: bytes
    """A DICOM file (PS3.10)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told: a status (PS3.4 B.2.3), and why in at most 64 characters."""

    status: int
    comment: str = ""


class Uploads(Protocol):
    """Takes files to ingest."""

    async def store(self, caller: Caller, dataset: str, file_name: str, data: bytes) -> None:
        """Return once the file is durable; raises the PlatformError for which it is not."""
        ...


class Storing:
    """Stores objects for the departments that their senders belong to."""

    def __init__(self, uploads: Uploads, departments: dict[str, str], dataset: str) -> None:
        self._uploads = uploads
        self._departments = departments
        self._dataset = dataset

    async def store(self, received: Received) -> Answer:
        """Return success once the object is durable, else why it is not."""
        started = time.perf_counter()
        code, answer = await self._answer(received)
        seconds = time.perf_counter() - started
        OBJECTS.labels(f"{answer.status:04X}").inc()
        OBJECT_BYTES.inc(len(received.data))
        STORE_SECONDS.observe(seconds)
        tell = _log.info if answer.status == dicom.SUCCESS else _log.warning
        told = {"status": f"{answer.status:04X}", "size_bytes": len(received.data), "seconds": round(seconds, 4)}
        tell("dicom_object", calling=received.calling, code=code, **told)
        return answer

    async def _answer(self, received: Received) -> tuple[str, Answer]:
        department = self._departments.get(received.calling)
        if department is None:
            return ErrorCode.FORBIDDEN.value, Answer(dicom.NOT_AUTHORIZED, "The sender is not known here.")
        caller = Caller(department, f"dicom:{received.calling}")
        try:
            await self._uploads.store(caller, self._dataset, f"{received.sop_uid}.dcm", received.data)
        except PlatformError as error:
            failure = dicom.failure_of(error.code, received.sop_class_uid)
            return error.code.value, Answer(failure, _comment(error.detail))
        return "", Answer(dicom.SUCCESS)


def _comment(text: str) -> str:
    return text.replace("\\", "/").encode("ascii", "replace").decode()[:_COMMENT_CHARACTERS].strip()
