"""How failures are spread over time, given up, shown and replayed."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest

from shared.adapters.embedded.bus import ARCHIVED_MS, SqliteBus
from shared.adapters.embedded.bus_dispatcher import BusDispatcher
from shared.adapters.embedded.clock import RandomIds
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.lanes import Limits
from shared.adapters.embedded.retries import HOUR_MS, Retries
from shared.adapters.embedded.task_dispatcher import TaskDispatcher
from shared.adapters.embedded.tasks import DEAD_KEPT_MS, SqliteTasks
from shared.ports.bus import Event
from tests.contract.ports.services import Calls, MovableClock

FEW = Retries(minimum_ms=10, maximum_ms=20, attempts=3)
IDS = RandomIds()


def eventually(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds; the test fails when it does not within 10 s."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def new_bus(folder: DataFolder, clock: MovableClock) -> SqliteBus:
    """Return a bus with one topic and one subscription."""
    return SqliteBus(folder, clock=clock, subscriptions={"t": ["s"]})


@contextmanager
def delivering(
    bus: SqliteBus, receiver: Callable[[str, Mapping[str, Any]], int], clock: MovableClock
) -> Iterator[BusDispatcher]:
    """Deliver inside the block, with few attempts."""
    dispatcher = BusDispatcher(bus, receiver, clock=clock, ids=IDS, retries=FEW)
    dispatcher.start()
    yield dispatcher
    dispatcher.stop()


@contextmanager
def dispatching(
    tasks: SqliteTasks, handler: Callable[[str, Mapping[str, str], bytes], int], clock: MovableClock
) -> Iterator[TaskDispatcher]:
    """Dispatch inside the block, with few attempts."""
    dispatcher = TaskDispatcher(tasks, handler, clock=clock, ids=IDS, retries=FEW)
    dispatcher.start()
    yield dispatcher
    dispatcher.stop()


def test_waits_double_from_one_second_to_ten_minutes() -> None:
    waits = [Retries().wait_ms(failures, 0) for failures in range(1, 13)]
    doubled = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000]
    assert waits == [*doubled, 600_000, 600_000]


def test_jitter_only_lengthens_and_never_beyond_the_maximum() -> None:
    waits = [Retries().wait_ms(failures, 0.999) for failures in (1, 2, 9, 10, 99)]
    assert waits == [1_249, 2_499, 319_936, 600_000, 600_000]


def test_the_hundredth_failure_is_the_last_after_some_sixteen_hours() -> None:
    waits = [Retries().wait_ms(failures, 0) for failures in range(1, 101)]
    assert waits[-1] is None
    assert 15 * HOUR_MS < sum(wait or 0 for wait in waits) < 17 * HOUR_MS


def test_a_delivery_that_always_fails_is_kept_visibly_and_can_be_replayed(folder: DataFolder) -> None:
    clock, calls = MovableClock(), Calls(then=500)
    bus = new_bus(folder, clock)
    with delivering(bus, lambda _, envelope: calls.add(envelope), clock):
        bus.publish("t", [Event(b"poison", {"kind": "message"})])
        eventually(bus.dead)
        assert len(calls.settle(0.1)) == FEW.attempts
        [dead] = bus.dead()
        assert (dead.subscription, dead.attempts) == ("s", FEW.attempts)
        assert dead.archived.event == Event(b"poison", {"kind": "message"})
        calls.then = 200
        assert bus.replay(dead.id)
        assert calls.wait(FEW.attempts + 1)[-1]["deliveryAttempt"] == 1
        eventually(lambda: not bus.waiting())
    assert bus.dead() == []
    assert not bus.replay(dead.id)
    assert len(bus.archive()) == 1


def test_a_dead_delivery_is_not_made_after_a_restart(folder: DataFolder) -> None:
    clock, calls = MovableClock(), Calls(then=500)
    bus = new_bus(folder, clock)
    bus.publish("t", [Event(b"poison")])
    with delivering(bus, lambda _, envelope: calls.add(envelope), clock):
        eventually(bus.dead)
    before = len(calls.made)
    with delivering(bus, lambda _, envelope: calls.add(envelope), clock):
        assert len(calls.settle(0.1)) == before
    assert len(bus.dead()) == 1


def test_a_task_that_always_fails_is_kept_visibly_and_can_be_replayed(folder: DataFolder) -> None:
    clock, calls = MovableClock(), Calls(then=500)
    tasks = SqliteTasks(folder, clock=clock)
    with dispatching(tasks, lambda _, headers, __: calls.add(headers), clock):
        tasks.create("turns", "t", {"n": 1}, at_ms=0)
        eventually(tasks.dead)
        [dead] = tasks.dead()
        assert (dead.queue, dead.name, dead.attempts) == ("turns", "t", FEW.attempts)
        assert json.loads(dead.payload) == {"n": 1}
        clock.advance(2 * HOUR_MS)
        assert not tasks.create("turns", "t", {}, at_ms=0)
        calls.then = 200
        assert tasks.replay(dead.id)
        assert calls.wait(FEW.attempts + 1)[-1]["X-CloudTasks-TaskRetryCount"] == "0"
    assert tasks.dead() == []
    assert not tasks.replay(dead.id)


def test_names_are_purged_after_their_hour_a_bounded_number_at_a_time(folder: DataFolder) -> None:
    clock, calls = MovableClock(), Calls()
    tasks = SqliteTasks(folder, clock=clock)
    with dispatching(tasks, lambda _, __, payload: calls.add(payload), clock):
        for number in range(30):
            tasks.create("turns", f"t{number}", {}, at_ms=0)
        calls.wait(30)
        eventually(lambda: not tasks.pending())
    tasks.create("turns", "later", {}, at_ms=clock.now_ms() + 2 * HOUR_MS)
    assert tasks.purge() == 0
    clock.advance(HOUR_MS)
    assert tasks.purge(limit=20) == 20
    assert tasks.purge(limit=20) == 10
    assert [due.queue for due in tasks.pending()] == ["turns"]


def test_dead_tasks_are_kept_for_a_month(folder: DataFolder) -> None:
    clock = MovableClock()
    tasks = SqliteTasks(folder, clock=clock)
    with dispatching(tasks, lambda *_: 500, clock):
        tasks.create("turns", "t", {}, at_ms=0)
        eventually(tasks.dead)
    clock.advance(DEAD_KEPT_MS - HOUR_MS)
    assert tasks.purge() == 0
    clock.advance(2 * HOUR_MS)
    assert tasks.purge() == 1
    assert tasks.dead() == []


def test_the_archive_keeps_every_event_for_ninety_days(folder: DataFolder) -> None:
    clock, calls = MovableClock(), Calls()
    bus = new_bus(folder, clock)
    bus.publish("t", [Event(f"{number}".encode()) for number in range(700)])
    with delivering(bus, lambda _, envelope: calls.add(envelope), clock):
        calls.wait(700)
        eventually(lambda: not bus.waiting())
    clock.advance(ARCHIVED_MS - HOUR_MS)
    bus.publish("t", [Event(b"new")])
    assert bus.purge() == 0
    clock.advance(HOUR_MS)
    assert bus.purge(limit=600) == 600
    assert bus.purge() == 100
    assert [item.event.data for item in bus.archive()] == [b"new"]
    assert len(bus.waiting()) == 1


def test_the_archive_is_read_in_pages(folder: DataFolder) -> None:
    bus = new_bus(folder, MovableClock())
    bus.publish("t", [Event(f"{number}".encode()) for number in range(5)])
    first = bus.archive(limit=3)
    second = bus.archive(after_id=first[-1].id, limit=3)
    assert [item.event.data for item in (*first, *second)] == [b"0", b"1", b"2", b"3", b"4"]
    assert {item.topic for item in first} == {"t"}


def test_a_slowed_queue_stays_slow_over_a_restart(folder: DataFolder) -> None:
    clock = MovableClock()
    until_ms = clock.now_ms() + HOUR_MS
    SqliteTasks(folder, clock=clock).slow_down("live-1", factor=0.5, until_ms=until_ms)
    path = folder.path
    folder.close()
    with closing(DataFolder(path)) as again:
        tasks = SqliteTasks(again, clock=clock)
        assert tasks.factor("live-1", until_ms - 1) == 0.5
        assert tasks.factor("live-1", until_ms) == 1
        assert tasks.factor("live-2", until_ms - 1) == 1


@pytest.mark.parametrize("patient", [True, False], ids=["soon over", "never over"])
def test_stopping_waits_for_what_runs_but_never_long(folder: DataFolder, *, patient: bool) -> None:
    clock, over = MovableClock(), threading.Event()
    calls = Calls()
    bus = new_bus(folder, clock)

    def receiver(_: str, envelope: Mapping[str, Any]) -> int:
        calls.add(envelope)
        over.wait(0.2 if patient else 30)
        return 200

    dispatcher = BusDispatcher(
        bus, receiver, clock=clock, ids=IDS, limits=Limits(threads=2, per_lane=2), retries=FEW
    )
    dispatcher.start()
    bus.publish("t", [Event(b"x")] * 5)
    calls.wait(2)
    started = time.monotonic()
    assert dispatcher.stop() is patient
    assert time.monotonic() - started < 2.5
    assert len(calls.settle(0.1)) == 2
    assert len(bus.waiting()) == (3 if patient else 5)
    over.set()


def test_the_words_of_an_error_are_not_logged(folder: DataFolder, caplog: pytest.LogCaptureFixture) -> None:
    clock = MovableClock()
    bus = new_bus(folder, clock)

    def receiver(_: str, __: Mapping[str, Any]) -> int:
        raise ValueError("secret-words")

    with caplog.at_level(logging.DEBUG), delivering(bus, receiver, clock):
        bus.publish("t", [Event(b"secret-words")])
        eventually(bus.dead)
    assert {record.message for record in caplog.records} == {"delivery.raised", "delivery.dead"}
    assert caplog.records[0].__dict__["error"] == "ValueError"
    assert caplog.records[0].__dict__["at"].startswith(__file__)
    assert "secret-words" not in caplog.text
    assert all("secret-words" not in str(record.__dict__) for record in caplog.records)
