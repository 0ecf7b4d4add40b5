"""What a format is: a module with a name, a way to recognise its files by content, and a way to read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import Recording

MAX_DECODED_BYTES: Final = 256 << 20
"""What a compressed file may grow to, whatever it says of itself."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One file as it was uploaded, with the files that belong to it."""

    name: str
    """Without folders."""
    data: bytes
    companions: Mapping[str, bytes] = field(default_factory=dict)
    """The bytes of each companion by name, e.g. of the .dat of a .hea."""
    folder: str = ""
    """Where it lay, with "/" between folders; an archive counts as one."""

    @property
    def full_name(self) -> str:
        """The name with its folder."""
        return self.beside(self.name)

    def beside(self, name: str) -> str:
        """Return the full name of a file of the same folder."""
        return f"{self.folder}/{name}" if self.folder else name

    @property
    def size_bytes(self) -> int:
        """The size of all its parts."""
        return len(self.data) + sum(map(len, self.companions.values()))


@dataclass(frozen=True, slots=True)
class About:
    """What people should know of a format; docs/formats.md is made of it."""

    title: str
    reads: str
    """Which files and ways of writing are read."""
    refuses: str
    """What is refused with a sentence."""
    units: str
    """How numbers become millivolt."""
    rate: str
    """Where the sampling rate is from."""
    proof: tuple[str, ...]
    """Tests that show it, as file::test in tests/unit/services/ingest/formats."""


class Format(Protocol):
    """One file format; a module of this folder with these four names is one."""

    NAME: str
    """How records, declarations and metrics call it."""
    ABOUT: About
    """What the documentation says of it."""

    def sniff(self, file: UploadedFile) -> bool:
        """Say by content whether the file is of this format; quick, and never raises."""
        ...

    def read(self, file: UploadedFile, declaration: Declaration) -> Recording:
        """Decode the file; raises UnreadableFile (what is wrong, what was expected, what to do) where it cannot."""
        ...
