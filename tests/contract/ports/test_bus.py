"""What `EventBus` and `AsyncEventBus` promise."""

import asyncio
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS, Event
from tests.contract.ports.services import BusService, Calls

Publish = Callable[[str, Sequence[Event]], None]


@pytest.fixture(params=["publish", "publish on a loop"])
def publish(request: pytest.FixtureRequest, bus_service: BusService) -> Publish:
    """Each face of the bus."""
    if request.param == "publish":
        return bus_service.bus.publish
    return lambda topic, events: asyncio.run(bus_service.loop_bus.publish(topic, events))


def bodies(calls: Sequence[Any]) -> list[bytes]:
    """Return what was published in each delivery, sorted."""
    return sorted(b64decode(envelope["message"]["data"]) for _, envelope in calls)


def receive(calls: Calls) -> Callable[[str, Mapping[str, Any]], int]:
    """Return a receiver that notes every delivery."""
    return lambda subscription, envelope: calls.add((subscription, envelope))


def test_a_published_event_is_delivered_in_a_push_envelope(bus_service: BusService, publish: Publish) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))
    before = datetime.now(UTC)
    publish(INBOUND_MESSAGE, [Event(b'{"v": 1}\x00\xff', {"kind": "message", "ção": "🙂"})])
    [(subscription, envelope)] = calls.wait(1)
    message = envelope["message"]
    assert subscription == envelope["subscription"] == "text"
    assert b64decode(message["data"]) == b'{"v": 1}\x00\xff'
    assert message["attributes"] == {"kind": "message", "ção": "🙂"}
    assert envelope["deliveryAttempt"] == 1
    assert isinstance(message["messageId"], str)
    assert message["publishTime"].endswith("Z")
    assert abs((datetime.fromisoformat(message["publishTime"]) - before).total_seconds()) < 5


def test_an_acknowledged_event_comes_once(bus_service: BusService, publish: Publish) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))
    publish(INBOUND_MESSAGE, [Event(b"1"), Event(b"2")])
    calls.wait(2)
    assert bodies(calls.settle()) == [b"1", b"2"]


@pytest.mark.parametrize("status", [199, 300, 404, 429, 500, 503])
def test_anything_but_success_brings_the_event_again(bus_service: BusService, status: int) -> None:
    calls = Calls(answers=[status, status])
    bus_service.serve(receive(calls))
    bus_service.bus.publish(INBOUND_MESSAGE, [Event(b"x")])
    calls.wait(3)
    deliveries = calls.settle()
    assert [envelope["deliveryAttempt"] for _, envelope in deliveries] == [1, 2, 3]
    assert len({envelope["message"]["messageId"] for _, envelope in deliveries}) == 1


def test_a_receiver_that_raises_gets_the_event_again(bus_service: BusService) -> None:
    calls = Calls(answers=[500])

    def receiver(_: str, envelope: Mapping[str, Any]) -> int:
        if calls.add(envelope) != 200:
            raise KeyError("what a customer wrote")
        return 204

    bus_service.serve(receiver)
    bus_service.bus.publish(INBOUND_MESSAGE, [Event(b"x")])
    assert len(calls.wait(2)) == 2
    assert len(calls.settle()) == 2


def test_what_was_published_before_anybody_listened_is_delivered(
    bus_service: BusService, publish: Publish
) -> None:
    publish(INBOUND_MESSAGE, [Event(str(number).encode()) for number in range(20)])
    calls = Calls()
    bus_service.serve(receive(calls))
    assert bodies(calls.wait(20)) == sorted(str(number).encode() for number in range(20))


def test_each_subscription_of_a_topic_gets_its_events_and_no_others(bus_service: BusService) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))
    bus_service.bus.publish(INBOUND_MESSAGE, [Event(b"m")])
    bus_service.bus.publish(INBOUND_STATUS, [Event(b"s")])
    bus_service.bus.publish("unheard", [Event(b"u")])
    calls.wait(3)
    found = sorted((name, b64decode(envelope["message"]["data"])) for name, envelope in calls.settle())
    assert found == [("audit", b"s"), ("status", b"s"), ("text", b"m")]


def test_one_subscription_that_fails_does_not_bring_the_event_to_the_others_again(
    bus_service: BusService,
) -> None:
    calls = Calls()

    def receiver(subscription: str, envelope: Mapping[str, Any]) -> int:
        calls.add(subscription)
        return 500 if subscription == "audit" and envelope["deliveryAttempt"] < 3 else 200

    bus_service.serve(receiver)
    bus_service.bus.publish(INBOUND_STATUS, [Event(b"s")])
    calls.wait(4)
    assert sorted(calls.settle()) == ["audit", "audit", "audit", "status"]


def test_a_poison_event_never_stalls_the_others(bus_service: BusService) -> None:
    calls = Calls()

    def receiver(_: str, envelope: Mapping[str, Any]) -> int:
        if b64decode(envelope["message"]["data"]) == b"poison":
            return 500
        return calls.add(envelope)

    bus_service.serve(receiver)
    poison = [Event(b"poison")] * 20
    bus_service.bus.publish(INBOUND_MESSAGE, [*poison, Event(b"1"), *poison, Event(b"2"), *poison])
    calls.wait(2)


def test_a_receiver_that_hangs_does_not_stall_the_others(bus_service: BusService) -> None:
    calls = Calls()
    over = threading.Event()

    def receiver(subscription: str, envelope: Mapping[str, Any]) -> int:
        if subscription == "text":
            over.wait(20)
            return 200
        return calls.add(envelope)

    bus_service.serve(receiver)
    bus_service.bus.publish(INBOUND_MESSAGE, [Event(b"slow")] * 200)
    time.sleep(0.2)
    bus_service.bus.publish(INBOUND_STATUS, [Event(b"quick")] * 20)
    found = calls.wait(40)
    over.set()
    assert len(found) == 40


def test_a_batch_of_a_thousand_arrives_whole(bus_service: BusService, publish: Publish) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))
    publish(INBOUND_MESSAGE, [Event(f"{number:04}".encode() * 100) for number in range(1000)])
    assert len(set(bodies(calls.wait(1000, within_s=30)))) == 1000


def test_publishing_nothing_is_fine(bus_service: BusService, publish: Publish) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))
    publish(INBOUND_MESSAGE, [])
    assert calls.settle(0.1) == []


def test_an_unknown_topic_is_refused(publish: Publish) -> None:
    with pytest.raises(ValueError, match="topic"):
        publish("inbound-mesage", [Event(b"x")])


def test_publishers_in_many_threads_lose_nothing(bus_service: BusService) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))

    def run(number: int) -> None:
        for count in range(25):
            bus_service.bus.publish(INBOUND_MESSAGE, [Event(f"{number}-{count}".encode())])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(bodies(calls.wait(100)))) == 100


def test_many_publishes_on_one_loop_are_all_kept(bus_service: BusService) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))

    async def run() -> None:
        jobs = [bus_service.loop_bus.publish(INBOUND_MESSAGE, [Event(f"{n}".encode())]) for n in range(300)]
        await asyncio.gather(*jobs)

    asyncio.run(run())
    assert len(set(bodies(calls.wait(300)))) == 300


def test_a_publish_that_is_refused_harms_no_other_on_the_loop(bus_service: BusService) -> None:
    calls = Calls()
    bus_service.serve(receive(calls))

    async def run() -> tuple[BaseException | None, ...]:
        publish = bus_service.loop_bus.publish
        bad = {"kind": "\ud800"}
        return await asyncio.gather(
            publish(INBOUND_MESSAGE, [Event(b"1")]),
            publish(INBOUND_MESSAGE, [Event(b"2", bad)]),
            publish("nowhere", [Event(b"3")]),
            publish(INBOUND_MESSAGE, [Event(b"4")]),
            return_exceptions=True,
        )

    outcomes = [type(outcome) for outcome in asyncio.run(run())]
    assert outcomes[0] is outcomes[3] is type(None)
    assert issubclass(outcomes[1], TypeError | ValueError)
    assert outcomes[2] is ValueError
    calls.wait(2)
    assert bodies(calls.settle()) == [b"1", b"4"]
