"""What devices claim of an ECG, as formats write it: measurements, statements, times and filters, made alike.

A claim that cannot be is left out: absent waves are written as 0, 999, 29999, -32768 or "Failed".
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from services.ingest.decoding.digits import number_of
from services.shared.acquisition import MEASUREMENTS, DeviceMeasurement

_PER: Final = {
    "ms": {"": 1.0, "ms": 1.0, "msec": 1.0, "s": 1000.0, "us": 1e-3},
    "/min": dict.fromkeys(
        ("", "/min", "bpm", "1/min", "min-1", "{beats}/min", "{h.b.}/min", "beats/min", "{beat}/min", "{bpm}"), 1.0
    ),
    "deg": dict.fromkeys(("", "deg", "degrees", "degree", "°", "ms"), 1.0),
}
"""What a unit in a file is of the unit here; "ms" of an angle is a slip that converters are known for."""
_LIMITS: Final = {"ms": (1.0, 10_000.0), "/min": (1.0, 600.0), "deg": (-360.0, 360.0), "p_duration": (1.0, 400.0)}
_HERTZ_MAX: Final = 10_000.0
_MAX_STATEMENTS: Final = 64
_MAX_CHARACTERS: Final = 300
_MAX_DEVICE: Final = 200
_MIN_NAME: Final = 3
_NAME = re.compile(r"[^\W\d_]+")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,6})\d*)?)?)?\s*([+-]\d{4}|Z)?\s*")
_DAY: Final = 3
"""How many parts of a time make a date."""


def measurement(name: str, stated: object, unit: str = "") -> DeviceMeasurement | None:
    """Return a measurement of MEASUREMENTS in its own unit; None where none is stated or it cannot be."""
    wanted = MEASUREMENTS[name]
    value, factor = number_of(str(stated)), _PER[wanted].get(unit.strip().lower())
    if value is None or factor is None:
        return None
    low, high = _LIMITS.get(name) or _LIMITS[wanted]
    return DeviceMeasurement(name, round(value * factor, 4), wanted) if low <= value * factor <= high else None


def measurements(found: Iterable[DeviceMeasurement | None]) -> tuple[DeviceMeasurement, ...]:
    """Return the first measurement of each name, in the order of MEASUREMENTS."""
    first: dict[str, DeviceMeasurement] = {}
    for each in found:
        if each is not None:
            first.setdefault(each.name, each)
    return tuple(first[name] for name in MEASUREMENTS if name in first)


def statements(lines: Iterable[str], names: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the lines of an interpretation, each once, with the given names of people blanked."""
    hidden = {word.casefold() for name in names for word in _NAME.findall(name) if len(word) >= _MIN_NAME}

    def blanked(word: re.Match[str]) -> str:
        return "***" if word[0].casefold() in hidden else word[0]

    cleaned: dict[str, None] = {}
    for line in lines:
        text = _plain(line[: 4 * _MAX_CHARACTERS]).rstrip(" ,;")
        if text.strip(" .-"):
            cleaned[(_NAME.sub(blanked, text) if hidden else text)[:_MAX_CHARACTERS]] = None
    return tuple(cleaned)[:_MAX_STATEMENTS]


def device(*parts: str) -> str | None:
    """Return what a device is called, of its maker, model or software as far as they are stated; None where none is."""
    return _plain(" ".join(part[:_MAX_DEVICE] for part in parts))[:_MAX_DEVICE] or None


def hertz(stated: object, *, per_unit: float = 1.0) -> float | None:
    """Return the frequency of a filter; None where none is stated, or it is off."""
    value = number_of(str(stated))
    return round(value * per_unit, 6) if value is not None and 0 < value * per_unit <= _HERTZ_MAX else None


def compact_time(text: str) -> str | None:
    """Return a time such as "20031113151704.250+0100" (HL7, DICOM) in ISO 8601, as precise as it is; None if none."""
    match = _COMPACT.fullmatch(text.strip())
    if match is None:
        return None
    *parts, fraction, zone = match.groups()
    micro = [int(fraction.ljust(6, "0"))] if fraction else []
    return _iso([*(int(part) for part in parts if part is not None), *micro], zone or "")


def moment(*parts: str) -> str | None:
    """Return year, month, day, and as far as stated hour, minute and second, in ISO 8601; None where they cannot be."""
    stated = parts if all(part.strip().isdecimal() and part.isascii() for part in parts) else parts[:_DAY]
    numbers = [number_of(part) for part in stated]
    if any(number is None for number in numbers):
        return None
    return _iso([int(number) for number in numbers if number is not None], "")


def iso_time(date: str, time: str = "") -> str | None:
    """Return a date and a time that are written in ISO 8601 each, as one; None where they are not."""
    for text in (f"{date.strip()}T{time.strip()}", date.strip()):
        try:
            parsed = datetime.fromisoformat(text)
        except ValueError:
            continue
        return parsed.isoformat() if "T" in text else parsed.date().isoformat()
    return None


def _iso(parts: list[int], zone: str) -> str | None:
    try:
        parsed = datetime.fromisoformat(_written(parts))
    except ValueError:
        return None
    if len(parts) <= _DAY:
        return parsed.date().isoformat()
    offset = "" if not zone else "Z" if zone == "Z" else f"{zone[:3]}:{zone[3:]}"
    return (parsed.isoformat(timespec="minutes") if len(parts) < 6 else parsed.isoformat()) + offset  # noqa: PLR2004


def _written(parts: list[int]) -> str:
    """Return at least year, month and day as ISO 8601 writes them."""
    date = "-".join(f"{part:0{4 if at == 0 else 2}d}" for at, part in enumerate(parts[:_DAY]))
    time = ":".join(f"{part:02d}" for part in parts[_DAY:6])
    return date + (f"T{time}" if time else "") + (f".{parts[6]:06d}" if len(parts) > 6 else "")  # noqa: PLR2004


def _plain(text: str) -> str:
    """Return a text that can be shown and stored: one space between its words, and nothing unprintable."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
