"""The contract of the bus on every adapter, and what only a bus over a network meets."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest

from services.shared.errors import Unavailable
from services.shared.messaging import Bus, Message, WorkQueue
from services.shared.messaging.opening import open_bus
from services.shared.settings import BusSettings
from tests.contract.messaging import BusContract
from tests.contract.recorder import Recorder, eventually, new_queue
from tests.servers import Server, data_folder, free_port, nats_server, private_certificate, running


class TestLocal(BusContract):
    """Inside one process."""

    @pytest.fixture
    async def bus(self, queue: WorkQueue) -> AsyncIterator[Bus]:
        bus = open_bus(BusSettings(kind="local"), [queue])
        yield bus
        await bus.close()


@pytest.mark.integration
class TestJetStream(BusContract):
    """Over NATS JetStream."""

    @pytest.fixture
    async def bus(self, nats_url: str, queue: WorkQueue) -> AsyncIterator[Bus]:
        bus = open_bus(BusSettings(kind="nats", url=nats_url), [queue])
        yield bus
        await bus.close()

    async def test_several_processes_share_a_queue(self, bus: Bus, nats_url: str, queue: WorkQueue) -> None:
        other = open_bus(BusSettings(kind="nats", url=nats_url), [queue])
        work = Recorder()

        async with bus.consume(queue, work), other.consume(queue, work):
            for number in range(20):
                await other.publish(queue.subject, b"%d" % number)
            messages = await work.next_of(20)
            quiet = await work.stays_quiet()

        assert sorted(int(message.data) for message in messages) == list(range(20))
        assert quiet
        await other.close()

    async def test_work_that_kills_its_consumers_becomes_a_dead_letter(
        self, bus: Bus, nats_url: str, queue: WorkQueue
    ) -> None:
        started, dead, later = Recorder(), Recorder(), Recorder()

        async def never_end(message: Message) -> None:
            await started(message)
            await asyncio.Event().wait()

        await bus.publish(queue.subject, b"poison")
        for _ in range(queue.max_deliveries):
            async with bus.consume(queue, never_end):
                await started.next()
        async with bus.consume(queue, later, on_dead_letter=dead):
            letter = await dead.next()

        assert letter.delivery == queue.max_deliveries + 1
        assert later.got.empty()


@pytest.mark.integration
class TestInterruptedServer:
    """A server that goes away and comes back."""

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with data_folder("nats") as folder, running(nats_server(folder)) as server:
            yield server

    @pytest.fixture
    def queue(self) -> WorkQueue:
        return new_queue()

    @pytest.fixture
    async def bus(self, server: Server, queue: WorkQueue) -> AsyncIterator[Bus]:
        bus = open_bus(BusSettings(kind="nats", url=f"nats://127.0.0.1:{server.port}"), [queue])
        yield bus
        await bus.close()

    async def test_a_consumer_goes_on_after_a_restart(self, bus: Bus, server: Server, queue: WorkQueue) -> None:
        work = Recorder()

        async with bus.consume(queue, work):
            await bus.publish(queue.subject, b"before")
            before = await work.next()
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            await publish_when_back(bus, queue, b"after")
            after = await work.next()
            while after.data == b"before":  # Its acknowledgement may have been lost with the connection.
                after = await work.next()

        assert (before.data, after.data) == (b"before", b"after")

    async def test_work_that_was_confirmed_outlives_a_kill(self, bus: Bus, server: Server, queue: WorkQueue) -> None:
        work = Recorder()

        await bus.publish(queue.subject, b"waiting")
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        async with bus.consume(queue, work):
            message = await work.next()

        assert message.data == b"waiting"

    async def test_a_handler_may_outlast_a_restart(self, bus: Bus, server: Server, queue: WorkQueue) -> None:
        started, end, done = Recorder(), asyncio.Event(), Recorder()

        async def work(message: Message) -> None:
            await started(message)
            await end.wait()
            await done(message)

        async with bus.consume(queue, work):
            await bus.publish(queue.subject, b"job")
            await started.next()
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            end.set()
            await done.next()
            await publish_when_back(bus, queue, b"next")
            later = await done.next()
            while later.data == b"job":  # Its acknowledgement may have been lost with the connection.
                later = await done.next()

        assert later.data == b"next"

    async def test_a_queue_is_made_anew_where_the_server_lost_everything(
        self, bus: Bus, server: Server, queue: WorkQueue
    ) -> None:
        work = Recorder()

        async with bus.consume(queue, work):
            await bus.publish(queue.subject, b"before")
            await work.next()
            await asyncio.to_thread(server.kill)
            shutil.rmtree(server.log.parent / "jetstream")
            await asyncio.to_thread(server.start)
            await publish_when_back(bus, queue, b"after")
            message = await work.next()

        assert message.data == b"after"

    async def test_a_subscriber_goes_on_after_a_restart(self, bus: Bus, server: Server) -> None:
        got = Recorder()

        async def read(messages: AsyncIterator[Message]) -> None:
            async for message in messages:
                await got(message)

        async with bus.subscribe("events.*") as messages:
            reading = asyncio.create_task(read(messages))
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            await eventually(lambda: bus.publish("events.a", b"after"), until=lambda: not got.got.empty())
            reading.cancel()

        assert (await got.next()).data == b"after"

    async def test_a_consumer_may_start_before_its_server(self, bus: Bus, server: Server, queue: WorkQueue) -> None:
        work = Recorder()

        await asyncio.to_thread(server.stop)
        async with bus.consume(queue, work):
            with pytest.raises(Unavailable):
                await bus.ping()
            await asyncio.to_thread(server.start)
            await publish_when_back(bus, queue, b"job")
            message = await work.next()

        assert message.data == b"job"

    async def test_publishing_without_a_server_is_unavailable(self, bus: Bus, server: Server, queue: WorkQueue) -> None:
        await bus.ping()
        await asyncio.to_thread(server.stop)

        with pytest.raises(Unavailable):
            await bus.publish(queue.subject, b"x")
        with pytest.raises(Unavailable):
            await bus.ping()


async def test_a_bus_that_nobody_serves_is_unavailable() -> None:
    bus = open_bus(BusSettings(kind="nats", url=f"nats://127.0.0.1:{free_port()}"))

    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await bus.ping()
        with pytest.raises(Unavailable):
            await bus.publish("a.b", b"x")
        with pytest.raises(Unavailable):
            async with bus.subscribe("a.b"):
                pass
    await bus.close()


@pytest.mark.integration
async def test_more_replicas_than_there_are_servers_are_unavailable(nats_url: str) -> None:
    bus = open_bus(BusSettings(kind="nats", url=nats_url, replicas=3), [new_queue()])

    with pytest.raises(Unavailable):
        await bus.ping()

    await bus.close()


@pytest.mark.integration
async def test_wrong_credentials_are_unavailable() -> None:
    with data_folder("nats") as folder, running(nats_server(folder, "--user", "a", "--pass", "right")) as server:
        right = open_bus(BusSettings(kind="nats", url=f"nats://a:right@127.0.0.1:{server.port}"))
        wrong = open_bus(BusSettings(kind="nats", url=f"nats://a:wrong@127.0.0.1:{server.port}"))

        await right.ping()
        with pytest.raises(Unavailable):
            await wrong.ping()

        await right.close()
        await wrong.close()


@pytest.mark.integration
async def test_a_private_authority_is_trusted_when_named() -> None:
    with data_folder("nats") as folder:
        certificate, key = private_certificate(folder)
        with running(nats_server(folder, "--tls", "--tlscert", str(certificate), "--tlskey", str(key))) as server:
            url = f"tls://127.0.0.1:{server.port}"
            trusting = open_bus(BusSettings(kind="nats", url=url, ca_file=certificate))
            other = open_bus(BusSettings(kind="nats", url=url))

            await trusting.ping()
            with pytest.raises(Unavailable):
                await other.ping()

            await trusting.close()
            await other.close()


async def publish_when_back(bus: Bus, queue: WorkQueue, data: bytes) -> None:
    """Publish with one id until it is confirmed, as a sweep does."""
    async with asyncio.timeout(30):
        while True:
            try:
                await bus.publish(queue.subject, data, dedup_id=data.decode())
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return
