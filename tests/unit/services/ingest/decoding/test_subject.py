"""Ages from dates of birth, and back as coarsely."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.decoding.subject import age_between, born_for

THEN = dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("born", "years"),
    [
        (dt.date(1960, 2, 28), 64),
        (dt.date(1960, 2, 29), 64),
        (dt.date(1960, 3, 1), 63),
        (dt.date(2023, 2, 28), 1),
        (dt.date(2023, 3, 1), 0.9),
        (dt.date(2023, 8, 29), 0.5),
        (THEN, 0),
        (dt.date(2024, 3, 1), None),
        (dt.date(1800, 1, 1), None),
        (None, None),
    ],
)
def test_an_age_is_no_finer_than_it_must_be(born: dt.date | None, years: float | None) -> None:
    assert age_between(born, THEN) == years


@given(st.dates(dt.date(1900, 1, 1), dt.date(2024, 1, 1)), st.integers(0, 120 * 365))
def test_a_coarser_date_of_birth_says_the_same_age(then: dt.date, days: int) -> None:
    age = age_between(then - dt.timedelta(days), then) if days < (then - dt.date(1, 1, 2)).days else None
    assert age is not None

    born = born_for(age, then)

    assert age_between(born, then) == age
    assert born is None or age < 1 or (born.month, born.day) == (1, 1)


def test_an_age_that_no_date_gives_has_none() -> None:
    assert born_for(60.5, THEN) is None
    assert born_for(9999, THEN) is None
