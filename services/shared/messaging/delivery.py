"""One delivery of one message, the same on every bus."""

from services.shared.messaging import Handler, Message, WorkQueue
from services.shared.observability.logs import get_logger
from services.shared.observability.metrics import MESSAGES

_log = get_logger(__name__)


async def deliver(message: Message, queue: WorkQueue, handler: Handler, on_dead_letter: Handler | None) -> bool:
    """Hand a message over, and say whether it leaves the queue; if not, it is to be delivered again.

    A message that was delivered too often without an end, because its consumers died of it, is not handled once more.
    """
    for outcome in ("done", "failed", "dead"):  # A series that begins with its first message shows no increase.
        MESSAGES.labels(queue.name, outcome)
    if message.delivery <= queue.max_deliveries:
        try:
            await handler(message)
        except Exception:  # noqa: BLE001 whatever a handler raises has the message delivered again
            MESSAGES.labels(queue.name, "failed").inc()
            _log.warning("message_failed", queue=queue.name, delivery=message.delivery, exc_info=True)
        else:
            MESSAGES.labels(queue.name, "done").inc()
            return True
    return message.delivery >= queue.max_deliveries and await _bury(message, queue, on_dead_letter)


async def _bury(message: Message, queue: WorkQueue, on_dead_letter: Handler | None) -> bool:
    MESSAGES.labels(queue.name, "dead").inc()
    _log.error("message_dead", queue=queue.name, delivery=message.delivery)
    if on_dead_letter is not None:
        try:
            await on_dead_letter(message)
        except Exception:  # noqa: BLE001 a dead letter that was not written down stays in the queue
            _log.exception("dead_letter_failed", queue=queue.name)
            return False
    return True
