"""What `TaskQueue` promises."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared.ports.tasks import TURNS, live_queue
from tests.contract.ports.services import Calls, TaskService

HOUR_MS = 3_600_000


def handle(calls: Calls) -> Callable[[str, Mapping[str, str], bytes], int]:
    """Return a handler that notes every dispatch."""
    return lambda queue, headers, payload: calls.add((queue, dict(headers), json.loads(payload)))


def names(calls: list[Any]) -> list[str]:
    """Return the tasks' names, in the order of their dispatches."""
    return [headers["X-CloudTasks-TaskName"] for _, headers, _ in calls]


def test_a_task_is_dispatched_with_its_payload_and_headers(task_service: TaskService) -> None:
    calls = Calls()
    task_service.serve(handle(calls))
    at_ms = task_service.now_ms()
    assert task_service.queue.create(TURNS, "t-1_A", {"conversation": "ção", "n": [1, None]}, at_ms=at_ms)
    [(queue, headers, payload)] = calls.wait(1)
    assert queue == headers["X-CloudTasks-QueueName"] == TURNS
    assert payload == {"conversation": "ção", "n": [1, None]}
    assert headers["X-CloudTasks-TaskName"] == "t-1_A"
    assert headers["X-CloudTasks-TaskRetryCount"] == "0"
    assert headers["X-CloudTasks-TaskExecutionCount"] == "0"
    assert round(float(headers["X-CloudTasks-TaskETA"]) * 1000) == at_ms


def test_a_task_that_succeeded_is_not_dispatched_again(task_service: TaskService) -> None:
    calls = Calls(then=204)
    task_service.serve(handle(calls))
    task_service.queue.create(TURNS, "t", {}, at_ms=0)
    calls.wait(1)
    assert len(calls.settle()) == 1


@pytest.mark.parametrize("status", [199, 302, 404, 429, 500, 503])
def test_anything_but_success_brings_the_task_again(task_service: TaskService, status: int) -> None:
    calls = Calls(answers=[status, status])
    task_service.serve(handle(calls))
    task_service.queue.create(TURNS, "t", {"n": 1}, at_ms=0)
    calls.wait(3)
    found = calls.settle()
    assert [headers["X-CloudTasks-TaskRetryCount"] for _, headers, _ in found] == ["0", "1", "2"]
    assert [payload for _, _, payload in found] == [{"n": 1}] * 3


def test_a_handler_that_raises_gets_the_task_again(task_service: TaskService) -> None:
    calls = Calls(answers=[500])

    def handler(queue: str, headers: Mapping[str, str], _: bytes) -> int:
        if calls.add((queue, headers, None)) != 200:
            raise ValueError("what a customer wrote")
        return 200

    task_service.serve(handler)
    task_service.queue.create(TURNS, "t", {}, at_ms=0)
    calls.wait(2)
    assert len(calls.settle()) == 2


def test_a_task_is_not_dispatched_before_its_time_and_soon_after_it(task_service: TaskService) -> None:
    calls = Calls()

    def handler(_: str, headers: Mapping[str, str], __: bytes) -> int:
        return calls.add(task_service.now_ms() - float(headers["X-CloudTasks-TaskETA"]) * 1000)

    task_service.serve(handler)
    now_ms = task_service.now_ms()
    for number in range(20):
        task_service.queue.create(TURNS, f"t{number}", {}, at_ms=now_ms + 200 + 20 * number)
    late_ms = sorted(calls.wait(20))
    # A millisecond may be lost where the header's seconds are read as a float.
    assert late_ms[0] > -1
    assert late_ms[10] < 100


def test_an_earlier_task_is_not_held_up_by_a_later_one_that_was_there_first(
    task_service: TaskService,
) -> None:
    calls = Calls()
    task_service.serve(handle(calls))
    now_ms = task_service.now_ms()
    task_service.queue.create(TURNS, "far", {}, at_ms=now_ms + HOUR_MS)
    task_service.queue.create(TURNS, "third", {}, at_ms=now_ms + 500)
    time.sleep(0.05)
    task_service.queue.create(TURNS, "second", {}, at_ms=now_ms + 300)
    task_service.queue.create(TURNS, "first", {}, at_ms=now_ms - HOUR_MS)
    assert names(calls.wait(3)) == ["first", "second", "third"]


def test_what_was_created_before_anybody_listened_is_dispatched(task_service: TaskService) -> None:
    for number in range(20):
        task_service.queue.create(live_queue("1"), f"t{number}", {}, at_ms=0)
    calls = Calls()
    task_service.serve(handle(calls))
    assert set(names(calls.wait(20))) == {f"t{number}" for number in range(20)}


def test_a_name_that_waits_is_refused(task_service: TaskService) -> None:
    at_ms = task_service.now_ms() + HOUR_MS
    assert task_service.queue.create(TURNS, "t", {"n": 1}, at_ms=at_ms)
    assert not task_service.queue.create(TURNS, "t", {"n": 2}, at_ms=0)
    calls = Calls()
    task_service.serve(handle(calls))
    assert calls.settle(0.2) == []


def test_a_used_name_is_refused_for_an_hour(task_service: TaskService) -> None:
    calls = Calls()
    task_service.serve(handle(calls))
    assert task_service.queue.create(TURNS, "t", {"n": 1}, at_ms=0)
    calls.wait(1)
    calls.settle(0.1)
    assert not task_service.queue.create(TURNS, "t", {"n": 2}, at_ms=0)
    task_service.pass_time(HOUR_MS - 60_000)
    assert not task_service.queue.create(TURNS, "t", {"n": 3}, at_ms=0)
    task_service.pass_time(2 * 60_000)
    assert task_service.queue.create(TURNS, "t", {"n": 4}, at_ms=0)
    calls.wait(2)
    assert [payload["n"] for _, _, payload in calls.settle()] == [1, 4]


def test_a_name_that_is_being_dispatched_or_retried_is_refused(task_service: TaskService) -> None:
    entered, over = threading.Event(), threading.Event()

    def handler(_: str, __: Mapping[str, str], ___: bytes) -> int:
        entered.set()
        over.wait(10)
        return 500

    task_service.serve(handler)
    task_service.queue.create(TURNS, "t", {}, at_ms=0)
    assert entered.wait(10)
    assert not task_service.queue.create(TURNS, "t", {}, at_ms=0)
    over.set()
    time.sleep(0.05)
    assert not task_service.queue.create(TURNS, "t", {}, at_ms=0)


def test_names_belong_to_their_queue(task_service: TaskService) -> None:
    calls = Calls()
    task_service.serve(handle(calls))
    queues = [TURNS, live_queue("1"), live_queue("2"), "bulk-1"]
    assert all(task_service.queue.create(queue, "t", {}, at_ms=0) for queue in queues)
    assert sorted(queue for queue, _, _ in calls.wait(4)) == sorted(queues)


def test_one_of_many_creates_of_a_name_wins(task_service: TaskService) -> None:
    calls = Calls()
    task_service.serve(handle(calls))
    won: list[str] = []

    def create() -> None:
        won.extend(f"t{n}" for n in range(30) if task_service.queue.create(TURNS, f"t{n}", {}, at_ms=0))

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls.wait(30)
    assert sorted(won) == sorted(names(calls.settle())) == sorted(f"t{n}" for n in range(30))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ção", "a" * 501, "a\n", "a.b"])
def test_what_is_not_a_name_is_refused(task_service: TaskService, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        task_service.queue.create(TURNS, name, {}, at_ms=0)


def test_the_longest_name_is_fine(task_service: TaskService) -> None:
    calls = Calls()
    task_service.serve(handle(calls))
    assert task_service.queue.create(TURNS, "a-_Z9" * 100, {}, at_ms=0)
    assert names(calls.wait(1)) == ["a-_Z9" * 100]


def dispatched_within(task_service: TaskService, calls: Calls, seconds: float) -> tuple[int, float]:
    """Serve for a while; return how many calls came and how many seconds it really took."""
    started = time.monotonic()
    task_service.serve(handle(calls))
    count = sum(queue == "live-slow" for queue, _, _ in calls.settle(seconds))
    return count, time.monotonic() - started


def test_a_queue_is_dispatched_at_its_rate(task_service: TaskService) -> None:
    """Twenty per second, with little more when a queue starts."""
    for number in range(60):
        task_service.queue.create("live-slow", f"t{number}", {}, at_ms=0)
    count, seconds = dispatched_within(task_service, Calls(), 1.0)
    assert 10 <= count <= 20 * seconds + 3


def test_a_slowed_queue_keeps_going_slowly_and_recovers(task_service: TaskService) -> None:
    task_service.queue.slow_down("live-slow", factor=0.25, until_ms=task_service.now_ms() + 60_000)
    for number in range(40):
        task_service.queue.create("live-slow", f"t{number}", {}, at_ms=0)
    calls = Calls()
    count, seconds = dispatched_within(task_service, calls, 1.5)
    assert 3 <= count <= 5 * seconds + 3
    task_service.pass_time(60_000)
    started = time.monotonic()
    calls.wait(40)
    assert time.monotonic() - started < (40 - count) / 5


def test_only_the_named_queue_is_slowed(task_service: TaskService) -> None:
    task_service.queue.slow_down(live_queue("1"), factor=0.01, until_ms=task_service.now_ms() + 60_000)
    for number in range(50):
        task_service.queue.create(live_queue("2"), f"t{number}", {}, at_ms=0)
    calls = Calls()
    task_service.serve(handle(calls))
    calls.wait(50, within_s=3)


@pytest.mark.parametrize("factor", [0, -1, 1.01])
def test_a_queue_is_never_stopped_nor_sped_up(task_service: TaskService, factor: float) -> None:
    with pytest.raises(ValueError, match="slowed"):
        task_service.queue.slow_down(TURNS, factor=factor, until_ms=task_service.now_ms() + 1)


def test_a_queue_that_hangs_does_not_stall_the_others(task_service: TaskService) -> None:
    calls = Calls()
    over = threading.Event()

    def handler(queue: str, headers: Mapping[str, str], _: bytes) -> int:
        if queue == TURNS:
            over.wait(20)
            return 200
        return calls.add((queue, headers, None))

    task_service.serve(handler)
    for number in range(100):
        task_service.queue.create(TURNS, f"t{number}", {}, at_ms=0)
    time.sleep(0.3)
    for number in range(20):
        task_service.queue.create(live_queue("1"), f"t{number}", {}, at_ms=0)
    found = calls.wait(20)
    over.set()
    assert len(found) == 20


def test_a_task_that_always_fails_does_not_stall_its_queue(task_service: TaskService) -> None:
    calls = Calls()

    def handler(queue: str, headers: Mapping[str, str], payload: bytes) -> int:
        if json.loads(payload)["bad"]:
            return 500
        return calls.add((queue, headers, None))

    task_service.serve(handler)
    for number in range(30):
        task_service.queue.create(TURNS, f"t{number}", {"bad": number % 3 > 0}, at_ms=0)
    calls.wait(10)
