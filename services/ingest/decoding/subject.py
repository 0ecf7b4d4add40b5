"""What a file says of the person: age and sex, as formats write them."""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

MAX_AGE_YEARS = 130.0
_DAYS_PER_YEAR: Final = 365.25
_AGE = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*([YMWD]?)", re.IGNORECASE)
_YEARS_PER = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_SEX = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}


@dataclass(frozen=True, slots=True)
class Subject:
    """The person an ECG is of, as far as the file says and the platform keeps."""

    age_years: float | None = None
    sex: str | None = None
    patient: str | None = None
    """A pseudonym; never the file's own patient id."""


UNKNOWN: Final = Subject()


def age_years(text: object) -> float | None:
    """Return an age such as "63", "063Y" or "6M" in years; None where it is unknown or impossible."""
    match = _AGE.match(str(text))
    if match is None:
        return None
    years = float(match[1]) * _YEARS_PER[match[2].upper()]
    return years if math.isfinite(years) and 0 <= years <= MAX_AGE_YEARS else None


def sex(text: object) -> str | None:
    """Return "female" or "male"; None where it is neither or unknown."""
    return _SEX.get(str(text).strip().lower())


def years_between(born: str, then: str) -> float | None:
    """Return the age on a day, of two dates that begin like 20031113; None where they are none, or cannot be."""
    try:
        days = (_day(then) - _day(born)).days
    except ValueError:
        return None
    return age_years(f"{days / _DAYS_PER_YEAR:.2f}") if days >= 0 else None


def _day(text: str) -> datetime:
    return datetime.strptime(text[:8], "%Y%m%d")  # noqa: DTZ007 only whole days count
