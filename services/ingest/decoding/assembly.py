"""The last step of every format: named leads in millivolt become a checked Recording in canonical order."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from services.ingest.decoding.leads import Leads, canonical, derive, inverted, residuals
from services.ingest.decoding.quoting import quoted
from services.ingest.decoding.subject import UNKNOWN, Subject
from services.shared.acquisition import NOT_STATED, Acquisition, Scale
from services.shared.ecg import MAX_ABS_MV, STANDARD_LEADS, Recording, Remark, Signal
from services.shared.errors import UnreadableFile

UNUSUAL_MV = (0.1, 20.0)
"""The largest sample of a surface ECG lies between these; pacing spikes and artefacts may pass the upper."""
ALGEBRA_TOLERANCE_MV = 0.1
NOTE_CODES = frozenset({"original_not_kept", "lead_algebra"})
"""Remarks that report a check that passed; every other remark makes a file "stored with warnings"."""
MAX_LEADS = 64
_MAX_NAME = 32
_MAX_REMARK = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """What a format found in a file."""

    signal: Signal
    """(leads, samples), float32, millivolt; NaN where nothing was recorded."""
    names: tuple[str, ...]
    rate_hz: float
    remarks: tuple[Remark, ...] = ()
    subject: Subject = UNKNOWN
    acquisition: Acquisition = NOT_STATED
    """Its scales name leads as `names` does."""


def assemble(found: Found) -> Recording:
    """Name and order the leads, derive what can be derived, check the algebra and the amplitudes.

    Raises UnreadableFile where no standard lead is there, or the values cannot be an ECG.
    """
    extremes = _checked(found.signal)
    if extremes.has_gaps:  # one kind of NaN for all: at a signalling one, `fmax` forgets what it saw before
        found = replace(found, signal=np.where(np.isnan(found.signal), np.float32(np.nan), found.signal))
    if (upright := _upright(found)) is not found:
        found, extremes = upright, _Extremes.of(upright.signal)
    leads, empty = _named(found, has_gaps=extremes.has_gaps)
    derived = derive(leads)
    remarks = [*found.remarks, *_lead_remarks(leads, derived, empty)]
    remarks += [*(_gaps(leads) if extremes.has_gaps else ()), *_value_remarks(extremes.by_lead(leads, found.names))]
    names: list[str] = [name for name in STANDARD_LEADS if name in leads or name in empty]
    names += [name for name in leads if name not in STANDARD_LEADS]
    return Recording(
        signal=found.signal if names == [*leads] and not derived else _stacked(leads, names, found.signal.shape[1]),
        leads=tuple(names),
        rate_hz=found.rate_hz,
        remarks=tuple(map(_sayable, remarks)),
        age_years=found.subject.age_years,
        sex=found.subject.sex,
        patient=found.subject.patient,
        acquisition=_renamed(found.acquisition),
    )


def _sayable(remark: Remark) -> Remark:
    """Return a remark without what words of a file may hold that cannot be shown."""
    return remark if remark.text.isprintable() else Remark(remark.code, quoted(remark.text, _MAX_REMARK))


def is_warning(remarks: Iterable[Remark]) -> bool:
    """Say whether a reader should know of any of these remarks."""
    return any(remark.code not in NOTE_CODES for remark in remarks)


@dataclass(frozen=True, slots=True)
class _Extremes:
    """The smallest and the largest sample of each row; NaN for a row that has gaps."""

    low: Signal
    high: Signal

    @classmethod
    def of(cls, signal: Signal) -> "_Extremes":
        return cls(signal.min(axis=1), signal.max(axis=1))

    @property
    def has_gaps(self) -> bool:
        return bool(np.isnan(self.low).any())

    @property
    def largest(self) -> float:
        return float(max(-self.low.min(), self.high.max()))

    def by_lead(self, leads: Leads, names: tuple[str, ...]) -> dict[str, tuple[float, float]]:
        """Return the range of each lead, over what gaps leave of it."""
        ranges = dict(zip(map(_known_as, names), zip(self.low.tolist(), self.high.tolist(), strict=True), strict=True))
        for name, row in leads.items():
            if name not in ranges or math.isnan(ranges[name][0]):
                ranges[name] = float(np.fmin.reduce(row)), float(np.fmax.reduce(row))
        return {name: ranges[name] for name in leads}


def _stacked(leads: Leads, names: Sequence[str], samples: int) -> Signal:
    """Return the leads one below the other, with nothing recorded where a standard one holds nothing."""
    blank = np.full(samples, np.nan, dtype=np.float32)
    return np.stack([leads.get(name, blank) for name in names])


def _checked(signal: Signal) -> _Extremes:
    """Return the extremes of a signal; raises UnreadableFile where it cannot be an ECG."""
    if signal.shape[0] > MAX_LEADS:
        raise UnreadableFile(f"The file has {signal.shape[0]} channels; an ECG of at most {MAX_LEADS} was expected.")
    if signal.size == 0:
        raise UnreadableFile("The file holds no samples.")
    extremes = _Extremes.of(signal)
    if extremes.has_gaps and np.isnan(signal).all():
        raise UnreadableFile("The file holds no samples: every value is empty or not a number.")
    largest = extremes.largest if not extremes.has_gaps else float(np.abs(signal[~np.isnan(signal)]).max())
    if np.isinf(largest):
        raise UnreadableFile("The file holds infinite values; every sample must be a finite number.")
    if largest > MAX_ABS_MV:
        raise UnreadableFile(
            f"Samples reach {largest:.4g} mV, beyond {MAX_ABS_MV:g} mV: the unit must be wrong. "
            "Declare gain_adu_per_mv, the units per millivolt."
        )
    return extremes


def _upright(found: Found) -> Found:
    """Turn the leads that are held upside down, such as Cabrera's -aVR, where the lead itself is not there as well."""
    known = {canonical(name) for name in found.names}
    turned = {name: lead for name in found.names if (lead := inverted(name)) and lead not in known}
    if not turned or len(set(turned.values())) < len(turned):
        return found
    signal = found.signal.copy()
    for row, name in enumerate(found.names):
        if name in turned:
            np.negative(signal[row], out=signal[row])
    leads = ", ".join(turned.values())
    remark = Remark("inverted_lead", f"The file holds −{leads}: the sign was turned to give {leads}.")
    scales = tuple(replace(scale, lead=turned.get(scale.lead, scale.lead)) for scale in found.acquisition.scales)
    return replace(
        found,
        signal=signal,
        names=tuple(turned.get(name, name) for name in found.names),
        remarks=(*found.remarks, remark),
        acquisition=replace(found.acquisition, scales=scales),
    )


def _named(found: Found, *, has_gaps: bool) -> tuple[Leads, tuple[str, ...]]:
    """Return the leads that hold samples, and the names of the standard ones that are there but hold none."""
    leads: Leads = {}
    empty: list[str] = []
    for name, row in zip(map(_known_as, found.names), found.signal, strict=True):
        if name in leads or name in empty:
            raise UnreadableFile(f"The lead {name} is there twice; every lead may be named once.")
        if has_gaps and np.isnan(row).all():
            empty.append(name)
        else:
            leads[name] = row
    if not any(name in STANDARD_LEADS for name in leads):
        raise UnreadableFile(
            f"None of the standard leads was found among {', '.join([*leads, *empty])[:200]}; "
            f"expected names such as {', '.join(STANDARD_LEADS)}."
        )
    return leads, tuple(empty)


@lru_cache(maxsize=1024)
def _known_as(name: str) -> str:
    known, turned = canonical(name), inverted(name)
    if turned:
        return f"-{turned}"
    return known or "".join(c if c.isprintable() else "?" for c in name.strip())[:_MAX_NAME] or "unnamed"


def _renamed(acquisition: Acquisition) -> Acquisition:
    """Return the acquisition with the names of leads that the recording has, and texts that can be shown and stored."""
    texts = (acquisition.device or "", *acquisition.statements)
    if not all(map(str.isprintable, texts)):
        device, *statements = (quoted(text, _MAX_REMARK) for text in texts)
        acquisition = replace(acquisition, device=device or None, statements=tuple(statements))
    if all(_known_as(scale.lead) == scale.lead for scale in acquisition.scales):
        return acquisition
    scales = (Scale(_known_as(scale.lead), scale.resolution, scale.unit) for scale in acquisition.scales)
    return replace(acquisition, scales=tuple(scales))


def _lead_remarks(leads: Leads, derived: tuple[str, ...], empty: tuple[str, ...]) -> Iterable[Remark]:
    if derived:
        yield Remark("derived_leads", f"{', '.join(derived)} were derived from the limb leads that were recorded.")
    missing = [name for name in STANDARD_LEADS if name not in leads]
    if missing:
        yield Remark("missing_leads", f"{', '.join(missing)} were not recorded.")
    other = [name for name in empty if name not in STANDARD_LEADS]
    if other:
        yield Remark("empty_channels", f"{', '.join(other)} hold no samples and were left out.")
    off = residuals(leads, derived)
    if off:
        worst = max(off, key=lambda name: off[name])
        holds = off[worst] <= ALGEBRA_TOLERANCE_MV
        yield Remark(
            "lead_algebra" if holds else "lead_algebra_violated",
            f"The limb leads {'agree' if holds else 'do not agree'} with each other: "
            f"{worst} is at most {off[worst]:.4f} mV off what I and II say.",
        )


def _gaps(leads: Leads) -> Iterable[Remark]:
    gaps = {name: int(np.isnan(row).sum()) for name, row in leads.items()}
    if any(gaps.values()):
        listed = ", ".join(f"{name} {count}" for name, count in gaps.items() if count)
        yield Remark("gaps", f"Samples are missing: {listed}.")


def _value_remarks(ranges: Mapping[str, tuple[float, float]]) -> Iterable[Remark]:
    flat = [name for name, (low, high) in ranges.items() if low == high]
    if flat:
        yield Remark("flat_leads", f"{', '.join(flat)} never change: the electrode may have been off.")
    largest = max(max(abs(low), abs(high)) for low, high in ranges.values())
    if not UNUSUAL_MV[0] <= largest <= UNUSUAL_MV[1]:
        yield Remark(
            "unusual_amplitude",
            f"The largest sample is {largest:.3g} mV, unusual for a surface ECG: check the unit and the gain.",
        )
