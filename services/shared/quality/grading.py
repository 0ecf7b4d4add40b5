"""From indices to flags, from flags to a grade with reasons.

| flag | flagged from | lost from | unit |
|---|---|---|---|
| missing | any sample | half | share of samples |
| flat | 2 s, or 90 % of a shorter stretch | half of the stretch, or a range below 0.05 mV | longest still run |
| saturated | 0.3 % | 5 % | share of samples |
| mains | 0.03 | 0.2 | mV, amplitude |
| drift | 0.5 | 2 | mV, peak to peak |
| noise | 0.04 | 0.12 | mV, standard deviation |
| spikes | 3 | 20 | per 10 s |

unusable: more than half of the leads are lost.
poor: a lead is lost, more than half are flagged, or the limb leads contradict each other (the standard deviation of the
residual beyond 1.1 times that of I and II, as where leads are mislabelled; leads that were not sampled at one instant,
as those of LUDB, reach 1.0).
usable: anything else is flagged, or electrodes seem interchanged.
good: nothing. Pacing is reported and lowers no grade.

The limits of drift, mains and noise are what a reader sees on paper at 10 mm/mV (5 mm, 0.6 mm peak to peak, and a
trace thicker than 1 mm), "lost" is what covers P waves or the ST segment; all were set where the clean records of
docs/quality.md stay below.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from services.shared.ecg import Remark
from services.shared.quality.pacing import Pacing
from services.shared.quality.result import Flag, Grade, LeadQuality

LIMITS: Final[Mapping[Flag, tuple[float, float]]] = {
    Flag.MISSING: (0.0, 0.5),
    Flag.SATURATED: (0.003, 0.05),
    Flag.MAINS: (0.03, 0.2),
    Flag.DRIFT: (0.5, 2.0),
    Flag.NOISE: (0.04, 0.12),
    Flag.SPIKES: (3.0, 20.0),
}
"""From where a lead is flagged (the first of MISSING: above it), and from where it is lost."""
FLAT_S: Final = 2.0
FLAT_SHARE: Final = 0.9
FLAT_LOST_SHARE: Final = 0.5
LIVE_MV: Final = 0.05
RESIDUAL_SHARE: Final = 1.1
_SAYS: Final[Mapping[Flag, str]] = {
    Flag.MISSING: "samples are missing",
    Flag.FLAT: "no signal, the electrode may be off",
    Flag.SATURATED: "cut off at the limit of the converter",
    Flag.MAINS: "interference of the mains",
    Flag.DRIFT: "the baseline wanders",
    Flag.NOISE: "noisy, e.g. by muscles",
    Flag.SPIKES: "spikes that are no QRS complexes",
}


def flags(
    values: Mapping[Flag, float], flat_s: float, range_mv: float, seconds: float
) -> tuple[tuple[Flag, ...], bool]:
    """Return the flags of a lead that has these indices, and whether it is lost."""
    lost = values[Flag.MISSING] >= LIMITS[Flag.MISSING][1]
    if lost:
        return (Flag.MISSING,), True
    found = [Flag.MISSING] if values[Flag.MISSING] > 0 else []
    is_dead = range_mv < LIVE_MV
    if is_dead or flat_s >= min(FLAT_S, FLAT_SHARE * seconds):
        found.append(Flag.FLAT)
    if is_dead or flat_s >= FLAT_LOST_SHARE * seconds:
        return tuple(found), True
    for flag in (Flag.SATURATED, Flag.MAINS, Flag.DRIFT, Flag.NOISE, Flag.SPIKES):
        first, last = LIMITS[flag]
        if values[flag] >= first:
            found.append(flag)
            lost = lost or values[flag] >= last
    return tuple(found), lost


def grade(
    leads: Sequence[LeadQuality], residual: tuple[float, float] | None, reversal: str | None, pacing: Pacing
) -> tuple[Grade, tuple[Remark, ...]]:
    """Return the grade and why it is no better."""
    reasons = [*_of_leads(leads), *_of_all(residual, reversal, pacing)]
    lost = sum(lead.is_lost for lead in leads)
    flagged = sum(bool(lead.flags) for lead in leads)
    contradicts = residual is not None and residual[1] > RESIDUAL_SHARE
    if lost * 2 > len(leads):
        return Grade.UNUSABLE, tuple(reasons)
    if lost or flagged * 2 > len(leads) or contradicts:
        return Grade.POOR, tuple(reasons)
    return (Grade.USABLE if flagged or reversal else Grade.GOOD), tuple(reasons)


def _of_leads(leads: Sequence[LeadQuality]) -> list[Remark]:
    found = []
    for flag, says in _SAYS.items():
        names = [lead.lead for lead in leads if flag in lead.flags]
        if names:
            found.append(Remark(flag.value, f"{_listed(names, len(leads))}: {says}."))
    lost = [lead.lead for lead in leads if lead.is_lost]
    if lost:
        found.append(Remark("lost_leads", f"{_listed(lost, len(leads))}: of no use."))
    return found


def _of_all(residual: tuple[float, float] | None, reversal: str | None, pacing: Pacing) -> list[Remark]:
    found = []
    if residual is not None and residual[1] > RESIDUAL_SHARE:
        text = (
            f"The limb leads contradict each other by up to {residual[0]:.3g} mV: names, gains or electrodes are wrong."
        )
        found.append(Remark("lead_algebra", text))
    if reversal:
        text = f"The electrodes {reversal} may be interchanged: look at the ECG, nothing was changed."
        found.append(Remark("suspected_reversal", text))
    if pacing is Pacing.SUSPECTED:
        found.append(Remark("pacing", "Regular narrow spikes: a pacemaker may be at work."))
    return found


def _listed(names: Sequence[str], count: int) -> str:
    return "All leads" if len(names) == count and count > 1 else ", ".join(names)
