"""The DICOM receiver before a running ingest, asked by a sender of pynetdicom's own."""

import asyncio
import gc
import io
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import

from einthoven.ingest.v1 import ingest_pb2 as pb
from services.ingest.dicom_receiver.bootstrap import build
from services.ingest.dicom_receiver.settings import DicomReceiverSettings
from services.shared.deployable import Deployable
from services.shared.dicom import WAVEFORM_CLASSES
from services.shared.identity import Caller
from services.shared.rpc.convert import ref_from_pb
from tests.contract.certificates import certificate_of
from tests.contract.ingest_on_the_wire import ANNA, BEN, Wire, closed, opened, settings_of
from tests.unit.services.ingest.ecgs import dicom_group, dicom_of, twelve_leads

DEPARTMENTS = {"CART1": "cardiology", "CART 2": "surgery"}
PICTURE = pydicom.uid.CTImageStorage

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def sockets() -> Iterator[None]:
    """Let the sockets go that pynetdicom leaves to the garbage where a peer has hung up."""
    yield
    for thread in threading.enumerate():
        if isinstance(thread, DULServiceProvider | Association):
            thread.join(10)
    gc.collect()


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    wire = await opened(settings_of(f"sqlite+aiosqlite:///{tmp_path}/i.sqlite", tmp_path), tmp_path)
    yield wire
    await closed(wire)


@pytest.fixture
async def receiver(wire: Wire) -> AsyncIterator[Deployable]:
    receiver = await build(receiver_settings(wire))
    await receiver.start()
    yield receiver
    await receiver.stop()


def receiver_settings(wire: Wire, **more: Any) -> DicomReceiverSettings:
    given = {
        "identity": {"secret": "s" * 32},
        "ingest_address": wire.deployable.address,
        "port": 0,
        "departments": DEPARTMENTS,
        "sop_classes": [PICTURE],
        "drain_seconds": 2,
        **more,
    }
    return DicomReceiverSettings.model_validate(given)


def ecg(number: int = 1, **elements: Any) -> pydicom.Dataset:
    raw = np.round(twelve_leads(seed=number) * 1000).astype(np.int16)
    uids = {"StudyInstanceUID": "1.2.7", "SeriesInstanceUID": "1.2.7.1", "SOPInstanceUID": f"1.2.7.1.{number}"}
    dataset = pydicom.dcmread(io.BytesIO(dicom_of(dicom_group(raw), **uids, **elements)))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def picture() -> pydicom.Dataset:
    dataset = ecg(7)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = PICTURE
    del dataset.WaveformSequence
    return dataset


async def sent(
    receiver: Deployable,
    *datasets: pydicom.Dataset,
    calling: str = "CART1",
    called: str = "EINTHOVEN",
    tls: ssl.SSLContext | None = None,
) -> list[Any] | None:
    """Send objects over one association and return the answers; None where the association is refused."""
    return await asyncio.to_thread(_sent, receiver.address, datasets, (calling, called), tls)


def _sent(address: str, datasets: Any, titles: tuple[str, str], tls: ssl.SSLContext | None) -> list[Any] | None:
    entity = AE(ae_title=titles[0])
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    entity.add_requested_context(Verification)
    for uid in (*sorted(WAVEFORM_CLASSES), PICTURE):
        entity.add_requested_context(uid)
    host, _, port = address.partition(":")
    sockets: list[Any] = []
    opened = (evt.EVT_CONN_OPEN, lambda event: sockets.append(event.assoc.dul.socket.socket))
    secured = (tls, "localhost") if tls else None
    association = entity.associate(host, int(port), ae_title=titles[1], tls_args=secured, evt_handlers=[opened])
    try:
        return _told(association, datasets)
    finally:
        for each in sockets:
            each.close()  # pynetdicom leaves it to the garbage collector where a peer has hung up


def _told(association: Any, datasets: Any) -> list[Any] | None:
    if not association.is_established:
        return None
    assert association.send_c_echo().Status == 0
    answers = []
    for dataset in datasets:
        if association.is_established:
            answers.append(association.send_c_store(dataset))  # noqa: PERF401 it may end after each
    association.release()
    return answers


async def instances(wire: Wire, caller: Caller = ANNA) -> list[Any]:
    answer = await wire.ask("ListInstances", pb.ListInstancesRequest(), caller)
    return list(answer.instances)


async def test_an_object_is_durable_when_it_is_answered(receiver: Deployable, wire: Wire) -> None:
    answers = await sent(receiver, ecg(1), ecg(2))

    assert answers is not None
    assert [answer.Status for answer in answers] == [0, 0]
    found = await instances(wire)
    assert {each.instance.sop_uid for each in found} == {"1.2.7.1.1", "1.2.7.1.2"}
    one = next(each for each in found if each.instance.sop_uid == "1.2.7.1.1")
    record = (await wire.ask("GetRecord", pb.GetRecordRequest(record_id=one.record_id))).record
    assert record.file_name == "1.2.7.1.1.dcm"
    np.testing.assert_allclose(await wire.signals.read(ref_from_pb(record.signal)), twelve_leads(seed=1), atol=1e-6)


async def test_what_is_kept_is_a_file_with_no_release_in_it(receiver: Deployable, wire: Wire) -> None:
    await sent(receiver, ecg(1))

    (found,) = await instances(wire)
    request = pb.FetchInstanceRequest(record_id=found.record_id, form=pb.INSTANCE_FORM_FILE)
    parts = [part.file async for part in wire.client.server_stream(wire.stub.FetchInstance, request, caller=ANNA)]
    back = pydicom.dcmread(io.BytesIO(b"".join(part.chunk.data for part in parts[1:])))
    assert back.file_meta.ImplementationVersionName == "EINTHOVEN"
    assert back.WaveformSequence[0].WaveformData == ecg(1).WaveformSequence[0].WaveformData


async def test_each_sender_stores_for_its_department(receiver: Deployable, wire: Wire) -> None:
    await sent(receiver, ecg(1))
    await sent(receiver, ecg(2), calling="CART 2")

    assert [each.instance.sop_uid for each in await instances(wire)] == ["1.2.7.1.1"]
    assert [each.instance.sop_uid for each in await instances(wire, BEN)] == ["1.2.7.1.2"]


async def test_what_is_sent_again_is_stored_once(receiver: Deployable, wire: Wire) -> None:
    first, second = await sent(receiver, ecg(1)), await sent(receiver, ecg(1))

    assert first is not None
    assert second is not None
    assert (first[0].Status, second[0].Status) == (0, 0)
    assert len(await instances(wire)) == 1
    assert len(await wire.keys("originals/")) == 1


@pytest.mark.parametrize("titles", [{"calling": "STRANGER"}, {"called": "SOMEONE"}])
async def test_strangers_are_refused(receiver: Deployable, wire: Wire, titles: dict[str, Any]) -> None:
    assert await sent(receiver, ecg(1), **titles) is None
    assert await instances(wire) == []


async def test_a_bad_object_is_answered_why_and_the_association_goes_on(receiver: Deployable, wire: Wire) -> None:
    broken, nameless = ecg(3), ecg(4)
    broken.WaveformSequence[0].WaveformData = b"\0" * 100
    nameless.StudyInstanceUID = ""

    answers = await sent(receiver, broken, picture(), nameless, ecg(5))

    assert answers is not None
    assert [answer.Status for answer in answers] == [0xC000, 0x0122, 0xC000, 0]
    assert answers[0].ErrorComment.startswith("The waveform is truncated")
    assert len(answers[2].ErrorComment) <= 64
    assert [each.instance.sop_uid for each in await instances(wire)] == ["1.2.7.1.5"]


async def test_an_object_over_the_limit_ends_its_association_and_no_other(wire: Wire) -> None:
    receiver = await build(receiver_settings(wire, limits={"max_object_bytes": 1 << 16}))
    await receiver.start()
    large = ecg(1)
    large.WaveformSequence[0].WaveformData = bytes(1 << 20)

    answers = await sent(receiver, large)
    after = await sent(receiver, ecg(2))
    await receiver.stop()

    assert answers is not None
    assert "Status" not in answers[0]
    assert after is not None
    assert after[0].Status == 0


async def test_whoever_hangs_up_without_a_word_keeps_no_place_from_a_sender(wire: Wire) -> None:
    receiver = await build(receiver_settings(wire, limits={"associations": 1}))
    await receiver.start()
    host, _, port = receiver.address.partition(":")

    for _ in range(5):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(5):
        while (answers := await sent(receiver, ecg(1))) is None:
            """A place may take a moment to be free again."""
    await receiver.stop()

    assert answers[0].Status == 0


async def test_while_ingest_is_away_senders_are_told_to_try_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.shared.rpc.client.FIND_SECONDS", 0.1)
    receiver = await build(receiver_settings(wire, ingest_address="127.0.0.1:1"))
    await receiver.start()

    answers = await sent(receiver, ecg(1))
    await receiver.stop()

    assert answers is not None
    assert answers[0].Status == 0xA700


async def test_stopping_waits_for_an_object_on_its_way(receiver: Deployable, wire: Wire) -> None:
    sending = asyncio.create_task(sent(receiver, *(ecg(number) for number in range(1, 6))))
    while not await instances(wire):  # noqa: ASYNC110 they come over the network
        await asyncio.sleep(0.01)

    await receiver.stop()

    answers = await sending
    assert answers is not None
    stored = [answer for answer in answers if "Status" in answer and answer.Status == 0]
    assert len(await instances(wire)) == len(stored)


async def test_the_real_objects_are_received(wire: Wire, data_dir: Path) -> None:
    receiver = await build(receiver_settings(wire))
    await receiver.start()
    with pydicom.config.disable_value_validation():
        files = [pydicom.dcmread(path) for path in sorted((data_dir / "formats" / "dicom").glob("*.dcm"))]
        answers = await sent(receiver, *files)
    await receiver.stop()

    assert answers is not None
    assert {answer.Status for answer in answers} == {0}


async def test_over_tls_a_sender_shows_its_certificate(wire: Wire, tmp_path: Path) -> None:
    certificate, key = certificate_of(tmp_path)
    tls = {"certificate_file": certificate, "key_file": key, "client_ca_file": certificate}
    receiver = await build(receiver_settings(wire, tls=tls, limits={"idle_seconds": 2}))
    await receiver.start()
    known, unknown = (ssl.create_default_context(cafile=str(certificate)) for _ in range(2))
    known.load_cert_chain(certificate, key)

    answers = await sent(receiver, ecg(1), tls=known)
    refused = await sent(receiver, ecg(2), tls=unknown)
    plain = await sent(receiver, ecg(3))
    await receiver.stop()

    assert answers is not None
    assert answers[0].Status == 0
    assert (refused, plain) == (None, None)
