"""From indices to flags, from flags to a grade."""

import pytest

from services.shared.quality import Flag, Grade, LeadQuality, Pacing
from services.shared.quality.grading import LIMITS, flags, grade

CLEAN = dict.fromkeys(LIMITS, 0.0)


def lead(name: str, *found: Flag, is_lost: bool = False) -> LeadQuality:
    return LeadQuality(name, found, is_lost, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def of(*leads: LeadQuality, reversal: str | None = None, residual: tuple[float, float] | None = None) -> Grade:
    return grade(leads, residual, reversal, Pacing.NONE)[0]


@pytest.mark.parametrize("flag", [flag for flag in LIMITS if flag is not Flag.MISSING])
def test_a_limit_flags_and_a_higher_one_loses(flag: Flag) -> None:
    first, last = LIMITS[flag]

    assert flags({**CLEAN, flag: first * 0.99}, 0, 1, 10) == ((), False)
    assert flags({**CLEAN, flag: first}, 0, 1, 10) == ((flag,), False)
    assert flags({**CLEAN, flag: last}, 0, 1, 10) == ((flag,), True)


def test_a_lead_without_samples_is_missing_and_nothing_else() -> None:
    assert flags({**CLEAN, Flag.MISSING: 1.0}, 10, 0, 10) == ((Flag.MISSING,), True)


def test_a_lead_that_hardly_moves_is_flat() -> None:
    assert flags(CLEAN, 0, 0.04, 10) == ((Flag.FLAT,), True)


def test_flat_is_relative_to_a_short_recording() -> None:
    assert flags(CLEAN, 1.9, 1, 2) == ((Flag.FLAT,), True)
    assert flags(CLEAN, 1.9, 1, 10) == ((), False)


def test_grades_follow_the_leads() -> None:
    good = [lead(name) for name in "abcd"]

    assert of(*good) is Grade.GOOD
    assert of(*good, lead("e", Flag.DRIFT)) is Grade.USABLE
    assert of(*good, lead("e", Flag.FLAT, is_lost=True)) is Grade.POOR
    assert of(lead("a"), lead("b", Flag.DRIFT), lead("c", Flag.NOISE)) is Grade.POOR
    assert of(lead("a"), *(lead(name, Flag.FLAT, is_lost=True) for name in "bc")) is Grade.UNUSABLE


def test_a_suspicion_is_usable_and_a_contradiction_poor() -> None:
    assert of(lead("I"), reversal="RA/LA") is Grade.USABLE
    assert of(lead("I"), residual=(0.4, 0.9)) is Grade.GOOD
    assert of(lead("I"), residual=(0.9, 1.3)) is Grade.POOR


def test_reasons_name_the_leads_once_and_never_a_correction() -> None:
    found = grade([lead("I", Flag.DRIFT), lead("II"), lead("III", Flag.DRIFT)], None, "RA/LA", Pacing.SUSPECTED)[1]

    assert [reason.code for reason in found] == ["drift", "suspected_reversal", "pacing"]
    assert found[0].text == "I, III: the baseline wanders."
    assert "nothing was changed" in found[1].text


def test_all_leads_are_called_so() -> None:
    found = grade([lead("I", Flag.MAINS), lead("II", Flag.MAINS)], None, None, Pacing.NONE)[1]

    assert found[0].text == "All leads: interference of the mains."
