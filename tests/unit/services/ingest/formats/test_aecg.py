from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Filters, Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import PlatformError, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads
from tests.unit.services.ingest.xmls import aecg_of, mutations, sequence_set

LEADS = twelve_leads()
RAW = np.round(LEADS * 1000).astype(int)
NOTHING = Declaration()
WHOLE = aecg_of(RAW)


def test_the_rhythm_is_read_and_not_the_beat() -> None:
    decoded = sniffed(WHOLE.encode(), NOTHING)

    assert decoded.format_name == "aecg"
    assert (decoded.recording.leads, decoded.recording.rate_hz) == (STANDARD_LEADS, 500)
    np.testing.assert_allclose(decoded.recording.signal, LEADS, atol=1e-7)
    assert codes(decoded.recording) == {"lead_algebra"}


@pytest.mark.parametrize(
    ("scale", "origin", "millivolt"),
    [
        ('<scale value="2.5" unit="uV"/>', '<origin value="0" unit="uV"/>', LEADS * 2.5),
        ('<scale value="0.005" unit="mV"/>', '<origin value="100" unit="uV"/>', LEADS * 5 + 0.1),
        ('<scale value="500" unit="nV"/>', "", LEADS * 0.5),
        ('<scale value="1" unit="µV"/>', '<origin value="-0.2" unit="mV"/>', LEADS - 0.2),
    ],
)
def test_origin_and_scale_are_used_with_their_units(scale: str, origin: str, millivolt: np.ndarray) -> None:
    recording = read(aecg_of(RAW, scale=scale, origin=origin).encode(), NOTHING)

    np.testing.assert_allclose(recording.signal, millivolt, atol=1e-6)


def test_each_lead_has_its_own_scale() -> None:
    text = WHOLE.replace('<scale value="1" unit="uV"/>', '<scale value="3" unit="uV"/>', 1)

    np.testing.assert_allclose(read(text.encode(), NOTHING).signal[0], LEADS[0] * 3, atol=1e-6)


@pytest.mark.parametrize(
    ("increment", "time", "rate_hz"),
    [
        ('<increment value="1" unit="ms"/>', "TIME_RELATIVE", 1000),
        ('<increment value="4000" unit="us"/>', "TIME_ABSOLUTE", 250),
        ('<increment value="0.00333333" unit="s"/>', "TIME_ABSOLUTE", 300.0003),
    ],
)
def test_the_increment_is_the_rate(increment: str, time: str, rate_hz: float) -> None:
    assert read(aecg_of(RAW, increment=increment, time=time).encode(), NOTHING).rate_hz == rate_hz


def test_sets_with_the_same_clock_are_one_recording_and_others_are_told_of() -> None:
    parts = ('<scale value="1" unit="uV"/>', "", '<increment value="0.002" unit="s"/>', "TIME_ABSOLUTE")
    same = sequence_set(RAW[6:], *parts, STANDARD_LEADS[6:])
    later = sequence_set(RAW[6:7] * 2, *parts, ("V1",))
    text = aecg_of(RAW[:6]).replace("<derivation>", same + later + "<derivation>")

    recording = read(text.encode(), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-7)
    assert "other_signals" in codes(recording)


def test_what_is_known_of_the_subject() -> None:
    aged = (
        '<controlVariable><relatedObservation><code code="21612-7"/><value value="6" unit="mo"/></relatedObservation>'
        "</controlVariable>"
    )
    recording = read(WHOLE.encode(), Declaration(pseudonym_key=b"k"))

    assert (recording.age_years, recording.sex) == (60, "female")
    assert recording.patient == Declaration(pseudonym_key=b"k").pseudonym("SBJ-1")
    assert "Doe" not in repr(recording)
    assert read(aecg_of(RAW, before=aged).encode(), NOTHING).age_years == 0.5


def annotation(code: str, value: str, inside: str = "") -> str:
    return f'<component><annotation><code code="{code}"/><value {value}/>{inside}</annotation></component>'


def test_what_is_said_of_the_acquisition() -> None:
    one_lead = (
        "<support><supportingROI><component><boundary><code code='MDC_ECG_LEAD_II'/></boundary></component>"
        "</supportingROI></support>"
    )
    beat = "<component><annotation><code code='MDC_ECG_BEAT'/>{}</annotation></component>"
    line = "<code code='MDC_ECG_INTERPRETATION_STATEMENT'/><value>{}</value>"
    stated = f"<component><annotation>{line}</annotation></component>"
    claims = [
        annotation("MDC_ECG_TIME_PD_QRS", 'value="0.09" unit="s"'),
        annotation("MDC_ECG_TIME_PD_QT", 'value="380" unit="ms"', one_lead),
        annotation("MDC_ECG_RHY", 'code="x" displayName="Sinus Rhythm"'),
        (
            f"<component><annotation><code code='MDC_ECG_INTERPRETATION'/>{stated.format('Doe has a normal ECG')}"
            f"{stated.format('Confirmed by someone')}</annotation></component>"
        ),
        beat.format(annotation("MDC_ECG_TIME_PD_QTcB", 'value="410"') + annotation("MDC_ECG_TIME_PD_QRS", 'value="8"')),
        beat.format(annotation("MDC_ECG_TIME_PD_PR_GL", 'value="150" unit="ms"')),
    ]
    parts = {
        "<derivation>": f"<subjectOf><annotationSet>{''.join(claims)}</annotationSet></subjectOf><derivation>",
        '<code code="RHYTHM"/>': '<code code="RHYTHM"/><effectiveTime><low value="20200101120000.5"/></effectiveTime>'
        "<author><seriesAuthor><manufacturedSeriesDevice><manufacturerModelName>M1</manufacturerModelName>"
        "</manufacturedSeriesDevice><manufacturerOrganization><name>ACME</name></manufacturerOrganization></seriesAuthor></author>"
        + filtered("LOW_PASS", "CUTOFF_FREQ", 'value="0.15" unit="kHz"')
        + filtered("HIGH_PASS", "CUTOFF_FREQ", 'value="0.05" unit="Hz"')
        + filtered("NOTCH", "NOTCH_FREQ", 'value="50" unit="Hz"'),
    }
    text = aecg_of(RAW, scale='<scale value="0.0025" unit="mV"/>')
    for old, new in parts.items():
        text = text.replace(old, new, 1)

    acquisition = read(text.encode(), NOTHING).acquisition

    assert (acquisition.device, acquisition.acquired_at) == ("ACME M1", "2020-01-01T12:00:00.500000")
    assert (acquisition.filters, acquisition.scales[3]) == (Filters(0.05, 150, 50), Scale("aVR", 0.0025, "mV"))
    assert {each.name: each.value for each in acquisition.measurements} == {"qrs_duration": 90, "qtc_interval": 410}
    assert acquisition.statements == ("Sinus Rhythm", "*** has a normal ECG")


def filtered(kind: str, what: str, value: str) -> str:
    prefix = "MDC_ECG_CTL_VBL_ATTR_FILTER_"
    part = f'<component><controlVariable><code code="{prefix}{what}"/><value {value}/></controlVariable></component>'
    return f'<controlVariable><controlVariable><code code="{prefix}{kind}"/>{part}</controlVariable></controlVariable>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (aecg_of(RAW, code="REPRESENTATIVE_BEAT"), "no rhythm series"),
        (WHOLE.replace("TIME_ABSOLUTE", "TIME_LOST"), "states no time"),
        (aecg_of(RAW, increment='<increment value="0" unit="s"/>'), "increment of time is 0 s"),
        (aecg_of(RAW, increment='<increment value="1e-12" unit="s"/>'), "too short"),
        (aecg_of(RAW, increment='<increment value="2" unit="mm"/>'), "increment of time is 2 mm"),
        (aecg_of(RAW, scale='<scale value="1" unit="mmHg"/>'), "scale of lead I is in mmHg"),
        (aecg_of(RAW, scale='<scale value="1e300" unit="V"/>'), "infinite values"),
        (aecg_of(RAW, scale='<scale value="x" unit="uV"/>'), "scale of lead I is no number"),
        (aecg_of(RAW[:, :20]), "too short for a single beat"),
        (WHOLE.replace("<digits>", "<digits>1 2 3 ", 1), "differ in length: I 603"),
        (WHOLE.replace("<digits>", "<digits>x ", 1), "not all numbers"),
        (WHOLE[:9000], "damaged or truncated"),
        (WHOLE.replace("<AnnotatedECG", '<!DOCTYPE x [<!ENTITY a "b">]><AnnotatedECG'), "DTD"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(text.encode(), NOTHING)


@settings(max_examples=300, deadline=None)
@given(mutations(aecg_of(RAW[:, :300]).encode()))
def test_damage_is_refused_or_read_and_never_a_fault(data: bytes) -> None:
    with suppress(PlatformError):
        read(data, Declaration(format_name="aecg"))
