"""Decoding in threads: the parsers and the digest release the interpreter's lock for most of their time."""

import asyncio
import hashlib
import io
import os
import time
import traceback
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import Decoded, decode, dicom
from services.ingest.formats.base import UploadedFile
from services.ingest.instances.identity import identify
from services.ingest.metrics import DECODE_SECONDS
from services.ingest.originals.keeping import NOT_KEPT, Keep, whole
from services.ingest.records import Instance
from services.shared.errors import Internal, PlatformError, UnreadableFile
from services.shared.observability.logs import get_logger
from services.shared.quality import Quality, assess_recording

_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Digested:
    """A decoded file with the bytes that are kept of it."""

    decoded: Decoded
    original: bytes | None
    """What is kept of the file; with companions, an archive of them all that is the same for the same files."""
    sha256: str
    """Of the file as it came."""
    quality: Quality
    parts: tuple[str, ...] = ()
    """The sha256 of each file, where there are companions."""


class DecodingPool:
    """A bounded number of threads that decode."""

    def __init__(self, threads: int = 0, keep: Keep = whole) -> None:
        self._keep = keep
        self._threads = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="ingest-decode")

    async def digest(self, file: UploadedFile, declaration: Declaration) -> Digested:
        """Decode a file and digest its bytes; raises UnreadableFile, TooLarge or InvalidRequest."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _digest, file, declaration, self._keep)

    async def decode(self, file: UploadedFile, declaration: Declaration) -> tuple[Decoded, Quality]:
        """Decode a file and judge what it holds; raises as digest does."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _decode, file, declaration)

    async def identify(self, file: UploadedFile) -> Instance | None:
        """Return what a DICOM object calls itself; None where it is none, or does not say it whole."""
        if not dicom.sniff(file):
            return None
        return await asyncio.get_running_loop().run_in_executor(self._threads, identify, file.data)

    async def close(self) -> None:
        """End the threads."""
        await asyncio.to_thread(self._threads.shutdown)


def _digest(file: UploadedFile, declaration: Declaration, keep: Keep) -> Digested:
    started = time.perf_counter()
    decoded, quality = _decode(file, declaration)
    came = _bytes(file)
    DECODE_SECONDS.labels(decoded.format_name).observe(time.perf_counter() - started)
    kept = keep(file, decoded, declaration)
    if kept is None:
        recording = decoded.recording
        decoded = replace(decoded, recording=replace(recording, remarks=(*recording.remarks, NOT_KEPT)))
    original = came if kept is file else None if kept is None else _bytes(kept)
    parts = (file.data, *file.companions.values()) if file.companions else ()
    return Digested(decoded, original, _sha256(came), quality, tuple(map(_sha256, parts)))


def _bytes(file: UploadedFile) -> bytes:
    return file.data if not file.companions else _bundle(file)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _decode(file: UploadedFile, declaration: Declaration) -> tuple[Decoded, Quality]:
    try:
        decoded = decode(file, declaration)
        return decoded, assess_recording(decoded.recording)
    except PlatformError:
        raise
    except (MemoryError, RecursionError):
        raise UnreadableFile("The file asks for more memory than an ECG needs; it may be damaged.") from None
    except Exception as error:  # noqa: BLE001 one bad file never costs the others
        error_id = uuid.uuid4().hex
        _log.error("decoder_failed", error_id=error_id, error=type(error).__name__, places=_places(error))
        raise Internal(
            f"The file could not be read for a fault of ours. Quote {error_id} when you report it."
        ) from None


def _places(error: Exception) -> list[str]:
    """Return where an error came from, without its text: that may quote the file, and so a patient."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _bundle(file: UploadedFile) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in [(file.name, file.data), *sorted(file.companions.items())]:
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), data)
    return buffer.getvalue()
