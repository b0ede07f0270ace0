"""Lends a blocking event bus to an event loop."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from shared.ports.bus import Event, EventBus


class ThreadedBus:
    """An `AsyncEventBus` that publishes in threads of its own.

    Its threads are not the loop's default ones, so that nothing else waits behind a slow
    publish, nor a publish behind anything else.
    """

    def __init__(self, bus: EventBus, *, workers: int = 64) -> None:
        """Take the bus and how many publishes may be under way at once; more wait in line."""
        self._bus = bus
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="publish")

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Promise what `EventBus.publish` promises, without blocking the loop."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._bus.publish, topic, events)

    def close(self) -> None:
        """Wait for the publishes under way and end the threads."""
        self._threads.shutdown()
