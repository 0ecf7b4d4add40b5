"""The one-process platform receives ECGs by DICOM where it is told to."""

import asyncio
import io
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from pynetdicom import AE

from deploy.local.platform import LocalPlatform
from deploy.local.settings import LocalSettings
from services.shared.errors import InvalidRequest
from tests.unit.services.ingest.ecgs import dicom_group, dicom_of, twelve_leads

UIDS = {"StudyInstanceUID": "1.2.7", "SeriesInstanceUID": "1.2.7.1", "SOPInstanceUID": "1.2.3"}


def send(address: str, dataset: pydicom.Dataset) -> int:
    sender = AE(ae_title="CART1")
    sender.add_requested_context(dataset.SOPClassUID)
    host, _, port = address.partition(":")
    association = sender.associate(host, int(port), ae_title="EINTHOVEN")
    status = int(association.send_c_store(dataset).Status)
    association.release()
    return status


async def test_what_is_sent_by_message_is_retrieved_over_the_web(tmp_path: Path) -> None:
    raw = np.round(twelve_leads() * 1000).astype(np.int16)
    dataset = pydicom.dcmread(io.BytesIO(dicom_of(dicom_group(raw), **UIDS)))

    async with LocalPlatform(LocalSettings(tmp_path, port=0, dicom_port=0, dicom_senders=("CART1",))) as platform:
        status = await asyncio.to_thread(send, platform.dicom_address, dataset)
        async with httpx.AsyncClient(base_url=platform.url, headers={"Accept": "application/dicom"}) as client:
            answer = await client.get("/dicomweb/studies/1.2.7")

    assert status == 0
    back = pydicom.dcmread(io.BytesIO(answer.content))
    np.testing.assert_array_equal(back.waveform_array(0), dataset.waveform_array(0))


async def test_a_sender_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    settings = LocalSettings(tmp_path, port=0, dicom_port=0, dicom_senders=("BACK\\SLASH",))

    with pytest.raises(InvalidRequest, match="no AE title"):
        async with LocalPlatform(settings):
            pytest.fail("It started.")
