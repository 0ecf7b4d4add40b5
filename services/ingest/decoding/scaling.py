"""From the numbers of a bare array to millivolt: by the unit its file states, the declared gain, or a named rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.quoting import quoted
from services.ingest.decoding.units import millivolt_per
from services.shared.acquisition import Scale
from services.shared.ecg import Remark
from services.shared.errors import UnreadableFile

_T = TypeVar("_T", str, float)
DEFAULT_GAIN_ADU_PER_MV: Final = 1000.0
_OF_FRACTIONS: Final = frozenset({"mV", "V"})
"""Units in which samples are no whole numbers."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a file states of its numbers."""

    units: tuple[str, ...]
    """As UCUM writes them, one for all leads or one for each; none, or "", where not stated."""
    resolutions: tuple[float, ...]
    """How many units one of them is, for all leads or for each; none where they are in the unit."""
    integers: bool


def scales_of(
    names: tuple[str, ...], numbers: Numbers, declaration: Declaration, remarks: list[Remark]
) -> tuple[Scale, ...]:
    """Return how the numbers of each lead become millivolt; raises UnreadableFile where units contradict each other."""
    gain = declaration.gain_adu_per_mv
    if not any(numbers.units):
        resolution = _unstated(gain, remarks, integers=numbers.integers)
        return tuple(Scale(name, resolution, "") for name in names)
    units = _units(names, numbers.units, remarks)
    if gain is not None and numbers.integers and not numbers.resolutions and set(units) <= _OF_FRACTIONS:
        text = f"The file states {units[0]} for whole numbers; the declared {gain:g} units per mV were taken."
        remarks.append(Remark("gain_over_unit", text))
        return tuple(Scale(name, 1 / gain, "") for name in names)
    if gain is not None:
        remarks.append(Remark("gain_ignored", f"The file states its unit; the declared {gain:g} per mV was not used."))
    resolutions = _for_each(names, numbers.resolutions or (1.0,), "resolutions")
    return tuple(Scale(*scale) for scale in zip(names, resolutions, units, strict=True))


def in_millivolt(values: NDArray[Any], scales: tuple[Scale, ...]) -> NDArray[np.float32]:
    """Return the numbers (leads, samples) in millivolt; what overflows becomes infinite and is refused as such."""
    factors = np.array(
        [scale.resolution * ((millivolt_per(scale.unit) or 1.0) if scale.unit else 1.0) for scale in scales]
    )
    with np.errstate(over="ignore"):
        if (factors == 1).all():
            return np.ascontiguousarray(values, dtype=np.float32)
        if (factors == factors[0]).all():  # a division is exact for a gain such as 1000 per millivolt
            return np.ascontiguousarray(values / (1 / factors[0]), dtype=np.float32)
        return np.ascontiguousarray(values * factors[:, None], dtype=np.float32)


def _unstated(gain: float | None, remarks: list[Remark], *, integers: bool) -> float:
    """Return millivolt per number where the file states no unit."""
    if gain is not None:
        return 1 / gain
    if integers:
        text = f"The file states no gain: its whole numbers were read as {DEFAULT_GAIN_ADU_PER_MV:g} units per mV."
        remarks.append(Remark("default_gain", text))
        return 1 / DEFAULT_GAIN_ADU_PER_MV
    remarks.append(Remark("assumed_unit", "The file states no unit: its decimal numbers were read as millivolt."))
    return 1.0


def _units(names: tuple[str, ...], stated: tuple[str, ...], remarks: list[Remark]) -> tuple[str, ...]:
    """Return a unit for each lead; one that some leads do not state is that of the others, if these agree."""
    units = _for_each(names, stated, "units")
    known = {unit for unit in units if unit}
    without = ", ".join(name for name, unit in zip(names, units, strict=True) if not unit)
    if without and len(known) > 1:
        raise UnreadableFile(
            f"The file states no unit for {quoted(without, 200)}, and different ones for others; name them all."
        )
    if without:
        text = f"The file states no unit for {quoted(without, 200)}: {min(known)} was taken, as for the others."
        remarks.append(Remark("assumed_unit", text))
    return tuple(unit or min(known) for unit in units)


def _for_each(names: tuple[str, ...], stated: Sequence[_T], what: str) -> Sequence[_T]:
    if len(stated) == 1:
        return list(stated) * len(names)
    if len(stated) != len(names):
        raise UnreadableFile(f"The file states {len(stated)} {what} for {len(names)} leads: one for each was expected.")
    return stated
