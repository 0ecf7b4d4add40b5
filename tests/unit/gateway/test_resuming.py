"""Predictions that are cut off and go on."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from einthoven.inference.v1 import inference_pb2 as pb
from gateway.resuming import ATTEMPTS, resumed
from services.shared.errors import NotFound, Unavailable

RECORDS = [f"r{number}" for number in range(5)]


def answer(*record_ids: str, sha256: str = "a") -> pb.PredictResponse:
    return pb.PredictResponse(model_sha256=sha256, predictions=[pb.Prediction(record_id=each) for each in record_ids])


class Replicas:
    """Gives one script of answers and errors per call."""

    def __init__(self, *scripts: list[Any]) -> None:
        self.calls = 0
        self._scripts = scripts

    async def ask(self) -> AsyncGenerator[Any]:
        script = self._scripts[min(self.calls, len(self._scripts) - 1)]
        self.calls += 1
        for step in script:
            if isinstance(step, Exception):
                raise step
            yield pb.PredictResponse.FromString(step.SerializeToString())


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.resuming._PAUSE_SECONDS", 0)


async def told(replicas: Replicas) -> list[str]:
    return [each.record_id async for message in resumed(replicas.ask) for each in message.predictions]


async def test_each_prediction_is_told_once_however_the_answers_are_cut() -> None:
    lost = Unavailable("The replica is gone.")
    replicas = Replicas(
        [answer("r0", "r1"), answer("r2"), lost],
        [answer("r0"), lost],
        [answer("r0", "r1", "r2", "r3"), lost],
        [answer(*RECORDS)],
    )

    assert await told(replicas) == RECORDS
    assert replicas.calls == 4


async def test_a_model_that_changed_meanwhile_does_not_go_on_for_another() -> None:
    replicas = Replicas([answer("r0"), Unavailable("Gone.")], [answer(*RECORDS, sha256="b")])

    with pytest.raises(Unavailable, match="changed"):
        await told(replicas)


async def test_records_that_changed_meanwhile_are_not_left_out() -> None:
    replicas = Replicas([answer("r0", "r1"), Unavailable("Gone.")], [answer("r1", "r2")])

    with pytest.raises(Unavailable, match="changed"):
        await told(replicas)


async def test_it_ends_somewhen() -> None:
    replicas = Replicas([answer("r0"), Unavailable("Gone.")])

    with pytest.raises(Unavailable, match="Gone"):
        await told(replicas)
    assert replicas.calls == ATTEMPTS


@pytest.mark.parametrize("script", [[Unavailable("Gone.")], [answer("r0"), NotFound("There is no r1.")]])
async def test_what_needs_no_repetition_is_raised_at_once(script: list[Any]) -> None:
    replicas = Replicas(script)

    with pytest.raises((Unavailable, NotFound)):
        await told(replicas)
    assert replicas.calls == 1


async def test_an_answer_without_predictions_still_names_the_model() -> None:
    assert [message.model_sha256 async for message in resumed(Replicas([answer()]).ask)] == ["a"]
