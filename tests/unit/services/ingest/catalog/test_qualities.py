"""What a row keeps of quality."""

import json

import numpy as np

from services.ingest.catalog.qualities import json_of, quality_of
from services.shared.ecg import STANDARD_LEADS
from services.shared.quality import assess
from tests.unit.services.shared.quality.hearts import ecg


def test_quality_survives_its_row() -> None:
    spoilt = ecg(rate_hz=100)
    spoilt[4, 200:400] = np.nan
    found = assess(spoilt, STANDARD_LEADS, 100)

    assert quality_of(json.loads(json.dumps(json_of(found)))) == found


def test_a_row_stays_small() -> None:
    assert len(json.dumps(json_of(assess(ecg(), STANDARD_LEADS, 500)))) < 1500


def test_a_row_of_before_has_none() -> None:
    assert json_of(None) is None
    assert quality_of(None) is None
