"""multipart/related: every part is a file, named by the instance that it says it is."""

import io
from typing import Any

import httpx
import numpy as np
import pydicom

from services.shared.errors import ErrorCode
from tests.unit.gateway.conftest import OpenDoor, small
from tests.unit.gateway.fake_rooms import Rooms
from tests.unit.services.ingest.ecgs import dicom_group, dicom_of

STUDIES = "/dicomweb/studies"
HEADERS = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}


def instance(sop_uid: str) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(dicom_of(dicom_group(np.ones((2, 600), np.int16)))))
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(sop_uid)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def part(content: bytes, *headers: str) -> bytes:
    head = "".join(f"{header}\r\n" for header in ("Content-Type: application/dicom", *headers))
    return f"--b\r\n{head}\r\n".encode() + content + b"\r\n"


async def post(http: httpx.AsyncClient, *parts: bytes) -> Any:
    return await http.post(STUDIES, content=b"".join(parts) + b"--b--\r\n", headers=HEADERS)


async def test_a_file_is_named_by_its_instance(http: httpx.AsyncClient, rooms: Rooms) -> None:
    one, other = instance("1.2.3.4"), instance("1.2.3.5")

    await post(http, part(one), part(other))

    assert rooms.ingest.files == {"1.2.3.4.dcm": len(one), "1.2.3.5.dcm": len(other)}
    assert rooms.ingest.declaration.instances_only
    assert rooms.ingest.declaration.format == "dicom"


async def test_a_file_that_names_no_instance_is_numbered(http: httpx.AsyncClient, rooms: Rooms) -> None:
    await post(http, part(b"x"), part(b"", "Content-Location: /somewhere"))

    assert rooms.ingest.files == {"instance-1.dcm": 1, "instance-2.dcm": 0}


async def test_a_uid_that_is_none_names_no_file(http: httpx.AsyncClient, rooms: Rooms) -> None:
    await post(http, part(instance("1.2.3").replace(b"UI\x06\x001.2.3\0", b"UI\x06\x00../../")))

    assert list(rooms.ingest.files) == ["instance-1.dcm"]


async def test_an_encoded_part_is_refused(http: httpx.AsyncClient) -> None:
    answer = await post(http, part(b"x", "Content-Transfer-Encoding: base64"))

    assert answer.status_code == 400


async def test_an_oversized_instance_is_told_and_costs_no_other(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door(**small(max_upload_bytes=20_000))
    async with httpx.AsyncClient(base_url=door.url) as http:
        answer = await post(http, part(bytes(1 << 20)), part(instance("1.2.3.4")))

    failures = [item["00081197"]["Value"][0] for item in answer.json()["0008119A"]["Value"]]
    assert 0xA700 in failures
    assert "1.2.3.4.dcm" in rooms.ingest.files


async def test_a_study_that_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{STUDIES}/1.2.3")

    assert answer.json()["code"] == ErrorCode.NOT_FOUND
