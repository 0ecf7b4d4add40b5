"""The n-th damaged file of a format: the same for the same seed."""

import dataclasses
import os
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import FORMATS
from services.ingest.formats.base import UploadedFile
from tests.fuzz.dice import Dice
from tests.fuzz.mutations import mutated
from tests.fuzz.samples import Sample, small

REAL: Final = Path(os.environ.get("EINTHOVEN_DATA", Path(__file__).parents[3] / "shared" / "data"))  # noqa: TID251 the suite's own setting
LARGEST_REAL: Final = 300_000
_REAL_SHARE: Final = 0.1
_DECLARED: Final[tuple[dict[str, Any], ...]] = (
    {"rate_hz": None},
    {"rate_hz": 500},
    {"rate_hz": 250, "gain_adu_per_mv": 200},
    {"rate_hz": 1000, "lead_layout": "mimic", "pseudonym_key": b"k"},
    {"gain_adu_per_mv": 1e-9, "raw": None},
)


def case(name: str, seed: int, number: int) -> Sample:
    """Return a damaged file of a format with a declaration; the first ones are whole."""
    whole, real = _cached(name), real_files(name)
    if number < len(whole):
        return whole[number]
    dice = Dice(seed, zlib.crc32(name.encode()), number)
    base = dice.pick(real) if real and dice.chance(_REAL_SHARE) else dice.pick(whole)
    changes = dice.pick(_DECLARED) if dice.chance(0.3) else {}
    declaration = dataclasses.replace(base.declaration, **changes)
    return Sample(_damaged(base.file, dice, _others()), declaration)


@lru_cache
def _cached(name: str) -> tuple[Sample, ...]:
    return small(name)


@lru_cache
def _others() -> tuple[bytes, ...]:
    """Return one whole file of every format, to splice pieces of."""
    return tuple(_cached(known.NAME)[0].file.data for known in FORMATS)


@lru_cache
def real_files(name: str) -> tuple[Sample, ...]:
    """Return the published files of a format that are not too large, where they are there."""
    found = []
    for path in sorted((REAL / "formats").rglob("*")) if REAL.is_dir() else ():
        if path.is_file() and path.stat().st_size <= LARGEST_REAL:
            beside = path.parent.glob(path.stem + ".*") if path.suffix == ".hea" else ()
            parts = {other.name: other.read_bytes() for other in beside if other != path}
            file = UploadedFile(path.name, path.read_bytes(), parts)
            if next((known.NAME for known in FORMATS if known.sniff(file)), "") == name:
                found.append(Sample(file, Declaration(rate_hz=500)))
    return tuple(found)


def _damaged(file: UploadedFile, dice: Dice, others: tuple[bytes, ...]) -> UploadedFile:
    """Damage a file, or one of those that belong to it, or take that away."""
    if file.companions and dice.chance(0.35):
        name = dice.pick(sorted(file.companions))
        beside = dict(file.companions)
        if dice.chance(0.05):
            del beside[name]
        else:
            beside[name] = mutated(beside[name], dice, (*others, *file.companions.values()))
        return dataclasses.replace(file, companions=beside)
    return dataclasses.replace(file, data=mutated(file.data, dice, (*others, file.data)))
