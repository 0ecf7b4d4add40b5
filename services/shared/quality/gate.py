"""Which grade an ECG must reach before a model is asked about it or learns from it; one rule for both."""

from typing import Final, Literal, get_args

from services.shared.errors import InvalidRequest
from services.shared.quality.result import Grade, Quality

Floor = Literal["any", "poor", "usable", "good"]
"""The least grade; "any" lets everything through."""
FLOORS: Final[tuple[Floor, ...]] = get_args(Floor)
DEFAULT_FLOOR: Final[Floor] = "poor"
"""Keeps out what is unusable and nothing else: poor ECGs are what a ward records, and a model meets them there."""
_RISING: Final = (Grade.UNUSABLE, Grade.POOR, Grade.USABLE, Grade.GOOD)


def floor_named(name: str) -> Floor:
    """Return the floor of a name, of an empty one the default; raises InvalidRequest where there is none."""
    for floor in FLOORS:
        if floor == (name or DEFAULT_FLOOR):
            return floor
    raise InvalidRequest(f"There is no min_quality {name[:40]!r}. Choose one of: {', '.join(FLOORS)}.")


def reaches(grade: Grade, floor: Floor) -> bool:
    """Say whether a grade is no worse than the floor."""
    return floor == "any" or _RISING.index(grade) >= _RISING.index(Grade(floor))


def below(floor: Floor) -> tuple[Grade, ...]:
    """Return the grades that do not reach the floor, the worst first."""
    return tuple(grade for grade in _RISING if not reaches(grade, floor))


def too_low(quality: Quality, floor: Floor) -> InvalidRequest:
    """Return what is said of an ECG that does not reach the floor."""
    why = " ".join(reason.text for reason in quality.reasons)
    return InvalidRequest(
        f"The quality of the ECG is {quality.grade.value}; asked for was {wanted(floor)}. {why} "
        "Record it anew, or lower min_quality to ask all the same."
    )


def wanted(floor: Floor) -> str:
    """Return a floor in words."""
    return floor if floor in {"good", "any"} else f"{floor} or better"
