"""Files without the person they are of: the same recording, and nothing that names anybody."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import FORMATS, decode
from services.ingest.formats.base import UploadedFile
from services.ingest.originals.deidentifying import DEIDENTIFIERS, deidentified
from tests.unit.services.ingest.named_files import named_files

KEYED = Declaration(rate_hz=500, pseudonym_key=b"key")
NAMED = named_files()
REAL = (
    "dicom/pydicom_waveform_ecg.dcm",
    "dicom/ecgtoolkit_Example.dcm",
    "muse-xml/braveheart_example1.xml",
    "muse-xml/braveheart_example2.xml",
    "cardiosoft-xml/deepecg_dummy_ecg.xml",
    "aecg/hl7_Example_aECG.xml",
    "aecg/fda_subject1_0.xml",
    "philips-sierra/129DYPRG_1.03.xml",
    "philips-sierra/ad4d3d80-d165_1-04_orig.xml",
    "philips-sierra/ad4d3d80-d165_1-04_converted.xml",
    "scp/ecgtoolkit_Example.scp",
    "scp/rigacci_0000050.scp",
    "edf/rigacci_0000050.edf",
    "ishne/ECG_P28.01.ecg",
    "wfdb-ptbxl/00001_lr.hea",
    "wfdb-ptbdb/s0010_re.hea",
    "challenge/awwong1/E00009.hea",
    "challenge/awwong1/HR00599.hea",
    "challenge/awwong1/Q0001.hea",
)


def test_every_format_has_a_way_or_none_on_purpose() -> None:
    assert set(DEIDENTIFIERS) == {known.NAME for known in FORMATS}


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_is_the_same_recording_without_its_person(name: str, data_dir: Path) -> None:
    path = data_dir / "formats" / name
    companions = {each.name: each.read_bytes() for each in path.parent.glob(f"{path.stem}.*") if each.suffix != ".hea"}
    file = UploadedFile(path.name, path.read_bytes(), companions if path.suffix == ".hea" else {})
    before = decode(file, KEYED)

    bare = deidentified(file, before, KEYED)

    assert bare is not None
    after = decode(bare, KEYED)
    assert after.format_name == before.format_name
    np.testing.assert_array_equal(after.recording.signal, before.recording.signal)
    for fact in ("leads", "rate_hz", "age_years", "sex"):
        assert getattr(after.recording, fact) == getattr(before.recording, fact)
    assert after.recording.patient is None


def test_every_format_with_a_way_is_tried_on_a_file_that_names_somebody() -> None:
    assert {name for name, way in DEIDENTIFIERS.items() if way} <= set(NAMED)


@pytest.mark.parametrize("name", [name for name in NAMED if DEIDENTIFIERS[name]])
def test_nothing_of_the_person_is_left(name: str) -> None:
    named = NAMED[name]
    before = decode(named.file, KEYED)

    bare = deidentified(named.file, before, KEYED)

    assert before.format_name == name
    assert before.recording.age_years == named.age_years
    assert bare is not None
    everything = b"".join((bare.data, *bare.companions.values()))
    assert named.betrayals(b"".join((named.file.data, *named.file.companions.values())))
    assert named.betrayals(everything) == []
    again = decode(bare, KEYED).recording
    np.testing.assert_array_equal(again.signal, before.recording.signal)
    assert (again.leads, again.rate_hz, again.age_years, again.sex, again.patient) == (
        before.recording.leads,
        before.recording.rate_hz,
        before.recording.age_years,
        before.recording.sex,
        None,
    )


@pytest.mark.parametrize("name", ["dicom", "scp", "ishne", "muse-xml"])
def test_no_checksum_breaks(name: str) -> None:
    file = NAMED[name].file
    before = decode(file, KEYED)

    bare = deidentified(file, before, KEYED)

    assert bare is not None
    assert "checksum_mismatch" not in {remark.code for remark in decode(bare, KEYED).recording.remarks}


def test_a_file_that_reads_differently_without_its_person_is_not_kept() -> None:
    file = NAMED["dicom"].file
    before = decode(file, KEYED)
    louder = replace(before, recording=replace(before.recording, signal=before.recording.signal * 2))

    assert deidentified(file, louder, KEYED) is None


@pytest.mark.parametrize("name", [name for name, way in DEIDENTIFIERS.items() if way])
def test_a_file_that_its_way_stumbles_over_is_not_kept(name: str) -> None:
    decoded = decode(NAMED[name].file, KEYED)

    assert deidentified(UploadedFile("broken", b"<"), decoded, KEYED) is None


def test_a_format_without_a_way_is_not_kept() -> None:
    file = NAMED["csv"].file

    assert deidentified(file, decode(file, Declaration(rate_hz=500)), KEYED) is None
