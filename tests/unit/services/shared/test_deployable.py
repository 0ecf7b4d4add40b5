"""The life of a deployable."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

import services.ingest
from services.shared.deployable import Deployable
from services.shared.errors import Conflict, Unavailable
from services.shared.migrating import migrate_when_there
from services.shared.settings import DatabaseSettings
from tests.platforms import PYTHONPATH
from tests.servers import free_port


@pytest.fixture
def events() -> Iterator[list[Any]]:
    """The events logged."""
    with structlog.testing.capture_logs() as captured:
        yield captured


class FakeServer:
    """A server that says what is done to it."""

    address = "127.0.0.1:1"

    def __init__(self, story: list[str]) -> None:
        self._story = story

    async def start(self) -> None:
        self._story.append("listens")

    async def stop(self) -> None:
        self._story.append("drained")

    async def leave(self) -> None:
        self._story.append("leaves")

    async def set_ready(self, *, ready: bool) -> None:
        self._story.append("ready" if ready else "not ready")


def deployable_of(story: list[str]) -> Deployable:
    return Deployable("fake", FakeServer(story))


async def test_steps_come_first_and_resources_close_last_opened_first() -> None:
    story: list[str] = []
    deployable = deployable_of(story)

    async def tell(what: str) -> None:
        story.append(what)

    deployable.on_close(lambda: tell("store closed"))
    deployable.on_close(lambda: tell("database closed"))
    deployable.on_start(lambda: tell("migrated"))

    await deployable.start()
    await deployable.stop()

    assert story == ["listens", "migrated", "ready", "drained", "database closed", "store closed"]


async def test_a_dependency_that_is_down_makes_it_not_ready() -> None:
    story: list[str] = []
    deployable = deployable_of(story)

    async def down() -> None:
        raise Unavailable("The store does not answer.")

    deployable.check("store", down)

    await deployable.start()
    await deployable.stop()

    assert story == ["listens", "not ready", "drained"]


async def test_a_step_that_fails_closes_what_was_opened() -> None:
    story: list[str] = []
    deployable = deployable_of(story)

    async def close() -> None:
        story.append("closed")

    async def fail() -> None:
        raise Unavailable("The database does not answer.")

    deployable.on_close(close)
    deployable.on_start(fail)

    with pytest.raises(Unavailable):
        await deployable.start()

    assert story == ["listens", "drained", "closed"]


async def test_background_work_ends_with_it() -> None:
    deployable = deployable_of([])
    running, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    deployable.background(work)

    await deployable.start()
    await asyncio.wait_for(running.wait(), 5)
    await deployable.stop()

    assert ended.is_set()


async def test_a_patient_one_waits_for_what_its_steps_need() -> None:
    story: list[str] = []
    deployable = deployable_of(story)
    refusals = iter([Unavailable("The database does not answer."), Unavailable("The database starts up.")])

    async def migrate() -> None:
        for refusal in refusals:
            raise refusal
        story.append("migrated")

    deployable.on_start(migrate)

    await deployable.start(patient=True)
    await deployable.stop()

    assert story == ["listens", "migrated", "ready", "drained"]


async def test_patience_has_none_with_other_faults() -> None:
    story: list[str] = []
    deployable = deployable_of(story)

    async def migrate() -> None:
        raise Conflict("The tables have another history.")

    deployable.on_start(migrate)

    with pytest.raises(Conflict):
        await deployable.start(patient=True)
    assert story == ["listens", "drained"]


async def test_readiness_goes_and_comes_back_with_its_dependencies(
    events: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.shared.deployable.RETRY_SECONDS", 0)
    story: list[str] = []
    deployable = deployable_of(story)
    answers = iter(["The store does not answer."] * 2)

    async def ping() -> None:
        for answer in answers:
            raise Unavailable(answer)

    deployable.check("store", ping)

    await deployable.start()
    for _ in range(20):
        await asyncio.sleep(0)
    await deployable.stop()

    assert story == ["listens", "not ready", "not ready", "ready", "drained"]
    told = [each["event"] for each in events if each.get("dependency") == "store"]
    assert told == ["dependency_unavailable", "dependency_back"]


async def test_a_dependency_that_hangs_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.shared.deployable.PING_SECONDS", 0.01)
    story: list[str] = []
    deployable = deployable_of(story)
    deployable.check("store", asyncio.Event().wait)

    await deployable.start()
    await deployable.stop()

    assert story == ["listens", "not ready", "drained"]


@dataclass
class Process:
    """One whole service as a process, and how far it has come."""

    running: asyncio.subprocess.Process

    async def says(self, event: str) -> None:
        assert self.running.stderr
        async with asyncio.timeout(30):
            while event.encode() not in (line := await self.running.stderr.readline()):
                assert line, f"It ended before {event}."

    async def end(self) -> int:
        self.running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            return await self.running.wait()


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Process]]]:
    """Starts ingest with settings of a test's own."""
    started = []

    async def start(**own: str) -> Process:
        given = {"STORAGE__FOLDER": str(tmp_path), "IDENTITY__SECRET": "s" * 32} | own
        given.setdefault("DATABASE__URL", f"sqlite:///{tmp_path}/rows.sqlite")
        environment = {f"EINTHOVEN_INGEST_{name}": value for name, value in given.items()}
        command = [sys.executable, "-m", "services.ingest"]
        running = await asyncio.create_subprocess_exec(
            *command, env=environment | {"PYTHONPATH": PYTHONPATH}, stderr=subprocess.PIPE
        )
        started.append(running)
        return Process(running)

    yield start
    for running in started:
        if running.returncode is None:
            running.kill()
        await running.communicate()


Starting = Callable[..., Awaitable[Process]]


async def test_sigterm_ends_a_process_in_good_order(process: Starting) -> None:
    running = await process()
    await running.says('"started"')

    assert await running.end() == 0


async def test_a_second_signal_ends_a_process_at_once(process: Starting) -> None:
    running = await process(RPC__LEAVE_SECONDS="60")
    await running.says('"started"')

    running.running.send_signal(signal.SIGTERM)
    await running.says('"leaving"')

    assert await running.end() == 128 + signal.SIGTERM


async def test_a_process_that_waits_to_start_ends_in_good_order(process: Starting) -> None:
    running = await process(DATABASE__URL=f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    await running.says('"waiting_to_start"')

    assert await running.end() == 0


async def test_a_process_that_does_not_migrate_waits_for_who_does(process: Starting, tmp_path: Path) -> None:
    running = await process(DATABASE__MIGRATE="false")
    await running.says('"waiting_to_start"')
    url = DatabaseSettings.model_validate({"url": f"sqlite:///{tmp_path}/rows.sqlite"})
    migrations = Path(services.ingest.__file__).parent / "migrations"
    await migrate_when_there(url, "ingest", migrations)
    await running.says('"ready": true')

    assert await running.end() == 0
