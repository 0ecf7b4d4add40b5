"""How much an archive may hold and grow to, counted while it is read, whatever it says of itself."""

from dataclasses import dataclass
from typing import BinaryIO, Final

from services.shared.errors import TooLarge, UnreadableFile

STEP_BYTES: Final = 256 << 10
"""What is read at once of a member; also the most that a tar's own headers may take."""
_TAIL_BYTES: Final = 1024
_DIRECTORY_BYTES_PER_MEMBER: Final = 400
_LEAST_DIRECTORY_BYTES: Final = 1 << 20
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_FREE_BYTES: Final = 64 << 20
"""What any archive may grow to, however small it is."""


class Exhausted(TooLarge):
    """The archive as a whole is more than is taken; what comes after that is not read."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is taken of one archive."""

    max_members: int
    max_member_bytes: int
    max_total_bytes: int
    """Of everything that is inflated."""
    max_ratio: int
    """How many times larger than the archive that may be, from 64 MiB on."""


class Budget:
    """What is left of the bounds of one archive while it is read."""

    def __init__(self, bounds: Bounds, archive_bytes: int) -> None:
        self.bounds = bounds
        self._allowed = min(bounds.max_total_bytes, max(_FREE_BYTES, bounds.max_ratio * archive_bytes))
        self._left = self._allowed
        self._members = 0

    def spend(self, size_bytes: int) -> None:
        """Count inflated bytes; raises Exhausted."""
        self._left -= size_bytes
        if self._left < 0:
            raise Exhausted(
                f"The archive grows to more than {self._allowed >> 20} MiB, the most that is inflated of one of its "
                "size; what comes after that was not read. Send it in several archives."
            )

    def count(self) -> None:
        """Count a member; raises Exhausted."""
        self._members += 1
        if self._members > self.bounds.max_members:
            raise Exhausted(
                f"The archive holds more than {self.bounds.max_members} files; the others were not read. "
                "Send them in several archives."
            )

    def check_size(self, size_bytes: int) -> None:
        """Raise TooLarge for a member that says of itself that it is larger than a file may be."""
        if size_bytes > self.bounds.max_member_bytes:
            raise TooLarge(
                f"The file is larger than {self.bounds.max_member_bytes / (1 << 20):g} MiB, the most that is taken."
            )


class NarrowFile:
    """A file for the zip library, which reads a zip's directory in one go, however large the zip says that it is."""

    def __init__(self, file: BinaryIO, max_members: int) -> None:
        self._file = file
        self._max_members = max_members
        self._max_read_bytes = max(_LEAST_DIRECTORY_BYTES, max_members * _DIRECTORY_BYTES_PER_MEMBER)

    def read(self, size: int = -1) -> bytes:
        """Read some bytes, or all that are left; raises Exhausted where they are more than a directory needs."""
        data = self._file.read(min(size, self._max_read_bytes + 1) if size >= 0 else self._max_read_bytes + 1)
        if len(data) > STEP_BYTES and (
            len(data) > self._max_read_bytes or data.count(_DIRECTORY_ENTRY) > self._max_members
        ):
            raise Exhausted(
                f"The archive holds more than {self._max_members} files, or a directory larger than they need; "
                "send them in several archives."
            )
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Say that one can go to places."""
        return True


class ForwardFile:
    """A stream for the tar library that goes forward, counts, and remembers just enough to look at a header again.

    What the library would read in one go is bounded, and so is whatever leads it backwards for ever.
    """

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file = file
        self._budget = budget
        self._place = 0
        self._end = 0
        self._tail = b""

    def read(self, size: int) -> bytes:
        """Read some bytes; raises UnreadableFile where a header asks for more than headers hold, or TooLarge."""
        if not 0 <= size <= STEP_BYTES:
            raise UnreadableFile("A header of the archive is damaged.")
        again = self._tail[len(self._tail) - (self._end - self._place) :] if self._place < self._end else b""
        data = again[:size]
        if len(data) < size:
            data += self._forward(size - len(data))
        self._place += len(data)
        return data

    def seek(self, place: int) -> int:
        """Go to a place, onwards or a little back; raises UnreadableFile where it is too far back."""
        if place < self._end - len(self._tail):
            raise UnreadableFile("A header of the archive is damaged.")
        while place > self._end and self._forward(min(STEP_BYTES, place - self._end)):
            pass
        self._place = min(place, self._end)
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def _forward(self, size: int) -> bytes:
        pieces = []
        while size > 0 and (piece := self._file.read(size)):
            pieces.append(piece)
            size -= len(piece)
        data = b"".join(pieces)
        self._budget.spend(len(data))
        self._end += len(data)
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        return data
