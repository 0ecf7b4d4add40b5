"""The bus edge of the trainer: a message says that trainings wait; which ones, the rows say."""

import asyncio

from services.shared.errors import PlatformError
from services.shared.messaging import Bus, Message, subjects
from services.shared.observability.logs import get_logger
from services.trainer.dispatching import Dispatcher

_RETRY_SECONDS = 5.0

_log = get_logger(__name__)


class TrainerConsumer:
    """Starts workers when the bell rings."""

    def __init__(self, bus: Bus, dispatcher: Dispatcher) -> None:
        self._bus = bus
        self._dispatcher = dispatcher

    async def run(self) -> None:
        """Consume for ever; a bus that is down is tried again, and the sweep does its work meanwhile."""
        while True:
            try:
                async with self._bus.consume(subjects.TRAINER_QUEUE, self.handle, on_dead_letter=self.give_up):
                    await asyncio.Event().wait()
            except PlatformError as error:
                _log.warning("queue_unavailable", code=error.code.value, detail=error.detail)
            await asyncio.sleep(_RETRY_SECONDS)

    async def handle(self, message: Message) -> None:  # noqa: ARG002 the rows say which trainings wait
        """Start workers for what waits."""
        await self._dispatcher.launch_waiting()

    async def give_up(self, message: Message) -> None:
        """Leave a message that was never handled to the sweep, which finds its training by the row."""
        _log.warning("message_left_to_the_sweep", subject=message.subject, deliveries=message.delivery)
