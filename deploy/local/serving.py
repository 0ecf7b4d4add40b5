"""Serving the one-process platform until it is interrupted."""

import asyncio
import signal
from collections.abc import Callable

from uvicorn.loops.uvloop import uvloop_loop_factory

from deploy.local.platform import LocalPlatform
from deploy.local.settings import LocalSettings
from services.shared.observability import logs, tracing


def serve(settings: LocalSettings, *, announce: Callable[[str], object]) -> None:
    """Run everything until SIGINT or SIGTERM; announce is called with the address once it answers.

    Raises PlatformError where it cannot start, in words for the user.
    """
    logs.configure(settings.telemetry, deployable="local")
    provider = tracing.configure(settings.telemetry, deployable="local")
    try:
        # The loop that the gateway has where it runs by itself.
        with asyncio.Runner(loop_factory=uvloop_loop_factory()) as runner:
            runner.run(_until_stopped(settings, announce))
    finally:
        if provider is not None:
            provider.shutdown()


async def _until_stopped(settings: LocalSettings, announce: Callable[[str], object]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with LocalPlatform(settings) as platform:
        announce(platform.url)
        await stopped.wait()
