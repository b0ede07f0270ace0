"""The bus on an event loop: the loop goes on while the disk is slow, and failures are told."""

import asyncio
import sqlite3
import time
from contextlib import closing

import pytest

from shared.adapters.embedded.bus import SqliteBus
from shared.adapters.embedded.bus_async import AsyncSqliteBus
from shared.adapters.embedded.clock import SystemClock
from shared.adapters.embedded.data_folder import DataFolder
from shared.domain.errors import BusUnavailable
from shared.ports.bus import Event


def new_bus(folder: DataFolder) -> SqliteBus:
    """Return a bus with one topic."""
    return SqliteBus(folder, clock=SystemClock(), subscriptions={"t": ["s"]})


def test_the_loop_goes_on_while_a_commit_waits(folder: DataFolder) -> None:
    bus = new_bus(folder)
    with (
        closing(AsyncSqliteBus(bus)) as loop_bus,
        closing(sqlite3.connect(folder.path / "events.sqlite3", isolation_level=None)) as other,
    ):

        async def run() -> float:
            other.execute("BEGIN IMMEDIATE")
            publishes = [asyncio.create_task(loop_bus.publish("t", [Event(b"x")])) for _ in range(50)]
            longest = 0.0
            for _ in range(50):
                before = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - before)
            assert not any(publish.done() for publish in publishes)
            assert bus.archive() == []
            other.execute("COMMIT")
            await asyncio.gather(*publishes)
            return longest

        assert asyncio.run(run()) < 0.4
    assert len(bus.archive()) == 50


def test_a_caller_that_gave_up_harms_nobody(folder: DataFolder) -> None:
    bus = new_bus(folder)

    async def run(loop_bus: AsyncSqliteBus) -> None:
        given_up = asyncio.create_task(loop_bus.publish("t", [Event(b"1")]))
        await asyncio.sleep(0)
        given_up.cancel()
        await loop_bus.publish("t", [Event(b"2")])

    with closing(AsyncSqliteBus(bus)) as loop_bus:
        asyncio.run(run(loop_bus))
        asyncio.run(run(loop_bus))
    assert [item.event.data for item in bus.archive()].count(b"2") == 2


def test_closing_writes_what_has_arrived(folder: DataFolder) -> None:
    bus = new_bus(folder)
    loop_bus = AsyncSqliteBus(bus)

    async def run() -> None:
        publishes = [asyncio.create_task(loop_bus.publish("t", [Event(b"x")])) for _ in range(20)]
        await asyncio.sleep(0)
        loop_bus.close()
        await asyncio.gather(*publishes)
        with pytest.raises(BusUnavailable):
            await loop_bus.publish("t", [Event(b"late")])

    asyncio.run(run())
    assert len(bus.archive()) == 20


def test_a_bus_that_cannot_write_says_so_to_everybody(folder: DataFolder) -> None:
    bus = new_bus(folder)

    async def run(loop_bus: AsyncSqliteBus) -> list[type]:
        jobs = [loop_bus.publish("t", [Event(b"x")]) for _ in range(3)]
        return [type(outcome) for outcome in await asyncio.gather(*jobs, return_exceptions=True)]

    folder.close()
    with closing(AsyncSqliteBus(bus)) as loop_bus:
        assert asyncio.run(run(loop_bus)) == [BusUnavailable] * 3
    with pytest.raises(BusUnavailable):
        bus.publish("t", [Event(b"x")])
