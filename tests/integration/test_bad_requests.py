"""Requests that cannot be answered: labels, trainings, predictions, documents and forms that are wrong."""

from typing import Any

import httpx
import numpy as np
import pytest

from tests.integration import departments
from tests.integration.cramped import JSON_BYTES, Cramped, problem, sentence
from tests.integration.departments import Department
from tests.unit.services.ingest.ecgs import csv_of, npy_of, twelve_leads

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

INVALID = "INVALID_REQUEST"
CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}
ECGS = 8
SAMPLES = 5000
BALANCED = "".join(f"{number}.npy,{'ab'[number % 2]}\n" for number in range(ECGS))
MODEL = "sound"

Request = dict[str, Any]


@pytest.fixture(scope="module")
def dataset_id(cramped_platform: Cramped) -> str:
    """A labelled dataset, and a model beside it."""
    made = cramped_platform.dataset("bad requests")
    cramped_platform.upload(made, _ecgs(ECGS))
    labels = cramped_platform.client.put(
        f"/datasets/{made}/labels", content=f"file_name,label\n{BALANCED}", headers=CSV
    )
    model = cramped_platform.client.post(
        "/models", data={"name": MODEL}, files={"file": ("m.onnx", departments.private_model())}
    )
    assert (labels.status_code, model.status_code) == (200, 201)
    return made


@pytest.mark.parametrize(
    ("csv", "expected"),
    [
        (b"", "first row of the labels must be file_name,label"),
        (b"0.npy,a\n1.npy,b\n", "first row of the labels must be file_name,label"),
        (b"file_name,label\n0.npy,a\nnowhere.npy,b\n", "not in the dataset, e.g. 'nowhere.npy'. Upload them first"),
        (b"file_name,label\n0.npy\n", "Row 2 has 1 cells"),
        (b"file_name,label\n0.npy,\n", "Row 2 has no label"),
        (b'file_name,label\n0.npy,"a\n', "a quote is not closed"),
        (b"file_name,label,ICD-10\n0.npy,a;b,I21\n", "2 labels and 1 codes"),
        (b"file_name,label\n0.npy," + b"x" * 300 + b"\n", "at most 200"),
        (b"file_name,label\n0.npy,a\0b\n", "printable"),
        ("file_name,label\n0.npy,ü\n".encode("latin-1"), "UTF-8"),
        (b"file_name,label\n" + b"\n" * JSON_BYTES, "larger than 1048576"),
    ],
)
def test_bad_labels_change_nothing(cramped_platform: Cramped, dataset_id: str, csv: bytes, expected: str) -> None:
    before = _statistics(cramped_platform, dataset_id)

    answer = cramped_platform.client.put(f"/datasets/{dataset_id}/labels", content=csv, headers=CSV)

    is_large = len(csv) > JSON_BYTES
    assert expected in problem(answer, 413 if is_large else 400, "TOO_LARGE" if is_large else INVALID)
    assert _statistics(cramped_platform, dataset_id) == before


@pytest.mark.parametrize(
    ("count", "labels", "expected"),
    [
        (0, "", "0 labelled ECGs are too few"),
        (1, "0.npy,a\n", "1 labelled ECGs are too few"),
        (2, "0.npy,a\n1.npy,b\n", "2 labelled ECGs are too few to train on"),
        (ECGS, "", "0 labelled ECGs are too few"),
        (ECGS, "".join(f"{number}.npy,a\n" for number in range(ECGS)), "same label, 'a'"),
    ],
)
def test_what_cannot_be_learned_from_is_not_trained_on(
    cramped_platform: Cramped, count: int, labels: str, expected: str
) -> None:
    made = cramped_platform.dataset(f"too little {expected} {count}")
    if count:
        cramped_platform.upload(made, _ecgs(count))
    if labels:
        text = f"file_name,label\n{labels}"
        assert cramped_platform.client.put(f"/datasets/{made}/labels", content=text, headers=CSV).is_success
    before = cramped_platform.objects()

    answer = cramped_platform.client.post("/trainings", json=_training(made))

    assert expected in problem(answer, 400, INVALID)
    assert cramped_platform.objects() == before
    assert cramped_platform.client.get("/trainings").json()["items"] == []


@pytest.mark.parametrize(
    ("wrong", "status", "expected"),
    [
        ({"architecture": "oracle"}, 400, "Choose one of: inception_time"),
        ({"architecture": None}, 400, "either architecture or base_model"),
        ({"base_model": {"name": MODEL}}, 400, "either architecture or base_model"),
        ({"architecture": None, "base_model": {"name": "nobodys"}}, 404, "no model 'nobodys'"),
        ({"dataset_id": "nowhere"}, 404, "no dataset 'nowhere'"),
        ({"validation_dataset_id": "nowhere"}, 404, "no dataset 'nowhere'"),
        ({"model_name": "../../etc"}, 400, "model_name"),
        ({"model_name": "m" * 200}, 400, "model_name"),
        ({"min_quality": "poor"}, 400, "reaches the quality asked for (poor or better); left out:"),
        ({"mode": "head_only"}, 400, "Start from a model of the store"),
        ({"task": "prophecy"}, 400, "'multiclass' or 'multilabel'"),
        ({"optimizer": "luck"}, 400, "Choose one of: adamw"),
        ({"preprocessing": "magic"}, 400, "Choose one of: exchangeai"),
        ({"max_epochs": 0}, 400, "max_epochs"),
        ({"batch_size": 10**9}, 400, "batch_size"),
        ({"learning_rate": -1}, 400, "learning_rate"),
        ({"validation_fraction": 0.9}, 400, "0.01 to 0.5"),
        ({"rate_hz": 20}, 400, "greater than or equal to 50"),
        ({"epochs": 3}, 400, "epochs: Extra inputs are not permitted"),
    ],
)
def test_a_training_that_makes_no_sense_is_not_queued(
    cramped_platform: Cramped, dataset_id: str, wrong: Request, status: int, expected: str
) -> None:
    before = cramped_platform.objects()
    asked = {key: value for key, value in (_training(dataset_id) | wrong).items() if value is not None}

    answer = cramped_platform.client.post("/trainings", json=asked)

    assert expected in problem(answer, status, {400: INVALID, 404: "NOT_FOUND"}[status])
    assert cramped_platform.client.get("/trainings").json()["items"] == []
    assert cramped_platform.objects() == before


def test_an_ecg_without_the_leads_of_a_model_is_not_guessed(cramped_platform: Cramped, dataset_id: str) -> None:
    gap = twelve_leads(SAMPLES)
    gap[3, 5] = np.nan
    mixed = cramped_platform.dataset("two leads")
    files = {"two.csv": csv_of(gap[:2], "I,II"), "gap.npy": npy_of(gap), "whole.npy": npy_of(twelve_leads(SAMPLES))}
    cramped_platform.upload(mixed, files)

    asked = {"model": {"name": MODEL}, "dataset_id": mixed, "min_quality": "any"}
    answer = cramped_platform.client.post("/predictions", json=asked)

    predictions = {each["file_name"]: each for each in answer.json()["predictions"]}
    assert answer.status_code == 200
    assert "nothing recorded on V1, V2, V3, V4, V5, V6" in sentence(predictions["two.csv"]["error"]["detail"])
    assert "aVR were not recorded (NaN" in sentence(predictions["gap.npy"]["error"]["detail"])
    assert not predictions["two.csv"]["scores"]
    assert not predictions["gap.npy"]["scores"]
    assert predictions["whole.npy"]["error"] is None
    assert len(predictions["whole.npy"]["scores"]) == 3


@pytest.mark.parametrize(
    ("asked", "status", "code", "expected"),
    [
        ({"model": {"name": "nobodys"}, "record_ids": ["r"]}, 404, "NOT_FOUND", "no model 'nobodys'"),
        ({"model": {"name": MODEL}, "record_ids": ["r"]}, 404, "NOT_FOUND", "1 records are not there, e.g. r"),
        ({"model": {"name": MODEL}, "dataset_id": "d"}, 404, "NOT_FOUND", "no dataset 'd'"),
        ({"model": {"name": MODEL}, "record_ids": []}, 400, INVALID, "at least 1"),
        ({"model": {"name": MODEL}, "record_ids": ["r"] * 10_001}, 400, INVALID, "at most 10000"),
        ({"model": {"name": MODEL}}, 400, INVALID, "either record_ids or dataset_id"),
        ({"model": {"name": "../x"}, "dataset_id": "d"}, 400, INVALID, "model.name"),
        ({"model": MODEL, "dataset_id": "d"}, 400, INVALID, "model"),
    ],
)
def test_a_prediction_of_nothing_is_refused(
    cramped_platform: Cramped, dataset_id: str, asked: Request, status: int, code: str, expected: str
) -> None:
    assert expected in problem(cramped_platform.client.post("/predictions", json=asked), status, code)


def test_an_inline_file_that_is_no_ecg_is_refused(cramped_platform: Cramped, dataset_id: str) -> None:
    answer = cramped_platform.client.post("/predictions", data={"model": MODEL}, files={"file": ("a.txt", b"hello")})

    assert "not an ECG" in problem(answer, 422, "UNREADABLE_FILE")


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b'{"name":', 400, "not JSON"),
        (b"", 400, "body"),
        (b'["name"]', 400, "a JSON object is expected"),
        (b'{"name": "\xff"}', 400, "JSON object in UTF-8"),
        (b'{"name": "\\ud800"}', 400, "unicode"),
        (b"[" * 100_000, 400, "JSON object in UTF-8"),
        (b'{"name": 7}', 400, "name"),
        (b'{"name": ""}', 400, "at least 1 character"),
        (b'{"name": " \\u0000 "}', 400, "printable"),
        (b'{"name": "' + b"x" * 201 + b'"}', 400, "at most 200 characters"),
        (b'{"name": "bad requests", "colour": "red"}', 400, "colour: Extra inputs are not permitted"),
        (b'{"name": "bad requests"}', 409, "exists; choose another name"),
        (b" " * (JSON_BYTES + 1), 413, "larger than 1048576 bytes"),
    ],
)
def test_a_document_that_is_wrong_is_refused(
    cramped_platform: Cramped, dataset_id: str, body: bytes, status: int, expected: str
) -> None:
    answer = cramped_platform.client.post("/datasets", content=body, headers=JSON)

    code = {400: INVALID, 409: "ALREADY_EXISTS", 413: "TOO_LARGE"}[status]
    assert expected in problem(answer, status, code)


PART = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a.npy"\r\n\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b"{}", "Expected a form with files"),
        ("multipart/form-data", b"", "names no boundary"),
        ("multipart/form-data; boundary=x", b"", "cut off"),
        ("multipart/form-data; boundary=x", b"no part of a form", "malformed"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", "holds no file"),
        ("multipart/form-data; boundary=x", PART % b"files" + b"\x93NUMPY", "cut off"),
        ("multipart/form-data; boundary=x", PART % b"picture" + b"\r\n--x--\r\n", "parts named 'files'"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n", "no Content-Disposition"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="sampling_rate_hz"\r\n\r\n500\r\n' * 2 + b"--x--\r\n",
            "given twice",
        ),
        ("multipart/form-data; boundary=" + "x" * 300, b"", "longer than 256"),
    ],
)
def test_a_form_that_is_wrong_is_refused(
    cramped_platform: Cramped, dataset_id: str, content_type: str, body: bytes, expected: str
) -> None:
    before = cramped_platform.objects()

    answer = cramped_platform.client.post(
        f"/datasets/{dataset_id}/records", content=body, headers={"Content-Type": content_type}
    )

    assert expected in problem(answer, 400, INVALID)
    assert cramped_platform.objects() == before


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        ("GET /datasets/nowhere", 404, "NOT_FOUND"),
        ("DELETE /datasets/nowhere", 404, "NOT_FOUND"),
        ("GET /records/nowhere", 404, "NOT_FOUND"),
        ("GET /records/nowhere/views/qrs", 404, "NOT_FOUND"),
        ("GET /trainings/nowhere/events", 404, "NOT_FOUND"),
        ("GET /models/nowhere/1/onnx", 404, "NOT_FOUND"),
        ("GET /records/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, "NOT_FOUND"),
        ("GET /nowhere", 404, "NOT_FOUND"),
        (f"GET /records/{'r' * 500}", 400, INVALID),
        ("GET /models/%00", 400, INVALID),
        ("GET /datasets?limit=0", 400, INVALID),
        ("GET /datasets?limit=many", 400, INVALID),
        ("GET /datasets?cursor=nonsense", 400, INVALID),
        ("GET /trainings?cursor=nonsense", 400, INVALID),
        ("GET /models?cursor=nonsense", 400, INVALID),
        ("PATCH /datasets", 405, INVALID),
    ],
)
def test_what_is_not_there_is_told(cramped_platform: Cramped, call: str, status: int, code: str) -> None:
    method, path = call.split(" ")

    problem(cramped_platform.client.request(method, path), status, code)


def test_a_nul_reaches_no_database(neurology: Department) -> None:
    nul = "a\0b"
    own = neurology.ids["dataset_id"]
    client = neurology.client
    neurology.journey.import_model("nul", departments.private_model())

    answers = [
        client.post("/datasets", json={"name": nul}),
        client.get("/datasets", params={"cursor": nul}),
        client.post("/predictions", json={"model": {"name": "nul"}, "record_ids": [nul]}),
        client.post("/predictions", json={"model": {"name": "nul"}, "dataset_id": nul}),
        client.post("/trainings", json=_training(nul)),
        client.put(f"/datasets/{own}/labels", content=f"file_name,label\nown.npy,{nul}\n", headers=CSV),
        client.put(f"/datasets/{own}/labels", content=f"file_name,label\n{nul},x\n", headers=CSV),
    ]

    assert [_refused(answer) for answer in answers] == [True] * len(answers), [answer.text for answer in answers]


def _refused(answer: httpx.Response) -> bool:
    return answer.status_code in {400, 404} and bool(sentence(answer.json()["detail"]))


def _ecgs(count: int) -> dict[str, bytes]:
    return {f"{number}.npy": npy_of(twelve_leads(SAMPLES, seed=number)) for number in range(count)}


def _training(dataset_id: str) -> Request:
    spec = {"model_name": "trained", "dataset_id": dataset_id, "architecture": "inception_time"}
    return spec | {"min_quality": "any"}  # The ECGs are noise, so that nothing else would be refused.


def _statistics(platform: Cramped, dataset_id: str) -> Any:
    return platform.client.get(f"/datasets/{dataset_id}/statistics").json()
