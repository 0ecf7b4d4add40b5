"""What each path answers, as JSON."""

import asyncio
import json

import httpx
import pytest

from tests.unit.gateway.conftest import Door
from tests.unit.gateway.fake_rooms import Rooms

API = "/api/v1"


async def test_a_made_dataset_says_where_it_is(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/datasets", json={"name": "ward"})

    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/datasets/d-1"
    assert answer.json()["name"] == "ward"


async def test_a_list_goes_on_at_its_cursor(http: httpx.AsyncClient) -> None:
    first = (await http.get(f"{API}/datasets", params={"limit": 7})).json()
    second = (await http.get(f"{API}/datasets", params={"cursor": first["next_cursor"]})).json()

    assert first["next_cursor"] == "after-7"
    assert second["next_cursor"] is None


async def test_files_that_are_missing_are_named(http: httpx.AsyncClient) -> None:
    path, known, new = f"{API}/datasets/d-1/records/missing", "a" * 64, "b" * 64

    answer = await http.post(path, json={"sha256": [known, new]})
    refused = await http.post(path, json={"sha256": ["no digest"]})

    assert answer.json() == {"sha256": [new]}
    assert refused.status_code == 400


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
async def test_a_page_has_its_bounds(http: httpx.AsyncClient, limit: str) -> None:
    answer = await http.get(f"{API}/datasets", params={"limit": limit})

    assert answer.status_code == 400
    assert "limit" in answer.json()["detail"]


async def test_an_identifier_that_cannot_be_one_reaches_no_service(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{API}/datasets/..%00")

    assert answer.status_code == 400


async def test_a_missing_thing_is_not_found_in_the_service_s_words(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{API}/datasets/d-9")

    assert answer.status_code == 404
    assert answer.json() == {
        "type": "/docs#NOT_FOUND",
        "title": "Not found",
        "status": 404,
        "detail": "There is no dataset 'd-9'.",
        "code": "NOT_FOUND",
        "instance": "/api/v1/datasets/d-9",
    }


async def test_a_fault_of_a_service_tells_nothing_but_an_id(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{API}/datasets/broken")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["detail"].endswith(answer.json()["error_id"])


async def test_a_body_that_is_no_json_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/datasets", content=b"{", headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_REQUEST"


async def test_an_erased_record_leaves_nothing_to_tell(http: httpx.AsyncClient) -> None:
    answer = await http.delete(f"{API}/records/r-1")

    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_record_says_in_short_how_good_it_is(http: httpx.AsyncClient) -> None:
    quality = (await http.get(f"{API}/records/r-1")).json()["quality"]

    assert (quality["grade"], quality["suspected_reversal"], quality["pacing"]) == ("usable", None, "not_judged")
    assert quality["reasons"] == [{"code": "drift", "text": "V5: the baseline wanders."}]
    assert quality["leads"] == [{"lead": "V5", "flags": ["drift"], "is_lost": False}]


async def test_quality_in_full_has_every_lead_with_its_indices(http: httpx.AsyncClient) -> None:
    answer = (await http.get(f"{API}/records/r-1/quality")).json()

    assert (answer["record_id"], answer["quality"]["judged_s"]) == ("r-r-1", 10)
    assert [(lead["lead"], lead["drift_mv"], lead["mains_mv"]) for lead in answer["quality"]["leads"]] == [
        ("I", 0, None),
        ("V5", 0.8, None),
    ]


async def test_a_record_of_before_has_no_quality(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/records/of-before")).json()["quality"] is None
    assert (await http.get(f"{API}/records/of-before/quality")).json()["quality"] is None


async def test_a_signal_is_downloaded_under_its_name(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{API}/records/r-1/signal", params={"format": "csv"})

    assert answer.content == b"abcdef"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''ECG%20%C3%A9.csv"
    assert answer.headers["content-length"] == "6"


async def test_a_download_of_nothing_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/records/absent/signal")).status_code == 404


async def test_a_download_that_ends_early_is_broken_off(http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await http.get(f"{API}/records/short/signal")


async def test_a_view_has_null_where_nothing_was_recorded(http: httpx.AsyncClient) -> None:
    view = (await http.get(f"{API}/records/r-1/views/events")).json()

    assert view["signal"]["data"] == [[1.0, None]]
    assert view["waves"] == [{"kind": "QRS", "lead": None, "onset": 0, "peak": None, "offset": 1}]
    assert view["beats"] is None


async def test_a_view_that_there_is_not_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/records/r-1/views/holter")).status_code == 400


async def test_a_value_that_is_missing_has_a_reason(http: httpx.AsyncClient) -> None:
    measured = (await http.get(f"{API}/records/r-1/measurements")).json()

    assert measured["measurements"] == [
        {"name": "heart_rate", "value": None, "unit": "/min", "reason": "No beat was found.", "lead": None}
    ]


async def test_a_model_is_imported_with_its_fields(http: httpx.AsyncClient, rooms: Rooms) -> None:
    form = {"name": "screen", "manifest": "{}"}

    answer = await http.post(f"{API}/models", data=form, files={"file": ("m.onnx", b"x" * 3_000_000)})

    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/models/screen/1"
    assert answer.json()["remarks"][0]["code"] == "generic_classes"
    assert (rooms.exchange.options.name, rooms.exchange.size) == ("screen", 3_000_000)


async def test_a_model_has_one_file(http: httpx.AsyncClient) -> None:
    two = [("file", ("a.onnx", b"1")), ("file", ("b.onnx", b"1"))]

    answer = await http.post(f"{API}/models", data={"name": "screen"}, files=two)

    assert answer.status_code == 400
    assert "one file only" in answer.json()["detail"]


async def test_a_model_s_file_carries_its_digest(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{API}/models/screen/1/onnx")

    assert answer.content == b"onnx"
    assert answer.headers["etag"] == f'"{"00" * 32}"'


async def test_a_model_without_versions_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/models/nothing")).status_code == 404
    assert (await http.get(f"{API}/models/screen")).json()["items"][0]["version"] == "1"


async def test_predictions_come_in_the_order_asked_for(http: httpx.AsyncClient) -> None:
    asked = {"model": {"name": "screen"}, "record_ids": ["r-2", "r-1"]}

    report = (await http.post(f"{API}/predictions", json=asked)).json()

    assert [row["record_id"] for row in report["predictions"]] == ["r-2", "r-1"]
    assert report["model"] == {"name": "screen", "version": "1"}
    assert report["predictions"][0]["scores"][0]["codes"] == {"icd10": "Z00"}
    assert report["predictions"][0]["quality"] == {
        "grade": "poor",
        "reasons": [{"code": "flat", "text": "V2: no signal."}],
        "suspected_reversal": None,
        "pacing": "none",
    }


@pytest.mark.parametrize(("said", "asked"), [({}, "poor"), ({"min_quality": "any"}, "any")])
async def test_predictions_are_asked_for_from_a_grade_on(
    http: httpx.AsyncClient, rooms: Rooms, said: dict[str, str], asked: str
) -> None:
    stored = {"model": {"name": "screen"}, "record_ids": ["r-1"], **said}

    assert (await http.post(f"{API}/predictions", json=stored)).status_code == 200
    assert rooms.inference.min_quality == asked
    form, file = {"model": "screen", "sampling_rate_hz": "500", **said}, {"file": ("a.csv", b"1,2")}
    assert (await http.post(f"{API}/predictions", data=form, files=file)).status_code == 200
    assert rooms.inference.min_quality == asked


async def test_predictions_come_as_lines(http: httpx.AsyncClient) -> None:
    asked = {"model": {"name": "screen"}, "record_ids": ["r-2", "late-fault"]}

    answer = await http.post(f"{API}/predictions", json=asked, headers={"Accept": "application/x-ndjson"})

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["einthoven-model"] == "screen/1"
    assert lines[0]["record_id"] == "r-2"
    assert lines[1]["problem"]["detail"] == "The record went away."


async def test_lines_of_a_model_that_is_not_there_are_a_status(http: httpx.AsyncClient) -> None:
    asked = {"model": {"name": "absent"}, "record_ids": ["r-2"]}

    answer = await http.post(f"{API}/predictions", json=asked, headers={"Accept": "application/x-ndjson"})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"model": {"name": "screen"}},
        {"model": {"name": "screen"}, "record_ids": []},
        {"model": {"name": "screen"}, "record_ids": ["r"], "dataset_id": "d"},
        {"model": {"name": "Not A Name"}, "record_ids": ["r"]},
        {"record_ids": ["r"]},
        {"model": {"name": "screen"}, "record_ids": ["r"], "min_quality": "best"},
        [],
    ],
)
async def test_a_prediction_of_nothing_or_of_two_things_is_refused(http: httpx.AsyncClient, asked: object) -> None:
    answer = await http.post(f"{API}/predictions", json=asked)

    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_REQUEST"


async def test_one_file_is_predicted_without_being_stored(http: httpx.AsyncClient, rooms: Rooms) -> None:
    form = {"model": "screen", "sampling_rate_hz": "500"}

    report = (await http.post(f"{API}/predictions", data=form, files={"file": ("a.csv", b"1,2")})).json()

    assert report["predictions"][0]["file_name"] == "a.csv"
    assert report["predictions"][0]["remarks"] == [{"code": "read", "text": "It was read."}]
    assert rooms.ingest.files == {}


async def test_a_file_that_cannot_be_read_is_refused_as_such(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/predictions", data={"model": "screen"}, files={"file": ("a.csv", b"")})

    assert answer.status_code == 422
    assert answer.json()["code"] == "UNREADABLE_FILE"


async def test_a_client_that_goes_away_ends_the_prediction(http: httpx.AsyncClient, rooms: Rooms) -> None:
    asked = {"model": {"name": "screen"}, "record_ids": ["r-1", "endless"]}

    asking = asyncio.create_task(http.post(f"{API}/predictions", json=asked))
    await rooms.inference.begun.wait()
    asking.cancel()

    await rooms.inference.cancelled.wait()


async def test_who_calls_can_be_asked(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/me")).json() == {
        "tenant": "local",
        "subject": "local",
        "roles": ["admin", "member"],
    }


async def test_what_changes_something_is_on_the_audit_trail(http: httpx.AsyncClient, door: Door) -> None:
    await http.get(f"{API}/datasets")
    await http.post(f"{API}/datasets", json={"name": "ward"}, headers={"X-Request-Id": "q-1"})
    await http.delete(f"{API}/records/r-1")

    entries = list(door.trail.waiting)

    assert [(entry.method, entry.route, entry.status) for entry in entries] == [
        ("POST", "/api/v1/datasets", 201),
        ("DELETE", "/api/v1/records/{record_id}", 204),
    ]
    assert (entries[0].caller.subject, entries[0].request_id) == ("local", "q-1")
    assert entries[1].target == "record_id=r-1"
