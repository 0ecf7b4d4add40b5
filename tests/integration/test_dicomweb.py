"""DICOMweb by a client of somebody else's: what is stored is found and comes back as it was."""

import io
import uuid
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient

from tests.unit.services.ingest.ecgs import dicom_group, dicom_of, twelve_leads

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

RELATED = 'multipart/related; type="application/dicom"; boundary=b'


@pytest.fixture
def client(platform_url: str) -> DICOMwebClient:
    return DICOMwebClient(url=f"{platform_url}/dicomweb")


@pytest.fixture
def study() -> str:
    return f"1.2.826.{uuid.uuid4().int}"[:50]


def ecg(study: str, number: int) -> pydicom.Dataset:
    raw = np.round(twelve_leads(seed=number) * 1000).astype(np.int16)
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "SOPInstanceUID": f"{study}.1.{number}"}
    data = dicom_of(dicom_group(raw), PatientID="4711", PatientName="Doe^Jane", **uids)
    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def samples(dataset: pydicom.Dataset) -> Any:
    return dataset.waveform_array(0)


def related(*files: bytes) -> bytes:
    parts = [b"--b\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files]
    return b"".join(parts) + b"--b--\r\n"


def encoded(dataset: pydicom.Dataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    return buffer.getvalue()


def test_a_study_is_stored_and_comes_back(client: DICOMwebClient, study: str) -> None:
    sent = [ecg(study, number) for number in (1, 2, 3)]

    told = client.store_instances(sent)
    back = client.retrieve_study(study)

    assert {item.ReferencedSOPInstanceUID for item in told.ReferencedSOPSequence} == {
        each.SOPInstanceUID for each in sent
    }
    assert told.RetrieveURL.endswith(f"/dicomweb/studies/{study}")
    assert "FailedSOPSequence" not in told
    by_uid = {each.SOPInstanceUID: each for each in back}
    for each in sent:
        np.testing.assert_array_equal(samples(by_uid[each.SOPInstanceUID]), samples(each))


def test_a_series_and_an_instance_are_retrieved(client: DICOMwebClient, study: str) -> None:
    sent = [ecg(study, number) for number in (1, 2)]
    client.store_instances(sent, study_instance_uid=study)

    series = client.retrieve_series(study, f"{study}.1")
    one = client.retrieve_instance(study, f"{study}.1", f"{study}.1.2")

    assert len(series) == 2
    np.testing.assert_array_equal(samples(one), samples(sent[1]))


def test_what_is_sent_again_is_stored_once(client: DICOMwebClient, study: str) -> None:
    first = client.store_instances([ecg(study, 1)])
    second = client.store_instances([ecg(study, 1)])

    assert first.ReferencedSOPSequence == second.ReferencedSOPSequence
    assert len(client.search_for_instances(study)) == 1


def test_metadata_and_searches_tell_of_a_study(client: DICOMwebClient, study: str) -> None:
    client.store_instances([ecg(study, number) for number in (1, 2)])

    metadata = client.retrieve_study_metadata(study)
    studies = client.search_for_studies(search_filters={"StudyInstanceUID": study})
    series = client.search_for_series(study)
    found = client.search_for_instances(search_filters={"SOPInstanceUID": f"{study}.1.2"})

    assert {each["00080018"]["Value"][0] for each in metadata} == {f"{study}.1.1", f"{study}.1.2"}
    assert [each["0020000D"]["Value"] for each in studies] == [[study]]
    assert studies[0]["00100020"]["Value"][0] not in {"4711", ""}
    assert len(series) == 1
    assert [each["00080018"]["Value"] for each in found] == [[f"{study}.1.2"]]
    same_patient = client.search_for_studies(search_filters={"PatientID": studies[0]["00100020"]["Value"][0]})
    assert study in {each["0020000D"]["Value"][0] for each in same_patient}


def test_one_bad_instance_costs_no_other(platform_url: str, study: str) -> None:
    picture = ecg(study, 2)
    picture.SOPClassUID = picture.file_meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    del picture.WaveformSequence
    body = related(encoded(ecg(study, 1)), b"no DICOM at all", encoded(picture), encoded(ecg(study, 3))[:4000])

    answer = httpx.post(f"{platform_url}/dicomweb/studies", content=body, headers={"Content-Type": RELATED})

    told = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Content-Type"] == "application/dicom+json"
    assert answer.headers["Warning"].startswith("299 einthoven ")
    (stored,) = told["00081199"]["Value"]
    assert stored["00081155"]["Value"] == [f"{study}.1.1"]
    failed = {item["00081155"]["Value"][0]: item["00081197"]["Value"][0] for item in told["00081198"]["Value"]}
    assert failed == {f"{study}.1.2": 0x0122, f"{study}.1.3": 0xC000}
    assert [item["00081197"]["Value"] for item in told["0008119A"]["Value"]] == [[0xC000]]


def test_instances_of_another_study_are_not_stored(platform_url: str, study: str) -> None:
    body, other = related(encoded(ecg(study, 1))), pydicom.uid.generate_uid()

    answer = httpx.post(f"{platform_url}/dicomweb/studies/{other}", content=body, headers={"Content-Type": RELATED})

    assert answer.status_code == 409
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA900]
    assert httpx.get(f"{platform_url}/dicomweb/studies/{study}").status_code == 404


def test_one_instance_comes_by_itself_where_that_is_asked(platform_url: str, study: str) -> None:
    sent = encoded(ecg(study, 1))
    place = f"{platform_url}/dicomweb/studies"
    httpx.post(place, content=related(sent), headers={"Content-Type": RELATED})
    httpx.post(place, content=related(encoded(ecg(study, 2))), headers={"Content-Type": RELATED})

    single = {"Accept": "application/dicom"}
    one = httpx.get(f"{place}/{study}/series/{study}.1/instances/{study}.1.1", headers=single)
    both = httpx.get(f"{place}/{study}", headers=single)
    picture = httpx.get(f"{place}/{study}", headers={"Accept": "image/jpeg"})

    assert (one.status_code, one.headers["Content-Type"], one.content) == (200, "application/dicom", sent)
    assert (both.status_code, picture.status_code) == (406, 406)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ('multipart/related; type="application/dicom+json"; boundary=b', related(b"{}"), 415),
        ("application/dicom", b"", 415),
        ('multipart/related; type="application/dicom"', related(b""), 400),
        (RELATED, related(b"x")[:-6], 400),
        (RELATED, b"--b--\r\n", 400),
    ],
)
def test_a_body_that_holds_no_instances_is_refused(
    platform_url: str, content_type: str, body: bytes, status: int
) -> None:
    answer = httpx.post(f"{platform_url}/dicomweb/studies", content=body, headers={"Content-Type": content_type})

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_is_not_matched_is_told(platform_url: str) -> None:
    answer = httpx.get(f"{platform_url}/dicomweb/studies", params={"AccessionNumber": "7", "limit": "1"})

    assert "AccessionNumber" in answer.headers["Warning"]


def test_the_real_objects_come_back_with_their_waveforms(
    client: DICOMwebClient, platform_url: str, data_dir: Path
) -> None:
    files = sorted((data_dir / "formats" / "dicom").glob("*.dcm"))
    assert files

    for file in files:
        with pydicom.config.disable_value_validation():  # one of them has UIDs that are none
            sent = pydicom.dcmread(file)
            place = f"{sent.StudyInstanceUID}/series/{sent.SeriesInstanceUID}/instances/{sent.SOPInstanceUID}"
            told = client.store_instances([sent])
        back = httpx.get(f"{platform_url}/dicomweb/studies/{place}", headers={"Accept": "application/dicom"})
        assert told.ReferencedSOPSequence[0].RetrieveURL.endswith(place)
        np.testing.assert_array_equal(samples(pydicom.dcmread(io.BytesIO(back.content))), samples(sent))
        if all(uid.is_valid for uid in (sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID)):
            (again,) = client.retrieve_study(sent.StudyInstanceUID)
            np.testing.assert_array_equal(samples(again), samples(sent))
