"""Uploads that end early, and disks that are full: what was reported is there, and nothing else."""

import re
import socket
from urllib.parse import urlsplit

import pytest

from tests.integration.cramped import Cramped, eventually, problem
from tests.unit.services.exchange import onnx_models
from tests.unit.services.ingest.ecgs import npy_of, twelve_leads

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

BOUNDARY = "half"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
RATE = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="sampling_rate_hz"\r\n\r\n500\r\n'
NAME = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="name"\r\n\r\ncut\r\n'
CSV = {"Content-Type": "text/csv"}


def part(name: str, data: bytes, field: str = "files") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n"


def ecg(seed: int) -> bytes:
    return npy_of(twelve_leads(5000, seed=seed))


def send_and_leave(platform: Cramped, call: str, content_type: str, body: bytes) -> None:
    """Announce a megabyte more than is sent, hang up, and return once the platform has noticed."""
    method, path = call.split(" ")
    address = urlsplit(str(platform.client.base_url))
    noticed = _left(platform)
    head = (
        f"{method} {address.path.rstrip('/')}{path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body) + (1 << 20)}\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), int(address.port or 80))) as connection:
        connection.sendall(head.encode() + body)
    assert eventually(lambda: _left(platform) > noticed)


def consistent(platform: Cramped, dataset_id: str, before: set[str]) -> bool:
    """Say whether the objects that came are exactly those of the dataset's records, each of which can be read."""
    items = platform.client.get(f"/datasets/{dataset_id}/records").json()["items"]
    readable = all(platform.client.get(f"/records/{item['record_id']}/signal?format=npy").is_success for item in items)
    originals = {f"originals/local/{item['sha256']}" for item in items}
    came = platform.objects() - before
    shards = {path for path in came if path.startswith(f"signals/local/{dataset_id}/")}
    return readable and came - shards == originals and bool(shards) == bool(items)


def test_a_client_that_leaves_midway_through_a_file_leaves_nothing_of_it(cramped_platform: Cramped) -> None:
    dataset_id = cramped_platform.dataset("left midway")
    before = cramped_platform.objects()
    started = RATE.encode() + part("half.npy", ecg(10))[:200_000]

    send_and_leave(cramped_platform, f"POST /datasets/{dataset_id}/records", FORM, started)

    assert eventually(lambda: cramped_platform.objects() == before)
    assert cramped_platform.names(dataset_id) == []


def test_a_client_that_leaves_after_a_file_has_that_file_or_not_at_all(cramped_platform: Cramped) -> None:
    dataset_id = cramped_platform.dataset("left after one")
    before = cramped_platform.objects()
    body = RATE.encode() + part("whole.npy", ecg(11)) + part("half.npy", ecg(12))[:100_000]

    send_and_leave(cramped_platform, f"POST /datasets/{dataset_id}/records", FORM, body)

    assert eventually(lambda: consistent(cramped_platform, dataset_id, before))
    assert cramped_platform.names(dataset_id) in ([], ["whole.npy"])


def test_an_upload_can_be_repeated_after_it_was_cut_off(cramped_platform: Cramped) -> None:
    dataset_id = cramped_platform.dataset("repeated")
    files = {"a.npy": ecg(13), "b.npy": ecg(14)}
    cut = RATE.encode() + part("a.npy", files["a.npy"]) + part("b.npy", files["b.npy"])[:100_000]
    before = cramped_platform.objects()
    send_and_leave(cramped_platform, f"POST /datasets/{dataset_id}/records", FORM, cut)

    lines = cramped_platform.upload(dataset_id, files)

    outcomes = {line["file_name"]: line["outcome"] for line in lines}
    assert outcomes["a.npy"] in {"stored_with_warnings", "duplicate"}
    assert outcomes["b.npy"] == "stored_with_warnings"
    assert cramped_platform.names(dataset_id) == ["a.npy", "b.npy"]
    assert eventually(lambda: consistent(cramped_platform, dataset_id, before))


def test_labels_that_are_cut_off_change_nothing(cramped_platform: Cramped) -> None:
    dataset_id = cramped_platform.dataset("labels cut off")
    cramped_platform.upload(dataset_id, {"a.npy": ecg(15), "b.npy": ecg(16)})
    path = f"/datasets/{dataset_id}/labels"
    assert cramped_platform.client.put(path, content="file_name,label\na.npy,x\nb.npy,y\n", headers=CSV).is_success
    before = cramped_platform.client.get(f"/datasets/{dataset_id}/statistics").json()

    send_and_leave(cramped_platform, f"PUT {path}", "text/csv", b"file_name,label\na.npy,z\n")

    assert cramped_platform.client.get(f"/datasets/{dataset_id}/statistics").json() == before


def test_a_model_that_is_cut_off_is_none(cramped_platform: Cramped) -> None:
    before = cramped_platform.objects()
    body = NAME.encode() + part("m.onnx", onnx_models.document(), "file").removesuffix(b"\r\n")

    send_and_leave(cramped_platform, "POST /models", FORM, body)

    assert eventually(lambda: cramped_platform.objects() == before)
    assert cramped_platform.client.get("/models/cut").status_code == 404


def test_a_full_disk_is_told_and_leaves_nothing(cramped_platform: Cramped) -> None:
    dataset_id = cramped_platform.dataset("full disk")
    before = cramped_platform.objects()

    with cramped_platform.full():
        lines = cramped_platform.upload(dataset_id, {"a.npy": ecg(20), "b.npy": ecg(21)})
        dataset = cramped_platform.client.post("/datasets", json={"name": "one more"})
        model = cramped_platform.client.post(
            "/models", data={"name": "full"}, files={"file": ("m.onnx", onnx_models.document())}
        )
        listed = cramped_platform.client.get("/datasets")

    assert [line["error"]["code"] for line in lines] == ["STORAGE_FULL"] * 2
    assert "free some space" in problem(dataset, 507, "STORAGE_FULL")
    assert "free some space" in problem(model, 507, "STORAGE_FULL")
    assert listed.status_code == 200
    assert eventually(lambda: cramped_platform.objects() == before)
    assert cramped_platform.client.get("/models/full").status_code == 404


def test_what_fits_onto_an_almost_full_disk_is_whole(cramped_platform: Cramped) -> None:
    dataset_id = cramped_platform.dataset("almost full")
    files = {f"{number}.npy": ecg(30 + number) for number in range(8)}
    before = cramped_platform.objects()

    with cramped_platform.full(but_for_bytes=3 * sum(map(len, files.values())) // 4):
        lines = cramped_platform.upload(dataset_id, files)
        in_time = cramped_platform.names(dataset_id)

    stored = sorted(line["file_name"] for line in lines if line["outcome"].startswith("stored"))
    refused = {line["error"]["code"] for line in lines if line["outcome"] == "refused"}
    assert refused == {"STORAGE_FULL"}
    assert in_time == stored
    assert eventually(lambda: consistent(cramped_platform, dataset_id, before))


def test_a_disk_with_room_again_takes_what_it_refused(cramped_platform: Cramped) -> None:
    dataset_id = cramped_platform.dataset("room again")
    with cramped_platform.full():
        refused = cramped_platform.upload(dataset_id, {"a.npy": ecg(40)})

    stored = cramped_platform.upload(dataset_id, {"a.npy": ecg(40)})

    assert refused[0]["outcome"] == "refused"
    assert stored[0]["outcome"] == "stored_with_warnings"


def _left(platform: Cramped) -> int:
    """Return how many calls the client has left before they were answered."""
    metrics = platform.client.get(str(platform.client.base_url).replace("/api/v1/", "/metrics")).text
    counts = re.findall(r'^einthoven_http_requests_total\{.*status="499".*\} (\S+)$', metrics, re.MULTILINE)
    return int(sum(map(float, counts)))
