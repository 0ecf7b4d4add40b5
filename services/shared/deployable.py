"""What a composition root returns, and how a process runs it: start, be ready, drain on SIGTERM, stop."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol, TypeVar

from services.shared.errors import InvalidRequest, PlatformError
from services.shared.observability import logs, metrics, tracing
from services.shared.settings import DeployableSettings, TelemetrySettings, load

READINESS_SECONDS: Final = 5.0
USAGE_EXIT_CODE: Final = 2

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
        """Say whether calls are welcome."""
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
        self._tasks: list[asyncio.Task[None]] = []

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

    async def start(self) -> None:
        """Run the first steps, listen, and become ready once every dependency answers."""
        try:
            for step in self._before:
                await step()
            await self._server.start()
        except BaseException:
            await self._closing.aclose()
            raise
        await self._tell_readiness()
        self._tasks = [asyncio.create_task(work()) for work in (self._watch_readiness, *self._background)]
        for task in self._tasks:
            task.add_done_callback(self._report_end)
        _log.info("started", deployable=self.name, address=self.address)

    async def stop(self) -> None:
        """Drain the calls, end the background work, close every resource."""
        await self._server.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._closing.aclose()
        _log.info("stopped", deployable=self.name)

    async def _watch_readiness(self) -> None:
        while True:
            await asyncio.sleep(READINESS_SECONDS)
            await self._tell_readiness()

    async def _tell_readiness(self) -> None:
        ready = all([await self._answers(name, ping) for name, ping in self._checks.items()])
        metrics.READY.labels(self.name).set(ready)
        await self._server.set_ready(ready=ready)

    async def _answers(self, dependency: str, ping: Callable[[], Awaitable[object]]) -> bool:
        up = metrics.DEPENDENCY_UP.labels(self.name, dependency)
        try:
            await ping()
        except PlatformError as error:
            up.set(0)
            _log.warning("dependency_unavailable", deployable=self.name, dependency=dependency, detail=error.detail)
            return False
        up.set(1)
        return True

    def _report_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            metrics.BACKGROUND_ENDED.labels(self.name).inc()
            _log.error("background_work_ended", deployable=self.name, exc_info=error)


async def serve(deployable: Deployable, telemetry: TelemetrySettings) -> None:
    """Run a deployable until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    exposition = None
    if telemetry.metrics_port is not None:
        exposition = metrics.MetricsServer(telemetry.metrics_host, telemetry.metrics_port)
    await deployable.start()
    try:
        await stopped.wait()
    finally:
        await deployable.stop()
        if exposition is not None:
            exposition.close()


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
