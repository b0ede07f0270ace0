"""A blocking bus lent to an event loop: as many publishes at once as it has threads, none forgotten."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field

import pytest

from shared.domain.errors import BusUnavailable
from shared.ports.bus import Event
from shared.wiring.async_bus import ThreadedBus


@dataclass
class Gate:
    """A blocking bus whose publishes wait until it is opened."""

    opened: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    topics: list[str] = field(default_factory=list)

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        self.begun.release()
        assert self.opened.wait(10)
        if topic.startswith("refused"):
            raise BusUnavailable(topic)
        self.topics.append(topic)

    def await_begun(self, times: int) -> None:
        for _ in range(times):
            assert self.begun.acquire(timeout=10)


async def started(*publishes: Coroutine[None, None, None]) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(publish) for publish in publishes]
    await asyncio.sleep(0)
    return tasks


def test_what_is_more_than_its_threads_waits_in_line_and_is_published() -> None:
    gate = Gate()
    bus = ThreadedBus(gate, workers=2)

    async def five() -> None:
        tasks = await started(*(bus.publish(f"topic-{number}", []) for number in range(5)))
        await asyncio.to_thread(gate.await_begun, 2)
        assert not gate.begun.acquire(timeout=0.05)
        gate.opened.set()
        await asyncio.gather(*tasks)

    asyncio.run(five())

    assert sorted(gate.topics) == [f"topic-{number}" for number in range(5)]
    bus.close()


def test_a_failure_reaches_whose_publish_it_was() -> None:
    gate = Gate()
    gate.opened.set()
    bus = ThreadedBus(gate, workers=3)

    async def three() -> list[BaseException | None]:
        topics = ("refused-1", "kept", "refused-2")
        return await asyncio.gather(*(bus.publish(topic, []) for topic in topics), return_exceptions=True)

    first, kept, second = asyncio.run(three())

    assert (str(first), kept, str(second)) == ("refused-1", None, "refused-2")
    bus.close()


def test_a_caller_that_gives_up_takes_nothing_back_and_holds_nobody_up() -> None:
    gate = Gate()
    bus = ThreadedBus(gate, workers=1)

    async def one_gives_up() -> None:
        [first, second] = await started(bus.publish("given-up", []), bus.publish("patient", []))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.opened.set()
        await second

    asyncio.run(one_gives_up())

    assert gate.topics == ["given-up", "patient"]
    bus.close()


def test_a_loop_that_has_ended_does_not_end_the_threads() -> None:
    gate = Gate()
    bus = ThreadedBus(gate, workers=1)

    async def leave() -> None:
        await started(bus.publish("left", []))

    asyncio.run(leave())
    gate.opened.set()
    asyncio.run(bus.publish("next", []))

    assert gate.topics == ["left", "next"]
    bus.close()


def test_closing_makes_what_has_arrived_and_takes_no_more() -> None:
    gate = Gate()
    bus = ThreadedBus(gate, workers=1)

    async def close_behind_two() -> None:
        tasks = await started(bus.publish("one", []), bus.publish("two", []))
        closing = threading.Thread(target=bus.close)
        closing.start()
        gate.opened.set()
        await asyncio.gather(*tasks)
        await asyncio.to_thread(closing.join, 10)
        with pytest.raises(BusUnavailable, match="closed"):
            await bus.publish("late", [])

    asyncio.run(close_behind_two())

    assert gate.topics == ["one", "two"]


def test_no_thread_is_made_before_the_first_publish() -> None:
    before = threading.active_count()
    bus = ThreadedBus(Gate(), workers=5)

    assert threading.active_count() == before
    bus.close()
