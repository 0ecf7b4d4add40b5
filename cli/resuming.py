"""What of an upload is still to be sent: files whose bytes the dataset has are not sent again."""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cli.client import Json, Platform
from cli.files import Group, LocalFile
from cli.report import PRESENT, unsent

ASKED_GROUPS: Final = 500
"""How many groups are asked about at once."""
_READ_BYTES: Final = 1 << 20


def missing(
    platform: Platform, dataset_id: str, groups: Iterable[Group], tell: Callable[[Json, LocalFile], None]
) -> Iterator[Group]:
    """Yield the groups of which something is not in the dataset; tell of each file of the others that it is there."""
    iterator = iter(groups)
    while asked := list(itertools.islice(iterator, ASKED_GROUPS)):
        digests = [[_sha256(file) for file in group] for group in asked]
        wanted = sorted({digest for group in digests for digest in group if digest})
        answer = platform.ask(f"/datasets/{dataset_id}/records/missing", {"sha256": wanted}) if wanted else {}
        lacking = {"", *answer.get("sha256", ())}
        for group, found in zip(asked, digests, strict=True):
            if lacking.isdisjoint(found):
                for file in group:
                    tell(unsent(file.name, PRESENT), file)
            else:
                yield group


def _sha256(file: LocalFile) -> str:
    """Return a file's digest; empty where it cannot be read, which whoever sends it tells."""
    digest = hashlib.sha256()
    try:
        with file.path.open("rb") as source:
            while data := source.read(_READ_BYTES):
                digest.update(data)
    except OSError:
        return ""
    return digest.hexdigest()
