"""Dynamic batching: callers who ask for the same model at the same time share its runs, each getting its own rows.

A lone request is run at once, with all cores, when nothing is running. When several wait, a run starts once its batch
is full or the first of them has waited long enough; full batches are run beside each other. While runs are on, what
arrives gathers for the next one.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.inference import metrics
from services.inference.runtime.base import Batch, ModelRuntime, Outputs
from services.shared.errors import InvalidModel, PlatformError

RUNS_AHEAD: Final = 1
"""One more full batch is handed over than run at once, so that nothing idles between them."""
ROWS_HANDED_OVER: Final = 8
"""A request's rows go to a thread this many at a time, even where a run holds fewer: every handing over costs."""


_Run = Callable[[Batch], Outputs]


@dataclass(frozen=True, slots=True)
class _Request:
    rows: Batch
    answer: asyncio.Future[Outputs]
    since: float


class Batcher:
    """The queue before one model."""

    def __init__(self, runtime: ModelRuntime, executor: Executor, *, label: str, size: int, max_wait_ms: float) -> None:
        self._runtime = runtime
        self._executor = executor
        self.label = label
        self._max_wait_seconds = max_wait_ms / 1000
        self._queue: deque[_Request] = deque()
        self._runs: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self.size = size
        """The most ECGs in one run."""

    async def submit(self, rows: Batch) -> Outputs:
        """Run rows (N, leads, samples) and return exactly theirs; raises InvalidModel where the model fails on them."""
        part = max(self.size, ROWS_HANDED_OVER)
        starts = range(0, max(len(rows), 1), part)
        try:
            answers = await asyncio.gather(*(self._enqueue(rows[start : start + part]) for start in starts))
        except PlatformError as error:
            metrics.FAILURES.labels(self.label, error.code.value).inc()
            raise
        metrics.REQUESTS.labels(self.label).inc()
        if len(answers) == 1:
            return answers[0]
        return _joined(answers)

    def _enqueue(self, rows: Batch) -> asyncio.Future[Outputs]:
        answer: asyncio.Future[Outputs] = asyncio.get_running_loop().create_future()
        self._queue.append(_Request(rows, answer, time.perf_counter()))
        metrics.PENDING.labels(self.label).inc()
        metrics.WAITING.inc()
        self._changed.set()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return answer

    async def _work(self) -> None:
        while self._queue or self._runs:
            self._changed.clear()
            if self._may_start():
                self._start(self._take())
            else:
                await self._wait()

    def _start(self, requests: list[_Request]) -> None:
        alone = not self._runs and not self._queue
        run = asyncio.create_task(self._run(requests, self._runtime.run_alone if alone else self._runtime.run))
        self._runs.add(run)
        run.add_done_callback(self._ended)

    def _may_start(self) -> bool:
        if not self._queue or len(self._runs) >= self._runtime.runs_at_once + RUNS_AHEAD:
            return False
        if sum(len(request.rows) for request in self._queue) >= self.size:
            return True
        return not self._runs and (len(self._queue) == 1 or self._patience() <= 0)

    def _patience(self) -> float:
        return self._queue[0].since + self._max_wait_seconds - time.perf_counter()

    async def _wait(self) -> None:
        """Wait until something arrives or ends, or the first of several has waited long enough."""
        timeout = self._patience() if self._queue and not self._runs else None
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return

    def _ended(self, run: asyncio.Task[None]) -> None:
        self._runs.discard(run)
        self._changed.set()

    def _take(self) -> list[_Request]:
        taken: list[_Request] = []
        rows = 0
        while self._queue and (not taken or rows + len(self._queue[0].rows) <= self.size):
            request = self._queue.popleft()
            metrics.PENDING.labels(self.label).dec()
            metrics.WAITING.dec()
            if request.answer.done():
                continue  # Its caller went away.
            metrics.QUEUE_SECONDS.labels(self.label).observe(time.perf_counter() - request.since)
            taken.append(request)
            rows += len(request.rows)
        return taken

    async def _run(self, requests: list[_Request], run: _Run) -> None:
        if not requests:
            return
        try:
            await self._run_together(requests, run)
        except Exception as error:  # noqa: BLE001 whatever fails goes to those who wait, or they would wait for ever
            if len(requests) == 1:
                _fail(requests[0], error)
                return
            for request in requests:  # One caller's rows must not cost the others theirs.
                await self._run([request], run)

    async def _run_together(self, requests: list[_Request], run: _Run) -> None:
        batch = requests[0].rows if len(requests) == 1 else np.concatenate([request.rows for request in requests])
        outputs = await asyncio.get_running_loop().run_in_executor(self._executor, self._compute, run, batch)
        start = 0
        for request in requests:
            stop = start + len(request.rows)
            if not request.answer.done():
                request.answer.set_result({name: values[start:stop] for name, values in outputs.items()})
            start = stop

    def _compute(self, run: _Run, batch: Batch) -> Outputs:
        starts = range(0, max(len(batch), 1), self.size)
        return _joined([self._compute_one(run, batch[start : start + self.size]) for start in starts])

    def _compute_one(self, run: _Run, batch: Batch) -> Outputs:
        with metrics.COMPUTE_SECONDS.labels(self.label).time():
            outputs = run(batch)
        metrics.RUNS.labels(self.label).inc()
        metrics.ECGS.labels(self.label).inc(len(batch))
        for name, values in outputs.items():
            if values.ndim == 0 or len(values) != len(batch):
                raise InvalidModel(
                    f"The output {name!r} has shape {values.shape} for {len(batch)} ECGs, not one row each."
                )
        return outputs


def _joined(parts: Sequence[Outputs]) -> Outputs:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _fail(request: _Request, error: Exception) -> None:
    if not request.answer.done():
        request.answer.set_exception(error)
