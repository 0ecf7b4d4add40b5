"""One call, one trace: from the gateway through the services to the worker that a training runs in."""

import pytest

from tests.integration.cramped import eventually
from tests.integration.departments import PRIVATE_CLASSES, TRACE_ID, Department
from tests.telemetry import Collector, Span

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

EXPECTED = {
    ("gateway", "POST /api/v1/trainings"),
    ("trainer", "einthoven.trainer.v1.TrainerService/CreateTraining"),
    ("ingest", "einthoven.ingest.v1.IngestService/ResolveRecords"),
    ("trainer-worker", "train"),
}


@pytest.fixture(scope="module")
def spans(traces: Collector, cardiology: Department) -> list[Span]:
    """The spans of the trace to which the department's training belongs."""
    assert eventually(lambda: {(span.deployable, span.name) for span in traces.of_trace(TRACE_ID)} >= EXPECTED)
    return traces.of_trace(TRACE_ID)


def test_a_training_is_one_trace_from_the_gateway_to_its_worker(spans: list[Span]) -> None:
    assert {(span.deployable, span.name) for span in spans} == EXPECTED


def test_each_span_has_its_place_under_the_call(spans: list[Span]) -> None:
    by_id = {span.span_id: span for span in spans}

    parents = {(span.deployable, by_id[span.parent_id].deployable) for span in spans if span.parent_id in by_id}

    assert parents == {("trainer", "gateway"), ("ingest", "trainer"), ("trainer-worker", "trainer")}


def test_spans_tell_of_no_patient(spans: list[Span]) -> None:
    attributes = {attribute for span in spans for attribute in span.attributes}

    assert attributes <= {"http.response.status_code", "training_id", "attempt"}
    assert not any(name in span.name for span in spans for name in PRIVATE_CLASSES)
