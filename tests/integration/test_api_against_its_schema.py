"""Requests made up from the OpenAPI document: whatever comes, the platform answers as it says it does.

The same requests in every run: what fails here fails again.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration import departments
from tests.unit.services.ingest.ecgs import npy_of, twelve_leads

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
MODEL = "made-up"

Ids = dict[str, str]


@schemathesis.serializer("multipart/related")
def parts(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send what is made up as the only part."""
    content = value if isinstance(value, bytes) else str(value).encode(errors="replace")
    return b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b--\r\n"


@pytest.fixture(scope="module")
def operations(platform_url: str) -> list[Any]:
    described = schemathesis.openapi.from_url(f"{platform_url}/openapi.json")
    return [found.ok() for found in list[Any](described.get_all_operations())]


@pytest.fixture(scope="module")
def ids(platform_url: str) -> Iterator[Ids]:
    """Identifiers of things that are there."""
    with httpx.Client(base_url=f"{platform_url}/api/v1", timeout=60) as client:
        dataset_id = client.post("/datasets", json={"name": "made up"}).json()["dataset_id"]
        files = [("files", ("a.npy", npy_of(twelve_leads(5000))))]
        report = client.post(f"/datasets/{dataset_id}/records", data={"sampling_rate_hz": "500"}, files=files).json()
        record_id = report["files"][0]["record"]["record_id"]
        client.post("/models", data={"name": MODEL}, files={"file": ("m.onnx", departments.private_model())})
        yield {"dataset_id": dataset_id, "record_id": record_id, "name": MODEL, "version": "1"}


def test_every_answer_to_what_is_made_up_is_documented(operations: list[Any]) -> None:
    for operation in operations:
        _try(operation, lambda case: case)

    assert len(operations) > 40


def test_every_answer_about_what_is_there_is_documented(operations: list[Any], ids: Ids) -> None:
    tried = [operation for operation in operations if "{" in operation.path and operation.method != "delete"]

    for operation in tried:
        _try(operation, lambda case: _about(case, ids))

    assert len(tried) > 20


def test_bodies_that_do_not_fit_are_refused(operations: list[Any]) -> None:
    for operation in operations:
        if operation.method == "post" and operation.path in {"/api/v1/datasets", "/api/v1/trainings"}:
            _refused(operation)


def _try(operation: Any, change: Callable[[Any], Any]) -> None:
    @settings(**_SETTINGS)
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        change(case).call_and_validate(checks=CHECKS, timeout=30)

    holds()


def _refused(operation: Any) -> None:
    @settings(**_SETTINGS)
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    def holds(case: Any) -> None:
        case.call_and_validate(checks=[*CHECKS, negative_data_rejection], timeout=30)

    holds()


def _about(case: Any, ids: Ids) -> Any:
    """Make a case one of something that is there."""
    case.path_parameters = dict(case.path_parameters) | {
        key: value for key, value in ids.items() if key in case.path_parameters
    }
    return case


_SETTINGS: dict[str, Any] = {
    "max_examples": EXAMPLES,
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}
