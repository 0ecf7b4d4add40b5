"""A file that signal analysis makes for somebody."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file that is ready to be sent."""

    file_name: str
    media_type: str
    data: bytes

    @property
    def sha256(self) -> str:
        """The digest of its bytes."""
        return hashlib.sha256(self.data).hexdigest()
