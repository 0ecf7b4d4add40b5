"""EDF files for the tests: a header as the standard lays it out, and data records behind it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS
from tests.unit.services.ingest.ecgs import twelve_leads

LEADS = twelve_leads()


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal: its samples as they are stored, and what the header says of it."""

    label: str
    raw: NDArray[Any]
    per_record: int = 100
    unit: str = "uV"
    physical: tuple[object, object] = (-32768, 32767)
    digital: tuple[object, object] = (-32768, 32767)


def edf_of(channels: list[Channel], records: int = 6, **fields: Any) -> bytes:
    """Return a file of the channels; any field of the header may be given another value."""
    count = len(channels)
    told: dict[str, Any] = {
        "patient": "", "recording": "", "kind": "", "announced": records, "duration": "0.2", "count": count,
        "header_bytes": 256 * (count + 1),
    } | fields  # fmt: skip
    head = (
        f"{'0':8}{told['patient']:80}{told['recording']:80}01.02.2012.30.00{told['header_bytes']:<8}"
        f"{told['kind']:44}{told['announced']:<8}{told['duration']:8}{told['count']:<4}"
    )
    columns: list[tuple[int, list[Any]]] = [
        (16, [channel.label for channel in channels]),
        (80, [""] * count),
        (8, [channel.unit for channel in channels]),
        *((8, [channel.physical[end] for channel in channels]) for end in (0, 1)),
        *((8, [channel.digital[end] for channel in channels]) for end in (0, 1)),
        (80, ["HP:0.05Hz LP:150Hz"] * count),
        (8, [channel.per_record for channel in channels]),
        (32, [""] * count),
    ]
    head += "".join(f"{value!s:{width}}" for width, values in columns for value in values)
    blocks = [channel.raw.astype("<i2").reshape(records, channel.per_record) for channel in channels]
    return head.encode("latin-1") + np.hstack(blocks).tobytes()


def twelve(labels: tuple[str, ...] = STANDARD_LEADS, **kinds: Any) -> list[Channel]:
    """Return the twelve leads in microvolts."""
    return [
        Channel(label, np.round(row * 1000), **kinds) for label, row in zip(labels, LEADS[: len(labels)], strict=True)
    ]
