"""What operators see of deliveries."""

import pytest

from services.shared.messaging import Message
from services.shared.messaging.delivery import deliver
from services.shared.messaging.subjects import TRAINER_QUEUE
from services.shared.observability.metrics import MESSAGES


@pytest.mark.parametrize(
    ("delivery", "breaks", "outcomes"),
    [
        (1, False, ["done"]),
        (1, True, ["failed"]),
        (TRAINER_QUEUE.max_deliveries, True, ["failed", "dead"]),
    ],
)
async def test_every_outcome_is_counted(delivery: int, breaks: bool, outcomes: list[str]) -> None:  # noqa: FBT001 parameter
    def counts() -> dict[str, float]:
        return {name: MESSAGES.labels(TRAINER_QUEUE.name, name)._value.get() for name in ("done", "failed", "dead")}

    async def handle(message: Message) -> None:
        if breaks:
            raise ValueError(message.subject)

    before = counts()

    await deliver(Message(TRAINER_QUEUE.subject, b"", {}, delivery), TRAINER_QUEUE, handle, None)

    after = counts()
    assert [name for name in after if after[name] > before[name]] == outcomes
