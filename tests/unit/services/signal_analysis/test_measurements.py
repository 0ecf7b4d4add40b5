"""What is measured."""

from services.signal_analysis.measurements import measure
from services.signal_analysis.rhythm import Rhythm


def test_a_heart_rate_has_its_unit() -> None:
    (heart_rate,) = measure(Rhythm(heart_rate_bpm=61.5))

    assert (heart_rate.name, heart_rate.value, heart_rate.unit, heart_rate.reason) == ("heart_rate", 61.5, "/min", "")


def test_an_absent_heart_rate_has_its_reason() -> None:
    (heart_rate,) = measure(Rhythm(reason="There is no beat."))

    assert heart_rate.value is None
    assert heart_rate.reason == "There is no beat."
