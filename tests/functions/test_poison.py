"""An event whose handler always fails, on the embedded bus: kept, visible, replayable, alone."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.text.main import text
from shared.adapters.embedded.bus_dispatcher import BusDispatcher
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.retries import Retries
from shared.app.use_cases import UseCases
from shared.config.settings import SIMULATED_NUMBER, Settings, load
from shared.ports.bus import INBOUND_MESSAGE, Event
from shared.runtime import invoke
from shared.wiring import container
from shared.wiring.container import Container
from shared.wiring.embedded import Embedded, assemble, secrets_of

POISON = "5511900000666"


class Broken(UseCases):
    """The use cases with a bug in one of them, until it is mended."""

    mended = False

    def record_message(self, event: Mapping[str, Any], *, event_id: str) -> None:
        if event["update"]["from"] == POISON and not self.mended:
            raise KeyError(event["update"]["from"])
        super().record_message(event, event_id=event_id)


class Office:
    """The embedded adapters with a broken use case, delivering quickly."""

    def __init__(self, settings: Settings, folder: DataFolder) -> None:
        secrets = secrets_of(settings, folder)
        self.parts: Embedded = assemble(settings, folder, secrets=secrets, graph_url="http://127.0.0.1:9")
        self.cases = Broken(self.parts.ports, self.parts.rules, settings.businesses)
        container.install(Container(settings, self.cases, self.parts.webhook))
        self.dispatcher = BusDispatcher(
            self.parts.bus,
            lambda subscription, envelope: invoke.push(text, envelope),
            clock=self.parts.clock,
            ids=self.parts.ids,
            retries=Retries(minimum_ms=10, maximum_ms=50),
        )

    def publish(self, *phones: str) -> None:
        events = [Event(json.dumps(event(phone)).encode()) for phone in phones]
        self.parts.bus.publish(INBOUND_MESSAGE, events)

    def knows(self, phone: str) -> bool:
        return self.cases.view("default", phone) is not None


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    folder = DataFolder(tmp_path / "data")
    office = Office(load({}), folder)
    office.dispatcher.start()
    yield office
    office.dispatcher.stop()
    office.parts.close()
    container.install(None)
    folder.close()


def event(phone: str) -> dict[str, Any]:
    now_ms = time.time_ns() // 1_000_000
    return {
        "v": 1,
        "kind": "message",
        "field": "messages",
        "waba": "1",
        "number": SIMULATED_NUMBER,
        "received_ms": now_ms,
        "contact": {"wa_id": phone, "profile": {"name": "A"}},
        "update": {
            "from": phone,
            "id": f"wamid.{phone}",
            "timestamp": str(now_ms // 1000),
            "type": "text",
            "text": {"body": "oi"},
        },
        "errors": [],
    }


def eventually(good: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not good():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_poison_is_kept_visibly_and_the_others_go_on(office: Office) -> None:
    office.publish("5511900000001", POISON, "5511900000002")

    eventually(lambda: office.knows("5511900000001") and office.knows("5511900000002"))
    eventually(lambda: len(office.cases.kept("default", limit=10)) == 1)
    (row,) = office.cases.kept("default", limit=10)
    assert (row["reason"], row["replayable"]) == ("handler failed: KeyError", True)
    assert row["raw"]["update"]["from"] == POISON
    eventually(lambda: office.parts.bus.waiting() == [])
    assert office.parts.bus.dead() == []
    assert not office.knows(POISON)


def test_poison_is_replayed_once_the_bug_is_mended(office: Office) -> None:
    office.publish(POISON)
    eventually(lambda: len(office.cases.kept("default", limit=10)) == 1)
    office.cases.mended = True
    (row,) = office.cases.kept("default", limit=10)

    assert office.cases.replay(row["id"])
    eventually(lambda: office.knows(POISON))
    assert office.cases.kept("default", limit=10) == []
    assert not office.cases.replay(row["id"])
