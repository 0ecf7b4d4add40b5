"""Units of voltage, and what they are in millivolt."""

from typing import Final

MILLIVOLT: Final = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "nv": 1e-6}
_MICRO: Final = str.maketrans({"µ": "u", "μ": "u"})
_SPELLED: Final = {
    "volt": "v", "volts": "v", "millivolt": "mv", "millivolts": "mv", "microvolt": "uv", "microvolts": "uv",
    "mcv": "uv", "nanovolt": "nv", "nanovolts": "nv",
}  # fmt: skip


def millivolt_per(unit: str) -> float | None:
    """Return how many millivolt one of a unit is ("uV", "µV", "mV", "microvolt", …); None where it is no voltage."""
    name = unit.strip().translate(_MICRO).lower()
    return MILLIVOLT.get(_SPELLED.get(name, name))


def ucum(unit: str) -> str:
    """Return a unit of voltage as UCUM writes it ("uV", "mV", "nV", "V"); "" where it is no voltage."""
    name = unit.strip().translate(_MICRO).lower()
    known = _SPELLED.get(name, name)
    return known[:-1] + "V" if known in MILLIVOLT else ""
