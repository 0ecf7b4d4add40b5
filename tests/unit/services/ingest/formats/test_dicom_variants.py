"""DICOM in its variants: transfer syntaxes, SOP classes, sample types, groups, annotations."""

from typing import Any

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import dicom
from services.shared.acquisition import Filters, Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import TooLarge, UnreadableFile
from tests.unit.services.ingest.dicoms import (
    SOP_CLASSES,
    SYNTAXES,
    code,
    deflated_bomb,
    group_of,
    measured,
    rewritten,
    stated,
)
from tests.unit.services.ingest.ecgs import codes, dicom_group, dicom_of, read, twelve_leads

LEADS = twelve_leads()
RAW = np.round(LEADS * 1000).astype(np.int16)
NOTHING = Declaration()


@pytest.mark.parametrize("undefined_lengths", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_uncompressed_syntax_is_read(syntax: str, undefined_lengths: bool) -> None:  # noqa: FBT001 a parameter
    data = dicom_of(dicom_group(RAW), WaveformAnnotationSequence=[stated("Sinus rhythm")], PatientAge="045Y")

    recording = read(rewritten(data, syntax, undefined_lengths=undefined_lengths), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-7)
    assert (recording.leads, recording.rate_hz, recording.age_years) == (STANDARD_LEADS, 500, 45)
    assert recording.acquisition.statements == ("Sinus rhythm",)


@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_a_data_set_without_preamble_is_read(syntax: str) -> None:
    whole = rewritten(dicom_of(dicom_group(RAW)), syntax)
    bare = whole[132 + 12 + int.from_bytes(whole[140:144], "little") :]

    np.testing.assert_allclose(read(bare, NOTHING).signal, LEADS, atol=1e-7)


def test_a_deflated_object_that_grows_beyond_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom, "MAX_INFLATED_BYTES", 1 << 20)

    with pytest.raises(TooLarge, match="inflates beyond 1 MiB"):
        read(deflated_bomb(dicom_of(dicom_group(RAW)), 2 << 20), NOTHING)
    with pytest.raises(UnreadableFile, match="damaged"):
        read(rewritten(dicom_of(dicom_group(RAW)), "deflated")[:-2000] + b"\xff" * 2000, NOTHING)


@pytest.mark.parametrize("sop_class", SOP_CLASSES.values(), ids=SOP_CLASSES)
def test_the_sop_class_is_not_asked(sop_class: str) -> None:
    data = rewritten(dicom_of(dicom_group(RAW)), "explicit", sop_class=sop_class)

    np.testing.assert_allclose(read(data, NOTHING).signal, LEADS, atol=1e-7)


@pytest.mark.parametrize(
    ("interpretation", "bits", "offset", "divisor"),
    [
        ("SS", 16, 0, 1), ("US", 16, 32768, 1), ("SL", 32, 0, 1), ("UL", 32, 1 << 31, 1), ("SB", 8, 0, 20),
        ("UB", 8, 128, 20),
    ],
)  # fmt: skip
@pytest.mark.parametrize("syntax", ["implicit", "big-endian"])
def test_every_linear_type_of_samples_is_read(
    interpretation: str, bits: int, offset: int, divisor: int, syntax: str
) -> None:
    raw = RAW.astype(np.int64) // divisor
    group = group_of(raw + offset, interpretation, bits, baseline=str(-offset))

    recording = read(rewritten(dicom_of(group), syntax), NOTHING)

    np.testing.assert_allclose(recording.signal, raw / 1000, atol=1e-3 if bits == 32 else 1e-6)


@pytest.mark.parametrize(
    ("interpretation", "bits", "message"),
    [("MB", 8, "companded .mu-law."), ("AB", 8, "companded .A-law."), ("SS", 12, "12 bits, SS"), ("", 16, "no interp")],
)
def test_what_is_not_linear_is_refused_with_a_sentence(interpretation: str, bits: int, message: str) -> None:
    group = dicom_group(RAW)
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = bits, interpretation

    with pytest.raises(UnreadableFile, match=message):
        read(dicom_of(group), NOTHING)


def test_shorter_strips_of_the_same_leads_are_left_out_and_told_of() -> None:
    strips = [dicom_group(RAW[:, :150] * 2), dicom_group(np.tile(RAW, 4)[1:2])]

    recording = read(dicom_of(strips[0], dicom_group(RAW), strips[1]), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-7)
    assert "other_signals" in codes(recording)


def test_groups_of_one_time_that_hold_different_leads_are_one_recording() -> None:
    limbs, chest = dicom_group(RAW[:6]), dicom_group(RAW)
    chest.ChannelDefinitionSequence = chest.ChannelDefinitionSequence[6:]
    chest.NumberOfWaveformChannels, chest.WaveformData = 6, RAW[6:].astype("<i2").T.tobytes()

    recording = read(dicom_of(limbs, chest), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-7)
    assert codes(recording) == {"lead_algebra", "groups_joined"}


def test_groups_of_other_times_are_not_joined() -> None:
    limbs, chest = dicom_group(RAW[:6]), dicom_group(RAW)
    chest.ChannelDefinitionSequence = chest.ChannelDefinitionSequence[6:]
    chest.NumberOfWaveformChannels, chest.WaveformData = 6, RAW[6:].astype("<i2").T.tobytes()
    chest.MultiplexGroupTimeOffset = "2500"

    recording = read(dicom_of(limbs, chest), NOTHING)

    assert recording.leads == STANDARD_LEADS[:6]
    assert {"other_signals", "missing_leads"} <= codes(recording)


@pytest.mark.parametrize(
    ("value", "scheme", "meaning", "label"),
    [
        ("2:3", "MDC", "whatever", ""),
        ("5.6.3-9-3", "SCPECG", "whatever", ""),
        ("MDC_ECG_LEAD_V1", "MDC", "", ""),
        ("X1", "99LOCAL", "Lead V1 (precordial)", ""),
        ("X1", "99LOCAL", "unknown", "V1"),
    ],
)
def test_a_lead_is_known_by_code_or_text(value: str, scheme: str, meaning: str, label: str) -> None:
    group = dicom_group(RAW)
    channel = group.ChannelDefinitionSequence[6]
    channel.ChannelSourceSequence, channel.ChannelLabel = [code(value, scheme, meaning)], label

    assert read(dicom_of(group), NOTHING).leads == STANDARD_LEADS


def test_units_may_be_spelled_and_channels_that_are_no_voltage_are_left_out() -> None:
    group = dicom_group(np.vstack([RAW, RAW[:1]])[:12])
    for channel in group.ChannelDefinitionSequence:
        channel.ChannelSensitivityUnitsSequence = [code("x", "99LOCAL", "microvolt")]
    last = group.ChannelDefinitionSequence[11]
    last.ChannelSourceSequence, last.ChannelSensitivityUnitsSequence = (
        [code("P", "99X", "ABP")],
        [code("mm[Hg]", "", "")],
    )

    recording = read(dicom_of(group), NOTHING)

    assert recording.leads == STANDARD_LEADS[:11]
    assert "other_channels" in codes(recording)


def test_a_missing_sensitivity_is_declared_or_assumed_and_said() -> None:
    group = dicom_group(RAW)
    for channel in group.ChannelDefinitionSequence:
        del channel.ChannelSensitivity, channel.ChannelSensitivityUnitsSequence

    assumed, declared = read(dicom_of(group), NOTHING), read(dicom_of(group), Declaration(gain_adu_per_mv=200))

    assert "default_gain" in codes(assumed)
    np.testing.assert_allclose(declared.signal, LEADS * 5, atol=1e-6)
    assert declared.acquisition.scales[0] == Scale("I", 0.005, "")


@pytest.mark.parametrize(("padding", "is_honoured"), [(32767, True), (0, False), (17, False)])
def test_a_padding_value_counts_where_it_is_no_sample(padding: int, is_honoured: bool) -> None:  # noqa: FBT001 a parameter
    raw = RAW.copy()
    raw[:, -10:] = padding
    group = dicom_group(raw)
    group.add_new(0x5400100A, "OW", padding.to_bytes(2, "little", signed=True))

    assert bool(np.isnan(read(dicom_of(group), NOTHING).signal[:, -10:]).all()) == is_honoured


def test_a_skew_between_channels_is_told_of() -> None:
    group = dicom_group(RAW)
    group.ChannelDefinitionSequence[3].ChannelSampleSkew = "1.5"

    remarks = read(dicom_of(group), NOTHING).remarks

    assert "up to 3 ms apart" in next(remark.text for remark in remarks if remark.code == "channel_skew")


def test_what_is_said_of_the_acquisition() -> None:
    group = dicom_group(RAW, sensitivity="2.5", correction="2")
    for channel in group.ChannelDefinitionSequence:
        channel.FilterLowFrequency, channel.FilterHighFrequency, channel.NotchFilterFrequency = "0.05", "150", "50"
    group.ChannelDefinitionSequence[0].FilterHighFrequency = "100"
    elements: dict[str, Any] = {
        "Manufacturer": "GE", "ManufacturerModelName": "MAC 5", "AcquisitionDateTime": "20200131235958.5",
        "TimezoneOffsetFromUTC": "+0100", "PatientName": "Doe^Jane", "PatientBirthDate": "19800131",
        "WaveformAnnotationSequence": [
            measured("61", code("2:16770", "MDC", "x"), "{beats}/min"),
            measured("0.98", code("2:16168", "MDC", "x"), "s"),
            measured("100", code("2:16184", "MDC", "x")),
            measured("160", code("5.13.5-7", "SCPECG", "x")),
            measured("90", code("1", "99LOCAL", "QRS Duration")),
            measured("95", code("2:16156", "MDC", "QRS duration"), channel=3),
            measured("400", code("2:16160", "MDC", "x"), "mV"),
            measured("44", code("5.10.3-11", "SCPECG", "x"), "ms"),
            measured("29999", code("2:16132", "MDC", "x"), "deg"),
            stated("Sinus rhythm of  Doe\r\n"), stated("Confirmed by Dr. House"), stated(""),
        ],
    }  # fmt: skip

    recording = read(dicom_of(group, **elements), NOTHING)

    claims = recording.acquisition
    assert (claims.device, claims.acquired_at, recording.age_years) == (
        "GE MAC 5",
        "2020-01-31T23:59:58.500000+01:00",
        40,
    )
    assert (claims.filters, claims.scales[11]) == (Filters(0.05, None, 50.0), Scale("V6", 5.0, "uV"))
    assert {each.name: each.value for each in claims.measurements} == {
        "heart_rate": 61, "rr_interval": 980, "p_duration": 100, "pr_interval": 160, "qrs_duration": 90, "p_axis": 44,
    }  # fmt: skip
    assert claims.statements == ("Sinus rhythm of ***",)


def test_texts_are_read_in_the_character_set_of_the_object() -> None:
    for charset in ("ISO_IR 100", "ISO_IR 192", "ISO_IR 144"):
        text = "Синусовый ритм" if charset == "ISO_IR 144" else "Vorhofflimmern für 2 s"
        data = dicom_of(dicom_group(RAW), SpecificCharacterSet=charset, WaveformAnnotationSequence=[stated(text)])

        assert read(data, NOTHING).acquisition.statements == (text,)
