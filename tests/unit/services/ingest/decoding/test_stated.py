import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.stated import Said, Stated, stated_of


def of(**said: Said) -> Stated:
    return stated_of({key.replace("__", " "): value for key, value in said.items()}, Declaration())


@pytest.mark.parametrize(
    ("key", "value", "rate"),
    [
        ("fs", 500.0, 500),
        ("Sampling Rate (Hz)", "500", 500),
        ("sample_rate", "512 hertz", 512),
        ("samplingFrequency", "0,5 kHz", 500),
        ("sampling_rate_hz", 250.0, 250),
        ("sfreq", "1e3", 1000),
        ("rate", 500.0, 500),
        ("Rate", "500 Hz", 500),
        ("Rate", "72", None),
        ("heart_rate", 72.0, None),
        ("fs", "fast", None),
        ("fs", (500.0, 500.0), None),
    ],
)
def test_rates_are_understood(key: str, value: Said, rate: float | None) -> None:
    assert stated_of({key: value}, Declaration()).rate_hz == rate


@pytest.mark.parametrize(
    ("said", "units", "resolutions"),
    [
        ({"units": "mV"}, ("mV",), ()),
        ({"Unit": "µV"}, ("uV",), ()),
        ({"sig_units": ("mV", "uV")}, ("mV", "uV"), ()),
        ({"units": "adu"}, (), ()),
        ({"resolution": "4.88 uV"}, ("uV",), (4.88,)),
        ({"lsb": "5 µV/LSB"}, ("uV",), (5,)),
        ({"uV_per_bit": 2.5}, ("uV",), (2.5,)),
        ({"resolution": 5.0, "unit": "uV"}, ("uV",), (5,)),
        ({"resolution": 5.0}, (), ()),
        ({"adc_gain": 200.0}, ("mV",), (0.005,)),
        ({"adc_gain": (200.0, 400.0), "units": ("mV", "mV")}, ("mV", "mV"), (0.005, 0.0025)),
        ({"gain": "200 adu/mV"}, ("mV",), (0.005,)),
        ({"units_per_mv": 200.0}, ("mV",), (0.005,)),
    ],
)
def test_units_and_gains_are_understood(said: dict[str, Said], units: tuple[str, ...], resolutions: object) -> None:
    stated = stated_of(said, Declaration())

    assert (stated.units, stated.resolutions) == (units, resolutions)


def test_a_gain_of_nobody_knows_what_is_not_used_and_told() -> None:
    stated = of(gain=10.0)

    assert (stated.units, stated.resolutions) == ((), ())
    assert [remark.code for remark in stated.remarks] == ["unclear_gain"]


@pytest.mark.parametrize("value", ["I,II,V1", "I II V1", ("I", "II", "V1")])
def test_leads_are_named_as_a_list_or_in_a_text(value: Said) -> None:
    assert of(lead_names=value).names == ("I", "II", "V1")
    assert of(channels="12").names is None


def test_who_was_recorded_and_when() -> None:
    stated = stated_of(
        {
            "age": 63.0,
            "Gender": "Female",
            "PatientID": "4711",
            "patient name": "X",
            "Recording_Date": "2020-01-02T03:04",
        },
        Declaration(pseudonym_key=b"k"),
    )

    assert (stated.subject.age_years, stated.subject.sex) == (63, "female")
    assert stated.subject.patient == Declaration(pseudonym_key=b"k").pseudonym("4711")
    assert stated.acquired_at == "2020-01-02T03:04"


def test_what_is_not_said_is_not_known() -> None:
    assert of() == Stated()
