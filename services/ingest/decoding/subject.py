"""What a file says of the person: age and sex, as formats write them."""

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import Final

MAX_AGE_YEARS = 130.0
_AGE = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*([YMWD]?)", re.IGNORECASE)
_YEARS_PER = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_DAYS_PER_YEAR: Final = 365.25
_MOST_TENTHS: Final = 0.9
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


def age_between(born: dt.date | None, then: dt.date | None) -> float | None:
    """Return the age on a day, in whole years, in tenths before the first birthday; None where it is unknown.

    Never finer: with the day of the ECG beside it, an age to the hundredth is a date of birth.
    """
    if born is None or then is None or then < born:
        return None
    years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    if not years:
        return min(round((then - born).days / _DAYS_PER_YEAR, 1), _MOST_TENTHS)
    return float(years) if years <= MAX_AGE_YEARS else None


def born_for(age: float, then: dt.date) -> dt.date | None:
    """Return a date of birth that says this age and no more: the first of January, or for infants a day in about.

    For files that can state an age in no other way; None where the age was not made of dates, as age_between makes it.
    """
    try:
        born = dt.date(then.year - int(age), 1, 1) if age >= 1 else then - dt.timedelta(round(age * _DAYS_PER_YEAR))
    except (ValueError, OverflowError):
        return None
    return born if age_between(born, then) == age else None


def sex(text: object) -> str | None:
    """Return "female" or "male"; None where it is neither or unknown."""
    return _SEX.get(str(text).strip().lower())


def years_between(born: str, then: str) -> float | None:
    """Return the age between two dates that begin like 20031113, as age_between gives it; None where they are none."""
    return age_between(_day(born), _day(then))


def _day(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 only whole days count
    except ValueError:
        return None
