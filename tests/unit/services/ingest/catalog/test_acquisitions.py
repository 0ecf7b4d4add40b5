"""What a row keeps of an acquisition."""

import json

from services.ingest.catalog.acquisitions import acquisition_of, json_of
from services.shared.acquisition import NOT_STATED, Acquisition, DeviceMeasurement, Filters, Scale

FULL = Acquisition(
    device="Acme EL250",
    acquired_at="2003-11-13T15:17:04",
    filters=Filters(high_pass_hz=0.05, notch_hz=50),
    scales=(Scale("I", 2.5, "uV"), Scale("II", 4.88, "uV")),
    measurements=(DeviceMeasurement("qrs_duration", 96, "ms"),),
    statements=("Sinus rhythm",),
)


def test_an_acquisition_survives_its_row() -> None:
    assert acquisition_of(json.loads(json.dumps(json_of(FULL)))) == FULL


def test_a_file_that_says_nothing_keeps_nothing() -> None:
    assert json_of(NOT_STATED) is None


def test_a_row_of_before_says_nothing() -> None:
    assert acquisition_of(None) == NOT_STATED
