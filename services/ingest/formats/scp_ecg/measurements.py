"""Section 7: the global measurements, which are the device's claims.

EN 1064, 5.10: counts, mean RR and PP; for each reference beat onsets and offsets in ms, and axes; pacing spikes; the
types of all QRS complexes; then rates and the corrected QT. What was not measured is coded 29999.
"""

import struct
from typing import Final

from services.shared.acquisition import MEASUREMENTS, DeviceMeasurement

_FIXED: Final = struct.Struct("<BBHH")
_BEAT: Final = struct.Struct("<5H3h")
_SPIKE_BYTES: Final = 4 + 6
_COUNT: Final = struct.Struct("<H")
_EXTRA: Final = struct.Struct("<HHH")
_ABSENT: Final = frozenset({29999, 0xFFFF, -1})
_MOST_AXIS: Final = 360
_MOST_MS: Final = 10_000


def parse_measurements(body: bytes) -> tuple[DeviceMeasurement, ...]:
    """Return what was measured on the first reference beat; what is absent, impossible or cut off is left out."""
    if len(body) < _FIXED.size:
        return ()
    beats, spikes, rr_ms, _ = _FIXED.unpack_from(body)
    found: dict[str, float | None] = {"rr_interval": _duration(0, rr_ms)}
    if beats and len(body) >= _FIXED.size + _BEAT.size:
        found |= _of_beat(*_BEAT.unpack_from(body, _FIXED.size))
    rate, corrected_ms = _extra(body, _FIXED.size + beats * _BEAT.size + spikes * _SPIKE_BYTES)
    found |= {"heart_rate": rate, "qtc_interval": corrected_ms}
    return tuple(
        DeviceMeasurement(name, value, unit)
        for name, unit in MEASUREMENTS.items()
        if (value := found.get(name)) is not None
    )


def _of_beat(*fields: int) -> dict[str, float | None]:
    p_on, p_off, qrs_on, qrs_off, t_off, p_axis, qrs_axis, t_axis = fields
    return {
        "p_duration": _duration(p_on, p_off),
        "pr_interval": _duration(p_on, qrs_on),
        "qrs_duration": _duration(qrs_on, qrs_off),
        "qt_interval": _duration(qrs_on, t_off),
        "p_axis": _axis(p_axis),
        "qrs_axis": _axis(qrs_axis),
        "t_axis": _axis(t_axis),
    }


def _extra(body: bytes, position: int) -> tuple[float | None, float | None]:
    """Return the ventricular rate and the corrected QT, which come behind the type of every QRS complex."""
    if len(body) < position + _COUNT.size:
        return None, None
    position += _COUNT.size + _COUNT.unpack_from(body, position)[0]
    if len(body) < position + _EXTRA.size:
        return None, None
    rate, _, corrected_ms = _EXTRA.unpack_from(body, position)
    return _duration(0, rate), _duration(0, corrected_ms)


def _duration(start: int, end: int) -> float | None:
    if start in _ABSENT or end in _ABSENT or not 0 < end - start <= _MOST_MS:
        return None
    return float(end - start)


def _axis(degrees: int) -> float | None:
    return float(degrees) if abs(degrees) <= _MOST_AXIS else None
