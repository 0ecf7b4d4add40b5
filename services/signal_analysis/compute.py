"""Analysis off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def _load() -> None:
    import rlign  # noqa: F401, PLC0415 its import takes seconds and must not delay start-up


class Compute:
    """Runs one analysis at a time in a thread of its own.

    The engine and Rlign hold the interpreter's lock nearly all the time, so that a second thread gains nothing, and the
    warning filters around them belong to the process. More load takes more replicas.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what work returns; a caller that goes away while it waits costs no work."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def warm(self) -> None:
        """Load the libraries, so that the first reader does not wait for their imports."""
        await self.run(_load)

    async def close(self) -> None:
        """Wait for the analysis in progress and drop those that wait."""
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)
