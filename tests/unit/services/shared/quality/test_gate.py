import pytest

from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest
from services.shared.quality import FLOORS, Floor, Grade, assess
from services.shared.quality.gate import below, floor_named, reaches, too_low
from services.shared.rpc.quality import quality_from_pb, quality_to_pb
from tests.unit.services.shared.quality.hearts import ecg


@pytest.mark.parametrize(("floor", "kept"), [("any", 4), ("poor", 3), ("usable", 2), ("good", 1)])
def test_a_grade_reaches_every_floor_that_is_no_better(floor: Floor, kept: int) -> None:
    best_first = [Grade.GOOD, Grade.USABLE, Grade.POOR, Grade.UNUSABLE]

    assert [reaches(grade, floor) for grade in best_first] == [place < kept for place in range(4)]
    assert below(floor) == tuple(reversed(best_first[kept:]))


def test_a_floor_has_a_name_and_unsaid_it_keeps_out_what_is_unusable() -> None:
    assert [floor_named(name) for name in FLOORS] == [*FLOORS]
    assert below(floor_named("")) == (Grade.UNUSABLE,)
    with pytest.raises(InvalidRequest, match=r"no min_quality 'unusable'\. Choose one of: any, poor, usable, good"):
        floor_named("unusable")


def test_a_refusal_says_what_is_wrong_and_what_to_do() -> None:
    signal = ecg()
    signal[7] = 0

    told = too_low(assess(signal, STANDARD_LEADS, 500), "usable").detail

    assert told == (
        "The quality of the ECG is poor; asked for was usable or better. V2: no signal, the electrode may be off. "
        "V2: of no use. Record it anew, or lower min_quality to ask all the same."
    )


@pytest.mark.parametrize("rate_hz", [40.0, 500.0])
def test_quality_goes_over_the_wire_and_back(rate_hz: float) -> None:
    signal = ecg()
    signal[3, 100:300] = 9
    quality = assess(signal, STANDARD_LEADS, rate_hz)

    message = quality_to_pb(quality)

    assert message is not None
    assert quality_from_pb(message) == quality
