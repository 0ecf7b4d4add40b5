"""Lead names and the algebra of the limb leads.

Einthoven: III = II - I. Goldberger: aVR = -(I + II)/2, aVL = I - II/2, aVF = II - I/2.
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np

from services.shared.ecg import STANDARD_LEADS, Signal

Leads = dict[str, Signal]
"""Millivolt samples of each lead, shape (samples,)."""

_PREFIX = re.compile(r"^(?:MDC_ECG_(?:LEAD_)?|(?:ECG|EKG|LEADS?)(?:[-_:]\s*|\s+[-_:]\s+|\s+)?)+|^D(?=I+$)")
"""In "ECG-aVR" the dash is a separator, in "ECG -aVR" a sign."""
_TAIL = re.compile(r"[,(\[;].*$")
_MINUS: Final = str.maketrans({"−": "-", "–": "-", "‐": "-"})
_INVERTED = re.compile(r"\b(?:INV|INVERTED|NEG|NEGATIVE|NEGATED)\b|(?<=AVR)NEG$")
_OTHERS = re.compile(r"V(?:[7-9]|[1-9]R)|V?[XYZ]|M(?:L|CL|V)\w{1,3}|C[MC]\d|ES|AS|AI", re.IGNORECASE)
_SPELLING: Final = {name.upper(): name for name in STANDARD_LEADS}
_CODE = re.compile(r"^(?:2:|5\.6\.3-9-)(\d+)$")
_NUMBERED: Final = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF",
    65: "-aVR",
}  # fmt: skip
"""Lead numbers of ISO/IEEE 11073-10101 (MDC 2:n) and, the same, of EN 1064 (SCP-ECG, 5.6.3-9-n)."""

_FOURTH: Final[dict[str, tuple[str, Callable[[Signal, Signal], Signal]]]] = {
    "III": ("II − I", lambda i, ii: ii - i),
    "aVR": ("−(I + II)/2", lambda i, ii: (i + ii) * np.float32(-0.5)),
    "aVL": ("I − II/2", lambda i, ii: i - ii * np.float32(0.5)),
    "aVF": ("II − I/2", lambda i, ii: ii - i * np.float32(0.5)),
}


def canonical(name: str) -> str | None:
    """Return the standard lead that a name means ("avr", "MDC_ECG_LEAD_I", "Lead V1 (mV)"), or None."""
    lead, is_inverted = _meant(name)
    return None if is_inverted else lead


def inverted(name: str) -> str | None:
    """Return the standard lead that is held upside down under a name ("-aVR" of Cabrera, "aVR (inverted)"), or None."""
    lead, is_inverted = _meant(name)
    return lead if is_inverted else None


def is_lead(name: str) -> bool:
    """Say whether a name is that of an ECG lead: of the twelve, or one that no other kind of signal is called."""
    return _meant(name)[0] is not None or _OTHERS.fullmatch(name.strip()) is not None


@lru_cache(maxsize=1024)
def _meant(name: str) -> tuple[str | None, bool]:
    """Return the standard lead that a name means, and whether with its sign turned."""
    given = name.strip().upper().translate(_MINUS)
    plain = _INVERTED.sub("", given)
    core = _PREFIX.sub("", _TAIL.sub("", plain).strip()).replace(" ", "").replace("_", "")
    is_inverted = plain != given or core.startswith("-")
    return _SPELLING.get(core.removeprefix("-")), is_inverted


def of_code(code: str) -> str | None:
    """Return the lead of a code such as "2:1" (MDC) or "5.6.3-9-62" (SCP-ECG): of the twelve, or "-aVR"; else None."""
    match = _CODE.match(code.strip())
    return _NUMBERED.get(int(match[1])) if match else None


def derive(leads: Leads) -> tuple[str, ...]:
    """Add every absent limb lead that two others determine; return the names of the added."""
    added: list[str] = []

    def add(name: str, signal: Signal) -> None:
        leads[name] = signal
        added.append(name)

    if "III" in leads and "II" not in leads and "I" in leads:
        add("II", leads["I"] + leads["III"])
    if "III" in leads and "I" not in leads and "II" in leads:
        add("I", leads["II"] - leads["III"])
    if "I" in leads and "II" in leads:
        for name, (_, formula) in _FOURTH.items():
            if name not in leads:
                add(name, formula(leads["I"], leads["II"]))
    return tuple(added)


def residuals(leads: Leads, derived: tuple[str, ...]) -> dict[str, float]:
    """Return, for every limb lead that was recorded with its sources, how far it is off their algebra, in millivolt.

    The largest absolute difference over all samples; samples that are missing on either side do not count.
    """
    if "I" in derived or "II" in derived or not {"I", "II"} <= leads.keys():
        return {}
    found: dict[str, float] = {}
    for name, (_, formula) in _FOURTH.items():
        if name in leads and name not in derived:
            difference = leads[name] - formula(leads["I"], leads["II"])
            np.abs(difference, out=difference)
            largest = float(difference.max())  # quicker than to look beyond gaps, and NaN where there are any
            found[name] = float(np.fmax.reduce(difference, initial=np.float32(0))) if math.isnan(largest) else largest
    return found
