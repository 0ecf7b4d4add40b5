"""The table of statuses is total, and no text but ours reaches a caller."""

import json

import pytest

from gateway.errors import STATUS_OF, TITLE_OF, invalid, problem, respond
from gateway.schemas.problems import EXAMPLES, Problem
from services.shared.errors import ERROR_OF, ErrorCode, Internal, NotFound
from services.shared.rpc.errors import INTERNAL_TEXT


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_has_a_status_and_a_title(code: ErrorCode) -> None:
    document = problem(ERROR_OF[code]("Sentence."), "/api/v1/x")

    assert document["status"] == STATUS_OF[code]
    assert document["title"] == TITLE_OF[code]
    assert Problem.model_validate(document).code is code


def test_every_documented_example_is_true_to_the_table() -> None:
    assert {status: STATUS_OF[code] for status, (code, _, _) in EXAMPLES.items()} == {key: key for key in EXAMPLES}
    assert {title for _, title, _ in EXAMPLES.values()} == {TITLE_OF[code] for code, _, _ in EXAMPLES.values()}


@pytest.mark.parametrize("error", [RuntimeError("/etc/secret"), Internal("gRPC status UNKNOWN: /etc/secret")])
def test_a_fault_is_a_constant_text_with_an_id(error: Exception) -> None:
    document = problem(error, "/x")

    assert document["detail"] == INTERNAL_TEXT + str(document["error_id"])
    assert "secret" not in json.dumps(document)


def test_a_fault_that_a_service_logged_keeps_its_id() -> None:
    assert problem(Internal(INTERNAL_TEXT + "abc"), "/x")["error_id"] == "abc"


def test_open_inference_clients_get_their_shape() -> None:
    assert respond(NotFound("No."), "/v2/models/x").body == b'{"error":"No."}'
    assert respond(NotFound("No."), "/v2x").media_type == "application/problem+json"


def test_many_faults_are_counted_rather_than_listed() -> None:
    fault = {"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": "patient"}

    detail = invalid([fault] * 8).detail  # type: ignore[list-item]

    assert detail.count("body.name: Field required") == 5
    assert detail.endswith("and 3 more.")
    assert "patient" not in detail
