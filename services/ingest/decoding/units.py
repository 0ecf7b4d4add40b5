"""Units of voltage, and what they are in millivolt."""

from typing import Final

MILLIVOLT: Final = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "nv": 1e-6}
_UCUM: Final = {"v": "V", "mv": "mV", "uv": "uV", "nv": "nV"}
_MICRO: Final = str.maketrans({"µ": "u", "μ": "u"})
_SPELLED: Final = {
    "volt": "v", "volts": "v", "millivolt": "mv", "millivolts": "mv", "microvolt": "uv", "microvolts": "uv",
    "mcv": "uv", "nanovolt": "nv", "nanovolts": "nv",
}  # fmt: skip


def millivolt_per(unit: str) -> float | None:
    """Return how many millivolt one of a unit is ("uV", "µV", "mV", "microvolt", …); None where it is no voltage."""
    return MILLIVOLT.get(_plain(unit))


def ucum(unit: str) -> str | None:
    """Return how UCUM writes a unit of voltage: "V", "mV", "uV" or "nV"; None where it is none."""
    return _UCUM.get(_plain(unit))


def _plain(unit: str) -> str:
    name = unit.strip().translate(_MICRO).lower()
    return _SPELLED.get(name, name)
