"""What a stream of files is made of: a start, chunks of bytes and an end for each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """A file begins."""

    file_name: str


@dataclass(frozen=True, slots=True)
class End:
    """A file is complete."""


Step = Start | bytes | End
