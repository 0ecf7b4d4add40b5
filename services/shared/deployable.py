"""What a composition root returns, and how a process runs it: start, be ready, drain on SIGTERM, stop."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol, TypeVar

from services.shared.errors import InvalidRequest, PlatformError, Unavailable
from services.shared.observability import logs, metrics, tracing
from services.shared.settings import DeployableSettings, TelemetrySettings, load

READINESS_SECONDS: Final = 2.0
"""How often a service that is ready looks whether it still is."""
RETRY_SECONDS: Final = 0.5
"""How often one that is not looks whether it is by now."""
PING_SECONDS: Final = 5.0
"""A dependency that takes longer to answer is away."""
USAGE_EXIT_CODE: Final = 2
SIGNALLED_EXIT_CODE: Final = 128

_log = logs.get_logger(__name__)
AnySettings = TypeVar("AnySettings", bound=DeployableSettings)


class Server(Protocol):
    """What listens: the gRPC server of a service, or the HTTP server of the gateway."""

    @property
    def address(self) -> str:
        """Where clients reach it, once started."""
        ...

    async def start(self) -> None:
        """Listen."""
        ...

    async def stop(self) -> None:
        """Finish the calls in flight, then stop listening."""
        ...

    async def set_ready(self, *, ready: bool) -> None:
        """Say whether calls are welcome; until they first are, they are refused."""
        ...

    async def leave(self) -> None:
        """Say that calls are welcome elsewhere, and go on serving until that has got around."""
        ...


class Deployable:
    """One service, built but not started; whoever opens a resource says here how to ping and close it."""

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self._server = server
        self._before: list[Callable[[], Awaitable[object]]] = []
        self._background: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._checks: dict[str, Callable[[], Awaitable[object]]] = {}
        self._closing = AsyncExitStack()
        self._watching: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._missing: dict[str, str] = {}

    def on_start(self, step: Callable[[], Awaitable[object]]) -> None:
        """Run a step before the first call is taken, e.g. migrations."""
        self._before.append(step)

    def on_close(self, close: Callable[[], Awaitable[object]]) -> None:
        """Close a resource when the service stops; the last opened is closed first."""
        self._closing.push_async_callback(close)

    def background(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something beside the calls, e.g. a sweep, until the service stops."""
        self._background.append(work)

    def check(self, dependency: str, ping: Callable[[], Awaitable[object]]) -> None:
        """Count a dependency towards readiness; ping raises PlatformError where it does not answer."""
        self._checks[dependency] = ping

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return self._server.address

    async def start(self, *, patient: bool = False) -> None:
        """Listen, run the first steps, and become ready once every dependency answers.

        A patient one tries a step again for as long as it raises Unavailable: on a cluster, services start together
        with what they stand on.
        """
        metrics.READY.labels(self.name).set(0)
        try:
            await self._server.start()
            self._closing.push_async_callback(self._end_tasks)
            self._closing.push_async_callback(self._server.stop)
            for step in self._before:
                await (self._patiently(step) if patient else step())
            ready = await self._tell_readiness()
        except BaseException:
            await self._closing.aclose()
            raise
        self._watching = asyncio.create_task(self._watch_readiness(ready=ready))
        self._tasks = [self._watching, *(asyncio.create_task(work()) for work in self._background)]
        for task in self._tasks:
            task.add_done_callback(self._report_end)
        _log.info("started", deployable=self.name, address=self.address, ready=ready)

    async def leave(self) -> None:
        """Tell everybody to go elsewhere, and serve those who have not heard it yet."""
        if self._watching is not None:
            self._watching.cancel()
        metrics.READY.labels(self.name).set(0)
        _log.info("leaving", deployable=self.name)
        await self._server.leave()

    async def stop(self) -> None:
        """Drain the calls, end the background work, close every resource."""
        await self._closing.aclose()
        _log.info("stopped", deployable=self.name)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _patiently(self, step: Callable[[], Awaitable[object]]) -> None:
        told = ""
        while True:
            try:
                await step()
            except Unavailable as error:
                if error.detail != told:
                    told = error.detail
                    _log.warning("waiting_to_start", deployable=self.name, detail=told)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _watch_readiness(self, *, ready: bool) -> None:
        while True:
            await asyncio.sleep(READINESS_SECONDS if ready else RETRY_SECONDS)
            ready = await self._tell_readiness()

    async def _tell_readiness(self) -> bool:
        answers = await asyncio.gather(*(self._answers(name, ping) for name, ping in self._checks.items()))
        ready = all(answers)
        metrics.READY.labels(self.name).set(ready)
        await self._server.set_ready(ready=ready)
        return ready

    async def _answers(self, dependency: str, ping: Callable[[], Awaitable[object]]) -> bool:
        fault = await _fault_of(ping)
        metrics.DEPENDENCY_UP.labels(self.name, dependency).set(not fault)
        before = self._missing.pop(dependency, "")
        if fault:
            self._missing[dependency] = fault
        told = {"deployable": self.name, "dependency": dependency}
        if fault and fault != before:
            _log.warning("dependency_unavailable", detail=fault, **told)
        elif before and not fault:
            _log.info("dependency_back", **told)
        return not fault

    def _report_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            metrics.BACKGROUND_ENDED.labels(self.name).inc()
            _log.error("background_work_ended", deployable=self.name, exc_info=error)


async def _fault_of(ping: Callable[[], Awaitable[object]]) -> str:
    """Return why a dependency does not answer, or nothing."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            await ping()
    except PlatformError as error:
        return error.detail
    except TimeoutError:
        return f"It did not answer within {PING_SECONDS:g} seconds."
    return ""


async def serve(deployable: Deployable, telemetry: TelemetrySettings) -> None:
    """Run a deployable until SIGTERM or SIGINT, then have it leave in good order; a second signal ends it at once."""
    called_off = _signals()
    exposition = None
    if telemetry.metrics_port is not None:
        exposition = metrics.MetricsServer(telemetry.metrics_host, telemetry.metrics_port)
    starting = asyncio.create_task(deployable.start(patient=True))
    ending = asyncio.create_task(called_off.wait())
    try:
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            await ending
            await deployable.leave()
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await deployable.stop()
        if exposition is not None:
            exposition.close()


def _signals() -> asyncio.Event:
    """Return what is set by the first signal to end; the second one needs no consent."""
    called_off = asyncio.Event()

    def end(number: int) -> None:
        if called_off.is_set():
            os._exit(SIGNALLED_EXIT_CODE + number)
        called_off.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    return called_off


def run(
    build: Callable[[AnySettings], Awaitable[Deployable]],
    kind: type[AnySettings],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> int:
    """Read the settings, build and serve; return the exit status of the process."""

    async def main(settings: AnySettings) -> None:
        await serve(await build(settings), settings.telemetry)

    name = kind.model_config.get("env_prefix", "").removeprefix("EINTHOVEN_").strip("_").lower()
    try:
        settings = load(kind)
    except InvalidRequest as error:
        sys.stderr.write(error.detail + "\n")
        return USAGE_EXIT_CODE
    logs.configure(settings.telemetry, deployable=name)
    provider = tracing.configure(settings.telemetry, deployable=name)
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main(settings))
    except PlatformError as error:
        _log.error("not_started", deployable=name, code=error.code.value, detail=error.detail)
        return 1
    finally:
        if provider is not None:
            provider.shutdown()
    return 0
