"""Where an archive waits until it is whole: a small one in memory, a large one in a file without a name."""

import asyncio
import errno
import hashlib
import tempfile
from typing import BinaryIO, Final, cast

from services.shared.errors import StorageFull, TooLarge, Unavailable

MEMORY_BYTES: Final = 4 << 20
"""An archive up to this size never touches a disk."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Spools:
    """The archives of all uploads together: so many lie on the disk at once, and further ones wait."""

    def __init__(self, max_archive_bytes: int, at_once: int) -> None:
        self._max_archive_bytes = max_archive_bytes
        self._places = asyncio.Semaphore(at_once)

    def open(self) -> "Spool":
        """Return an empty spool; close it."""
        return Spool(self._max_archive_bytes, self._places)


class Spool:
    """The bytes of one archive as they come, and their sha256."""

    def __init__(self, max_bytes: int, places: asyncio.Semaphore) -> None:
        self._max_bytes = max_bytes
        self._places = places
        self._has_place = False
        self._digest = hashlib.sha256()
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 close() closes it
        self.size_bytes = 0

    @property
    def file(self) -> BinaryIO:
        """What was written, for reading from any place."""
        return cast("BinaryIO", self._file)

    @property
    def sha256(self) -> str:
        """The digest of what was written."""
        return self._digest.hexdigest()

    async def write(self, data: bytes) -> None:
        """Take the next bytes; raises TooLarge, or StorageFull where the disk takes no more."""
        self.size_bytes += len(data)
        if self.size_bytes > self._max_bytes:
            raise TooLarge(
                f"The archive is larger than {self._max_bytes / (1 << 20):g} MiB, the most that is taken; "
                "send it in several parts."
            )
        if self.size_bytes > MEMORY_BYTES and not self._has_place:
            await self._places.acquire()
            self._has_place = True
        try:
            await asyncio.to_thread(self._append, data)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull("There is no room to unpack the archive; send it again later.") from None
            raise Unavailable("The archive cannot be kept while it is unpacked; send it again later.") from None

    def read(self) -> bytes:
        """Return all of it."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Forget it."""
        self._file.close()
        if self._has_place:
            self._has_place = False
            self._places.release()

    def _append(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)
