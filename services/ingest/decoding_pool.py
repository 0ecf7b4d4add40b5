"""Decoding in threads: the parsers and the digest release the interpreter's lock for most of their time."""

import asyncio
import hashlib
import io
import os
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import Decoded, decode, dicom
from services.ingest.formats.base import UploadedFile
from services.ingest.instances.identity import identify
from services.ingest.metrics import DECODE_SECONDS
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
    original: bytes
    """The file itself; with its companions, an archive of them all that is the same for the same files."""
    sha256: str
    quality: Quality


class DecodingPool:
    """A bounded number of threads that decode."""

    def __init__(self, threads: int = 0) -> None:
        self._threads = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="ingest-decode")

    async def digest(self, file: UploadedFile, declaration: Declaration) -> Digested:
        """Decode a file and digest its bytes; raises UnreadableFile, TooLarge or InvalidRequest."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _digest, file, declaration)

    async def identify(self, file: UploadedFile) -> Instance | None:
        """Return what a DICOM object calls itself; None where it is none, or does not say it whole."""
        if not dicom.sniff(file):
            return None
        return await asyncio.get_running_loop().run_in_executor(self._threads, identify, file.data)

    async def close(self) -> None:
        """End the threads."""
        await asyncio.to_thread(self._threads.shutdown)


def _digest(file: UploadedFile, declaration: Declaration) -> Digested:
    started = time.perf_counter()
    decoded = _decode(file, declaration)
    original = file.data if not file.companions else _bundle(file)
    DECODE_SECONDS.labels(decoded.format_name).observe(time.perf_counter() - started)
    return Digested(decoded, original, hashlib.sha256(original).hexdigest(), assess_recording(decoded.recording))


def _decode(file: UploadedFile, declaration: Declaration) -> Decoded:
    try:
        return decode(file, declaration)
    except PlatformError:
        raise
    except (MemoryError, RecursionError):
        raise UnreadableFile("The file asks for more memory than an ECG needs; it may be damaged.") from None
    except Exception as error:  # one bad file never costs the others
        error_id = uuid.uuid4().hex
        _log.exception("decoder_failed", error_id=error_id)
        raise Internal(
            f"The file could not be read for a fault of ours. Quote {error_id} when you report it."
        ) from error


def _bundle(file: UploadedFile) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in [(file.name, file.data), *sorted(file.companions.items())]:
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), data)
    return buffer.getvalue()
