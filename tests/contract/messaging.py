"""What every bus does, whatever carries it."""

import asyncio
import uuid
from dataclasses import replace

import pytest

from services.shared.errors import InvalidRequest, TooLarge, Unavailable
from services.shared.messaging import MAX_MESSAGE_BYTES, Bus, Message, WorkQueue
from tests.contract.recorder import Recorder, eventually, new_queue


class BusContract:
    """Every adapter's test class inherits these and gives the fixture `bus`, opened with the fixture `queue`."""

    @pytest.fixture
    def queue(self) -> WorkQueue:
        return new_queue()

    async def test_work_waits_for_its_first_consumer(self, bus: Bus, queue: WorkQueue) -> None:
        await bus.publish(queue.subject, b"job 1", headers={"traceparent": "00-abc"})

        work = Recorder()
        async with bus.consume(queue, work):
            message = await work.next()

        assert message == Message(queue.subject, b"job 1", {"traceparent": "00-abc"}, delivery=1)

    async def test_work_waits_between_consumers(self, bus: Bus, queue: WorkQueue) -> None:
        first, second = Recorder(), Recorder()

        async with bus.consume(queue, first):
            await bus.publish(queue.subject, b"1")
            await first.next()
        await bus.publish(queue.subject, b"2")
        async with bus.consume(queue, second):
            message = await second.next()

        assert message.data == b"2"

    async def test_work_goes_to_one_of_several_consumers(self, bus: Bus, queue: WorkQueue) -> None:
        work = Recorder()

        async with bus.consume(queue, work, concurrency=2), bus.consume(queue, work):
            for number in range(30):
                await bus.publish(queue.subject, b"%d" % number)
            messages = await work.next_of(30)
            quiet = await work.stays_quiet()

        assert sorted(int(message.data) for message in messages) == list(range(30))
        assert quiet

    async def test_a_consumer_works_on_several_at_once(self, bus: Bus, queue: WorkQueue) -> None:
        meeting, met = asyncio.Barrier(3), Recorder()

        async def meet(message: Message) -> None:
            await meeting.wait()
            await met(message)

        async with bus.consume(queue, meet, concurrency=3):
            for number in range(3):
                await bus.publish(queue.subject, b"%d" % number)
            messages = await met.next_of(3)

        assert {message.data for message in messages} == {b"0", b"1", b"2"}

    async def test_failed_work_comes_again(self, bus: Bus, queue: WorkQueue) -> None:
        work, dead = Recorder(failures=1), Recorder()

        async with bus.consume(queue, work, on_dead_letter=dead):
            await bus.publish(queue.subject, b"job")
            messages = await work.next_of(2)
            quiet = await work.stays_quiet()

        assert [message.delivery for message in messages] == [1, 2]
        assert quiet
        assert dead.got.empty()

    async def test_failed_work_does_not_hold_up_other_work(self, bus: Bus, queue: WorkQueue) -> None:
        patient, work = replace(queue, redelivery_delay_seconds=60), Recorder(failures=1)

        async with bus.consume(patient, work):
            await bus.publish(queue.subject, b"bad")
            await bus.publish(queue.subject, b"good")
            messages = await work.next_of(2)

        assert [message.data for message in messages] == [b"bad", b"good"]

    async def test_work_that_fails_too_often_becomes_a_dead_letter(self, bus: Bus, queue: WorkQueue) -> None:
        work, dead, later = Recorder(failures=99), Recorder(), Recorder()

        async with bus.consume(queue, work, on_dead_letter=dead):
            await bus.publish(queue.subject, b"job")
            letter = await dead.next()
        async with bus.consume(queue, later):
            quiet = await later.stays_quiet()

        assert (letter.data, letter.delivery) == (b"job", 3)
        assert work.got.qsize() == 3
        assert quiet

    async def test_a_dead_letter_that_cannot_be_written_is_kept(self, bus: Bus, queue: WorkQueue) -> None:
        work, dead = Recorder(failures=99), Recorder(failures=2)

        async with bus.consume(queue, work, on_dead_letter=dead):
            await bus.publish(queue.subject, b"job")
            letters = await dead.next_of(3)
            quiet = await dead.stays_quiet()

        assert {letter.data for letter in letters} == {b"job"}
        assert work.got.qsize() == 3
        assert quiet

    async def test_without_a_dead_letter_handler_dead_work_leaves_the_queue(self, bus: Bus, queue: WorkQueue) -> None:
        work = Recorder(failures=99)

        async with bus.consume(queue, work):
            await bus.publish(queue.subject, b"job")
            await work.next_of(3)
            quiet = await work.stays_quiet()

        assert quiet

    async def test_work_in_progress_is_not_given_to_another(self, bus: Bus, queue: WorkQueue) -> None:
        started, end = Recorder(), asyncio.Event()

        async def work_long(message: Message) -> None:
            await started(message)
            await end.wait()

        async with bus.consume(queue, work_long, concurrency=2):
            await bus.publish(queue.subject, b"long")
            await started.next()
            alone = await started.stays_quiet(3 * queue.ack_wait_seconds)
            end.set()
            done = await started.stays_quiet()

        assert alone
        assert done

    async def test_work_of_a_consumer_that_leaves_goes_to_the_next(self, bus: Bus, queue: WorkQueue) -> None:
        started, later = Recorder(), Recorder()

        async def never_end(message: Message) -> None:
            await started(message)
            await asyncio.Event().wait()

        async with bus.consume(queue, never_end):
            await bus.publish(queue.subject, b"job")
            await started.next()
        async with bus.consume(queue, later):
            message = await later.next()

        assert (message.data, message.delivery) == (b"job", 2)

    async def test_the_same_id_is_queued_once(self, bus: Bus, queue: WorkQueue) -> None:
        work = Recorder()

        await bus.publish(queue.subject, b"first", dedup_id="training-1")
        await bus.publish(queue.subject, b"again", dedup_id="training-1")
        await bus.publish(queue.subject, b"other", dedup_id="training-2")
        async with bus.consume(queue, work):
            messages = await work.next_of(2)
            quiet = await work.stays_quiet()

        assert [message.data for message in messages] == [b"first", b"other"]
        assert quiet

    async def test_a_queue_that_was_not_announced_is_made_by_its_consumer(self, bus: Bus) -> None:
        queue, work = new_queue(), Recorder()

        async with bus.consume(queue, work):
            await eventually(lambda: bus.publish(queue.subject, b"job"), until=lambda: not work.got.empty())

        assert (await work.next()).data == b"job"

    async def test_every_subscriber_gets_a_copy(self, bus: Bus) -> None:
        subject = f"events.{uuid.uuid4().hex}"

        async with bus.subscribe(subject) as one, bus.subscribe(subject) as other:
            await bus.publish(subject, b"told", headers={"tenant": "cardiology"})
            async with asyncio.timeout(20):
                got = [await anext(one), await anext(other)]

        assert got == [Message(subject, b"told", {"tenant": "cardiology"})] * 2

    @pytest.mark.parametrize(
        ("pattern", "expected"), [("{}.*.a", [b"1", b"2"]), ("{}.>", [b"1", b"2", b"3", b"4"]), ("{}.x.a", [b"1"])]
    )
    async def test_a_subscriber_may_use_wildcards(self, bus: Bus, pattern: str, expected: list[bytes]) -> None:
        root = f"events-{uuid.uuid4().hex}"

        async with bus.subscribe(pattern.format(root)) as messages, bus.subscribe(f"{root}.end") as ends:
            for number, subject in enumerate(["x.a", "y.a", "x.b", "z"], start=1):
                await bus.publish(f"{root}.{subject}", b"%d" % number)
            await bus.publish(f"{root}.end", b"")
            async with asyncio.timeout(20):
                got = [(await anext(messages)).data for _ in expected]
                await anext(ends)

        assert got == expected

    async def test_a_subscriber_hears_nothing_from_before(self, bus: Bus) -> None:
        subject = f"events.{uuid.uuid4().hex}"

        await bus.publish(subject, b"before")
        async with bus.subscribe(subject) as messages:
            await bus.publish(subject, b"after")
            async with asyncio.timeout(20):
                message = await anext(messages)

        assert message.data == b"after"

    @pytest.mark.parametrize("subject", ["", "a b", "a.*", "a.>", ".a", "a.", "a..b", "a\r\nPUB b"])
    async def test_what_is_no_subject_is_refused(self, bus: Bus, subject: str) -> None:
        with pytest.raises(InvalidRequest):
            await bus.publish(subject, b"x")

    async def test_a_message_that_is_too_large_is_refused(self, bus: Bus, queue: WorkQueue) -> None:
        await bus.publish(queue.subject, bytes(MAX_MESSAGE_BYTES))

        with pytest.raises(TooLarge):
            await bus.publish(queue.subject, bytes(MAX_MESSAGE_BYTES + 1))

    async def test_a_bus_that_works_answers(self, bus: Bus) -> None:
        await bus.ping()

    async def test_a_closed_bus_is_unavailable_and_ends_its_subscriptions(self, bus: Bus) -> None:
        async with bus.subscribe("events.closing") as messages:
            await bus.close()
            async with asyncio.timeout(20):
                left = [message async for message in messages]

        assert left == []
        with pytest.raises(Unavailable):
            await bus.publish("events.closing", b"x")
        with pytest.raises(Unavailable):
            await bus.ping()

    async def test_closing_ends_consumers(self, bus: Bus, queue: WorkQueue) -> None:
        started, ended = Recorder(), asyncio.Event()

        async def never_end(message: Message) -> None:
            await started(message)
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async with bus.consume(queue, never_end):
            await bus.publish(queue.subject, b"job")
            await started.next()
            await bus.close()

        assert ended.is_set()
