"""What a file says of how its ECG was recorded: device, time, filters, gains, and the device's own claims.

What a device measured or stated is kept as its claim, apart from what the platform measures itself.
"""

from dataclasses import dataclass
from typing import Final

MEASUREMENTS: Final = {
    "heart_rate": "/min",
    "rr_interval": "ms",
    "p_duration": "ms",
    "pr_interval": "ms",
    "qrs_duration": "ms",
    "qt_interval": "ms",
    "qtc_interval": "ms",
    "p_axis": "deg",
    "qrs_axis": "deg",
    "t_axis": "deg",
}
"""The measurements that are taken over from devices, with their units (UCUM)."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How the stored numbers of one lead became millivolt: one of them is `resolution` of `unit`."""

    lead: str
    resolution: float
    unit: str
    """UCUM: "uV", "mV", "nV", "V"; "" where the file states none and millivolt were declared or assumed."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters that a device had applied; None where the file does not say."""

    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    notch_hz: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceMeasurement:
    """One measurement as the device states it."""

    name: str
    """One of MEASUREMENTS."""
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How an ECG was recorded, as far as its file says."""

    device: str | None = None
    """Manufacturer and model."""
    acquired_at: str | None = None
    """ISO 8601; with a zone only where the file states one."""
    filters: Filters = Filters()
    scales: tuple[Scale, ...] = ()
    """One per lead that the file holds."""
    measurements: tuple[DeviceMeasurement, ...] = ()
    statements: tuple[str, ...] = ()
    """The device's interpretation, or what a reader confirmed in it, line by line."""


NOT_STATED: Final = Acquisition()
