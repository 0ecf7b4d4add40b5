"""Predictions that go on where a replica of inference was lost in the middle of them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

from services.shared.errors import Unavailable
from services.shared.observability.logs import get_logger

ATTEMPTS: Final = 4
_PAUSE_SECONDS: Final = 0.2

Ask = Callable[[], AsyncGenerator[Any]]
"""Makes the call; its answers hold predictions in the order in which the records were asked for."""

_log = get_logger(__name__)


async def resumed(ask: Ask) -> AsyncGenerator[Any]:
    """Yield the answers of a call, each prediction once; raise Unavailable where no replica brings it to its end.

    A call of which nothing has arrived was repeated before it came here.
    """
    told = _Told()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with aclosing(ask()) as answers:
                async for answer in told.news(answers):
                    yield answer
        except Unavailable as error:
            if attempt == ATTEMPTS or not told.record_ids:
                raise
            _log.warning("prediction_resumed", predictions=len(told.record_ids), detail=error.detail)
            await asyncio.sleep(_PAUSE_SECONDS * 2**attempt)
        else:
            return


class _Told:
    """What has gone on to the caller already."""

    def __init__(self) -> None:
        self.record_ids: list[str] = []
        self._sha256 = ""

    async def news(self, answers: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
        """Yield answers without the predictions that were told; they come again first, and from the same model."""
        again, place = len(self.record_ids), 0
        async for answer in answers:
            here = [each.record_id for each in answer.predictions]
            repeated = min(len(here), again - place)
            same = here[:repeated] == self.record_ids[place : place + repeated]
            if self._sha256 not in ("", answer.model_sha256) or not same:
                raise Unavailable("The model or the records changed while they were asked for. Ask again.")
            self._sha256, place = answer.model_sha256, place + repeated
            if again and repeated == len(here):
                continue
            del answer.predictions[:repeated]
            self.record_ids += here[repeated:]
            yield answer
