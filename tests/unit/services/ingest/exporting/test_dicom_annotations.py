"""Annotations out, as pydicom reads them."""

import io
from dataclasses import replace
from typing import Any

import pydicom
import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.exporting import ExportedEcg
from services.ingest.exporting.annotations import Annotations, Value, Wave
from services.ingest.exporting.as_dicom import write
from services.ingest.exporting.exports import Wish
from services.ingest.formats import decode
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest
from tests.unit.services.ingest.ecgs import twelve_leads

VALUES = (Value("qrs_duration", 96.5, "ms"), Value("qrs_axis", -12.0, "deg"), Value("sokolow_lyon", 2.1, "mV"))
WAVES = (Wave("P", 40, 90), Wave("QRS", 120, 170), Wave("QRS", 320, 370), Wave("T", 4990, 5010))
TOLD = Annotations(VALUES, WAVES, "Einthoven 1")
ECG = ExportedEcg("r1", twelve_leads(), STANDARD_LEADS, 500.0, annotations=TOLD)


def annotations(ecg: ExportedEcg = ECG) -> list[Any]:
    return list(pydicom.dcmread(io.BytesIO(write(ecg))).WaveformAnnotationSequence)


def named(meaning: str) -> Any:
    return next(
        each
        for each in annotations()
        if "ConceptNameCodeSequence" in each and each.ConceptNameCodeSequence[0].CodeMeaning == meaning
    )


def test_a_measurement_has_its_code_its_unit_and_all_channels() -> None:
    item = named("QRS duration global")

    code, unit = item.ConceptNameCodeSequence[0], item.MeasurementUnitsCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("2:16156", "MDC")
    assert (float(item.NumericValue), unit.CodeValue, unit.CodingSchemeDesignator) == (96.5, "ms", "UCUM")
    assert list(item.ReferencedWaveformChannels) == [1, 0]


def test_waves_are_segments_that_count_from_one() -> None:
    one, several = named("P wave"), named("Entire QRS (excluding P, T and U)")

    assert (one.TemporalRangeType, list(one.ReferencedSamplePositions)) == ("SEGMENT", [41, 91])
    assert several.TemporalRangeType == "MULTISEGMENT"
    assert list(several.ReferencedSamplePositions) == [121, 171, 321, 371]


def test_a_wave_beyond_the_signal_is_left_out() -> None:
    meanings = [each.ConceptNameCodeSequence[0].CodeMeaning for each in annotations()[1:]]

    assert "T wave" not in meanings


def test_what_has_no_code_has_one_of_ours() -> None:
    code = named("sokolow lyon").ConceptNameCodeSequence[0]

    assert (code.CodeValue, code.CodingSchemeDesignator) == ("SOKOLOW_LYON", "99EINTHOVEN")


def test_who_measured_is_said() -> None:
    assert annotations()[0].UnformattedTextValue.startswith("Measured by Einthoven 1")


def test_an_ecg_without_annotations_has_no_sequence() -> None:
    dataset = pydicom.dcmread(io.BytesIO(write(replace(ECG, annotations=Annotations()))))

    assert "WaveformAnnotationSequence" not in dataset


def test_resampling_moves_the_waves() -> None:
    assert TOLD.at_rate(0.5).waves[:2] == (Wave("P", 20, 45), Wave("QRS", 60, 85))


def test_other_formats_refuse_them() -> None:
    with pytest.raises(InvalidRequest, match="Only dicom"):
        Wish("csv", annotations=TOLD)


def test_our_own_reader_finds_the_measurements_again() -> None:
    read = decode(UploadedFile("r1.dcm", write(ECG)), Declaration())

    stated = {each.name: each.value for each in read.recording.acquisition.measurements}
    assert stated == {"qrs_duration": 96.5, "qrs_axis": -12.0}
