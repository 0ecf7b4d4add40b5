"""Requests made up from the OpenAPI document: whatever comes, the platform answers as it says it does."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDLESS = "/api/v1/trainings/{training_id}/events"


def test_every_answer_is_one_that_is_documented(platform_url: str) -> None:
    described = schemathesis.openapi.from_url(f"{platform_url}/openapi.json")
    operations: list[Any] = [found.ok() for found in list[Any](described.get_all_operations())]

    for operation in operations:
        if operation.path != ENDLESS:
            _try(operation)

    assert len(operations) > 40


def _try(operation: Any) -> None:
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, timeout=30)

    holds()
