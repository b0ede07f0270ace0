"""The event bus for callers on an event loop: many publishes share one commit."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock, Thread

from shared.adapters.embedded.bus import Publication, SqliteBus
from shared.domain.errors import BusUnavailable
from shared.ports.bus import Event

_MOST_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class _Pending:
    publication: Publication
    loop: asyncio.AbstractEventLoop
    confirmed: asyncio.Future[None]


class AsyncSqliteBus:
    """An `AsyncEventBus`: while one commit is under way, what arrives gathers for the next.

    Any number of event loops may share it.
    """

    def __init__(self, bus: SqliteBus) -> None:
        """Start the thread that writes."""
        self._bus = bus
        self._arrived: SimpleQueue[_Pending | None] = SimpleQueue()
        self._closed = False
        # Held for an instant only: nothing may arrive behind the sign to end.
        self._lock = Lock()
        self._thread = Thread(target=self._serve, name="bus-writer", daemon=True)
        self._thread.start()

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Store the events durably without blocking the loop.

        Cancelling the caller does not take the events back.

        Raises:
            ValueError: There is no such topic.
            TypeError: An attribute is not text that UTF-8 can hold.
            BusUnavailable: They may have been stored.
        """
        publication = self._bus.prepare(topic, events)
        loop = asyncio.get_running_loop()
        confirmed: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._closed:
                raise BusUnavailable("the bus is closed")
            self._arrived.put(_Pending(publication, loop, confirmed))
        await confirmed

    def close(self) -> None:
        """Write what has arrived and end the thread."""
        with self._lock:
            self._closed = True
            self._arrived.put(None)
        self._thread.join()

    def _serve(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._gather()
            error: Exception | None = None
            try:
                self._bus.write([pending.publication for pending in group])
            except Exception as failure:  # noqa: BLE001  it belongs to those who wait for the commit
                error = failure
            _tell(group, error)

    def _gather(self) -> tuple[list[_Pending], bool]:
        """Wait for a publish and take all that have arrived; False when it is time to end."""
        group: list[_Pending] = []
        item = self._arrived.get()
        while item is not None:
            group.append(item)
            if len(group) == _MOST_AT_ONCE or self._arrived.empty():
                return group, True
            item = self._arrived.get()
        return group, False


def _tell(group: list[_Pending], error: Exception | None) -> None:
    """Wake every loop once, for all of its callers."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for pending in group:
        loops.setdefault(pending.loop, []).append(pending.confirmed)
    for loop, futures in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, futures, error)
        except RuntimeError:
            # The loop was closed: nobody waits any more.
            continue


def _resolve(futures: list[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(BusUnavailable(str(error)))
