"""Bare arrays (CSV, NPY, NPZ, MAT): no unit, often no rate and no names, either orientation.

What the file does not state is taken from the declaration; what neither states is inferred only by a rule that is named
in a remark, or refused.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from numpy.typing import NDArray

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.leads import canonical, inverted
from services.ingest.decoding.quoting import quoted
from services.ingest.decoding.scaling import Numbers, in_millivolt, scales_of
from services.ingest.decoding.stated import Stated
from services.ingest.decoding.subject import UNKNOWN, Subject
from services.shared.acquisition import NOT_STATED, Acquisition
from services.shared.ecg import LEAD_LAYOUTS, STANDARD_LEADS, Recording, Remark
from services.shared.errors import UnreadableFile

USUAL_DURATION_S: Final = 10
USUAL_RATES_HZ: Final = frozenset({100, 250, 500, 1000})
EIGHT_LEADS: Final = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""The independent leads, in the order in which devices write them."""
_TWELVE: Final = len(STANDARD_LEADS)
_MATRIX: Final = 2


@dataclass(frozen=True, slots=True)
class Bare:
    """An array as it lies in a file, with whatever the file states of it."""

    values: NDArray[Any]
    names: tuple[str, ...] | None = None
    """One per lead."""
    oriented: bool = False
    """Whether the values are known to be (leads, samples)."""
    rate_hz: float | None = None
    units: tuple[str, ...] = ()
    """Units of voltage as UCUM writes them, for all leads or for each ("" where not stated); or none."""
    resolutions: tuple[float, ...] = ()
    """How many units one of the numbers is, for all leads or for each; none where the numbers are in the unit."""
    integers: bool | None = None
    """Whether the values were written as whole numbers; None looks at the type."""
    remarks: tuple[Remark, ...] = ()
    subject: Subject = UNKNOWN
    acquisition: Acquisition = NOT_STATED

    def beside(self, stated: Stated) -> "Bare":
        """Return the array with what is said beside it, where it does not say it itself."""
        return replace(
            self,
            names=self.names or stated.names,
            rate_hz=self.rate_hz if self.rate_hz is not None else stated.rate_hz,
            units=self.units if any(self.units) else stated.units,
            resolutions=self.resolutions or (() if any(self.units) else stated.resolutions),
            remarks=(*self.remarks, *stated.remarks),
            subject=stated.subject,
            acquisition=Acquisition(device=stated.device, acquired_at=stated.acquired_at),
        )


def read_bare(bare: Bare, declaration: Declaration) -> Recording:
    """Return the recording that an array and a declaration make; raises UnreadableFile where they leave it open."""
    remarks = list(bare.remarks)
    values = bare.values if bare.oriented else orient(bare.values, len(bare.names) if bare.names else None)
    names = _names(bare.names, values.shape[0], declaration, remarks)
    rate_hz = _rate(bare.rate_hz, values.shape[1], declaration, remarks)
    integers = values.dtype.kind in "iu" if bare.integers is None else bare.integers
    scales = scales_of(names, Numbers(bare.units, bare.resolutions, integers), declaration, remarks)
    acquisition = replace(bare.acquisition, scales=scales)
    signal = in_millivolt(values, scales)
    return assemble(Found(signal, names, rate_hz, tuple(remarks), bare.subject, acquisition))


def orient(values: NDArray[Any], lead_count: int | None = None) -> NDArray[Any]:
    """Return a view of shape (leads, samples); raises UnreadableFile where the shape leaves that open."""
    if values.dtype.kind not in "iuf":
        raise UnreadableFile(f"The array is of type {values.dtype}; numbers were expected.")
    given = values.shape
    while values.ndim > _MATRIX and values.shape[0] == 1:
        values = values[0]
    while values.ndim > _MATRIX and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim > _MATRIX:
        raise UnreadableFile(f"The array of shape {given} holds several ECGs; upload one file for each.")
    if values.ndim < _MATRIX:
        raise UnreadableFile(f"An array of shape {given} is not leads x samples.")
    return _leads_first(values, (lead_count,) if lead_count else (_TWELVE, len(EIGHT_LEADS)))


def looks_like_ecg(shape: tuple[int, ...]) -> bool:
    """Say whether an array of this shape may be an ECG: 12 or 8 leads and more samples than leads."""
    lengths = [length for length in shape if length != 1]
    return len(lengths) >= _MATRIX and max(lengths) > _TWELVE and bool({_TWELVE, len(EIGHT_LEADS)} & set(lengths))


def _leads_first(values: NDArray[Any], counts: tuple[int, ...]) -> NDArray[Any]:
    rows, columns = (length in counts for length in values.shape)
    if rows and columns:
        raise UnreadableFile(
            f"An array of shape {values.shape} can be read either way; write it with more samples than leads, "
            "or as a CSV whose header names the leads."
        )
    if not rows and not columns:
        raise UnreadableFile(
            f"An array of shape {values.shape} is not an ECG: expected {' or '.join(map(str, counts))} leads "
            "along one axis. Fewer leads can be uploaded as a CSV whose header names them."
        )
    return values if rows else values.T


def _names(
    given: tuple[str, ...] | None, count: int, declaration: Declaration, remarks: list[Remark]
) -> tuple[str, ...]:
    layout = declaration.lead_layout
    if given and any(canonical(name) or inverted(name) for name in given):
        if len(given) != count:
            raise UnreadableFile(
                f"The file names {len(given)} leads and holds {count}: one name for each was expected."
            )
        if layout and tuple(map(canonical, given)) != LEAD_LAYOUTS[layout]:
            remarks.append(
                Remark("layout_ignored", f"The file names its leads; the declared layout {layout} was not used.")
            )
        return given
    if count == _TWELVE:
        if not layout:
            said = (
                f"The names in the file ({quoted(', '.join(given))}) are no leads"
                if given
                else "The file names no leads"
            )
            text = f"{said}: the standard order I, II, III, aVR … V6 was taken."
            remarks.append(Remark("assumed_layout", text))
        return LEAD_LAYOUTS[layout or "standard"]
    if count == len(EIGHT_LEADS) and not layout:
        remarks.append(Remark("assumed_layout", "The file has 8 unnamed leads: I, II, V1 … V6 were taken."))
        return EIGHT_LEADS
    raise UnreadableFile(f"The file has {count} leads without names; name them in a header, e.g. I, II, V1.")


def _rate(stated: float | None, samples: int, declaration: Declaration, remarks: list[Remark]) -> float:
    declared = declaration.rate_hz
    if stated is not None:
        if declared is not None and abs(stated - declared) > declared / 100:
            text = f"The file states {stated:g} Hz; the declared {declared:g} Hz were not used."
            remarks.append(Remark("rate_ignored", text))
        return float(stated)
    if declared is not None:
        return declared
    rate, rest = divmod(samples, USUAL_DURATION_S)
    if rest or rate not in USUAL_RATES_HZ:
        raise UnreadableFile(
            f"The file does not say at which rate its {samples} samples were taken; declare sampling_rate_hz."
        )
    text = f"The file states no rate: {rate} Hz was inferred, as {samples} samples are then the usual 10 s."
    remarks.append(Remark("inferred_rate", text))
    return float(rate)
