"""Quality on the wire."""

import numpy as np

from services.shared.quality import assess
from services.shared.rpc.quality import quality_to_pb
from tests.unit.services.shared.quality.hearts import ecg


def test_every_lead_and_reason_goes_over_the_wire() -> None:
    signal = ecg()[:3]
    signal[2] = np.nan

    message = quality_to_pb(assess(signal, ("I", "II", "III"), 500))

    assert message is not None
    assert (message.grade, message.pacing, message.suspected_reversal) == ("poor", "none", "")
    assert [reason.code for reason in message.reasons] == ["missing", "lost_leads"]
    assert [(lead.lead, list(lead.flags), lead.is_lost) for lead in message.leads] == [
        ("I", [], False),
        ("II", [], False),
        ("III", ["missing"], True),
    ]
    assert message.leads[0].HasField("mains_mv")
    assert not message.HasField("residual_mv")


def test_what_was_not_judged_is_absent() -> None:
    assert quality_to_pb(None) is None
    short = quality_to_pb(assess(ecg(0.5), tuple("abcdefghijkl"), 500))
    assert short is not None
    assert not short.leads[0].HasField("mains_mv")
