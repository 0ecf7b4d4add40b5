"""Which study, series and instance a DICOM object is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.instances.identity import identify
from services.ingest.records import Instance
from tests.unit.services.ingest.ecgs import dicom_group, dicom_of

UIDS = {"StudyInstanceUID": "1.2.7", "SeriesInstanceUID": "1.2.7.1", "SOPInstanceUID": "1.2.7.1.1"}
ECG = dicom_of(dicom_group(np.ones((2, 600), np.int16)), **UIDS)


def test_the_uids_are_read() -> None:
    assert identify(ECG) == Instance("1.2.7", "1.2.7.1", "1.2.7.1.1", "1.2.840.10008.5.1.4.1.1.9.1.1")


def test_a_file_that_is_cut_off_later_still_says_which_it_is() -> None:
    assert identify(ECG[:1000]) == identify(ECG)


@pytest.mark.parametrize("missing", UIDS)
def test_an_object_that_lacks_one_says_nothing(missing: str) -> None:
    assert identify(dicom_of(**UIDS | {missing: ""})) is None


def test_a_uid_of_other_characters_is_none() -> None:
    assert identify(ECG.replace(b"1.2.7.1.1\0", b"1.2.7.1.x\0")) is None


def test_a_deflated_object_is_not_inflated() -> None:
    assert identify(ECG.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")) is None


@given(st.binary(max_size=300), st.integers(0, 400))
def test_damage_is_no_identity_and_no_crash(junk: bytes, at: int) -> None:
    identify(ECG[:at] + junk + ECG[at + len(junk) :])
