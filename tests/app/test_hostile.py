"""Whatever a field holds: nothing is lost, and nothing else is raised than what is promised."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from shared.domain.errors import BadEnvelope, Retryable
from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS, Event
from shared.wiring import posted
from tests.app.customers import Customer, deliver
from tests.support.installation import START_MS, Installation

SCALARS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63 - 1,
    -(2**63),
    2**63,
    10**30,
    0.5,
    1e308,
    "",
    " ",
    "-",
    "--5",
    "-5",
    "1790000000",
    "99999999999999",
    "1e5",
    "٣٣٣",
    "²",
    "a/b/c",
    "../..",
    ".",
    "\x00",
    "\ud800",
    "مرحبا\u202e",
    "👩‍👩‍👧‍👦" * 50,
    "x" * 5_000,
    "atende:a:1",
    "atende:🙂:1",
    "5511987654321",
    "BR.1",
)


def junk(rng: Random, depth: int = 3) -> Any:
    """Return any JSON value."""
    roll = rng.random()
    if depth == 0 or roll < 0.7:
        return rng.choice(SCALARS)
    if roll < 0.85:
        return [junk(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {str(rng.choice(SCALARS)): junk(rng, depth - 1) for _ in range(rng.randrange(4))}


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


MESSAGE: dict[str, Any] = {
    "id": "wamid.1",
    "from": "5511987654321",
    "from_user_id": "BR.1",
    "from_parent_user_id": "BR.P",
    "timestamp": "1790000000",
    "type": "text",
    "text": {"body": "oi"},
    "context": {"id": "wamid.0"},
}
SYSTEM: dict[str, Any] = {
    "id": "wamid.2",
    "from": "5511987654321",
    "from_user_id": "BR.1",
    "timestamp": "1790000000",
    "type": "system",
    "system": {
        "type": "user_changed_number",
        "wa_id": "5511900001111",
        "user_id": "BR.2",
        "previous_user_id": "BR.1",
        "parent_user_id": "BR.P",
        "previous_parent_user_id": "BR.P",
    },
}
ECHO: dict[str, Any] = {
    "id": "wamid.3",
    "from": "551130000000",
    "to": "5511987654321",
    "to_user_id": "BR.1",
    "timestamp": "1790000000",
    "type": "text",
    "text": {"body": "oi"},
}
STATUS: dict[str, Any] = {
    "id": "wamid.4",
    "status": "failed",
    "timestamp": "1790000000",
    "recipient_id": "5511987654321",
    "biz_opaque_callback_data": "atende:a:1",
    "errors": [{"code": 131026, "title": "x"}],
    "pricing": {"billable": True},
}
CONTACT: dict[str, Any] = {
    "wa_id": "5511987654321",
    "user_id": "BR.1",
    "parent_user_id": "BR.P",
    "profile": {"name": "Ana", "username": "ana"},
}
PREFERENCES: dict[str, Any] = {
    "field": "user_preferences",
    "value": {"user_preferences": [{"wa_id": "5511987654321", "user_id": "BR.1", "value": "stop"}]},
}


def fields_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value inside."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from fields_of(item, (*path, key))


def with_value(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy with another value at a place."""
    copy = json.loads(json.dumps(whole))
    node = copy
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return copy


def event(kind: str, update: Any, contact: Any = CONTACT) -> dict[str, Any]:
    return {
        "v": 1,
        "kind": kind,
        "field": update.get("field", "messages") if isinstance(update, dict) else "messages",
        "waba": "waba",
        "number": "1001",
        "received_ms": START_MS,
        "index": 1,
        "contact": contact,
        "update": update,
        "errors": [],
    }


def handle(installation: Installation, found: dict[str, Any]) -> None:
    """Handle an event as it reads after its way over the bus."""
    data = json.dumps(found).encode()
    topic = INBOUND_MESSAGE if found["kind"] in ("message", "echo") else INBOUND_STATUS
    read = posted.parse(Event(data).data)
    assert isinstance(read, dict)
    record = installation.use_cases
    handler = record.record_message if topic == INBOUND_MESSAGE else record.record_status
    handler(read, event_id=f"event-{len(data)}")


def nothing_is_lost(installation: Installation, found: dict[str, Any]) -> None:
    """The update stands in the store: as a message, or kept; of a system message too."""
    stored = [*installation.documents("messages"), *installation.documents("kept")]
    assert stored, found


def shown_somewhere(installation: Installation) -> None:
    """Every stored message is in a conversation that a person can be found by."""
    persons = {d.name: d.data for d in installation.documents("persons")}
    for document in installation.documents("conversations"):
        aliases = persons[document.data["person"]]["aliases"]
        names = [value for values in aliases.values() for value in values]
        assert document.data["merged_into"] or names, document.data


CASES = [
    ("message", MESSAGE, CONTACT),
    ("message", SYSTEM, None),
    ("echo", ECHO, None),
    ("status", STATUS, None),
    ("other", PREFERENCES, None),
]


@pytest.mark.parametrize(
    ("kind", "update", "contact"), CASES, ids=["message", "system", "echo", "status", "other"]
)
def test_any_value_in_any_field(kind: str, update: dict[str, Any], contact: Any) -> None:
    for path in fields_of(update):
        for value in (*SCALARS, [], {}, [[]], [{}], {"a": []}, nested(90)):
            installation = Installation()
            found = event(kind, with_value(update, path, value), contact)
            handle(installation, found)
            handle(installation, found)
            nothing_is_lost(installation, found)
            shown_somewhere(installation)


def test_any_value_in_any_field_of_a_contact() -> None:
    bare = {"id": "wamid.1", "timestamp": "1790000000", "type": "text", "text": {"body": "oi"}}
    for path in fields_of(CONTACT):
        for value in (*SCALARS, [], {}, [{}]):
            installation = Installation()
            handle(installation, event("message", bare, with_value(CONTACT, path, value)))
            nothing_is_lost(installation, bare)
            shown_somewhere(installation)


@pytest.mark.parametrize("seed", range(40))
def test_junk_upon_junk_in_one_installation(seed: int) -> None:
    rng = Random(seed)
    installation = Installation()
    for _ in range(40):
        kind, update, contact = rng.choice(CASES)
        for _ in range(rng.randrange(1, 4)):
            update = with_value(update, rng.choice(list(fields_of(update))), junk(rng))
        if rng.random() < 0.3:
            contact = junk(rng)
        handle(installation, event(kind, update, contact))
    shown_somewhere(installation)
    installation.rest()
    for document in installation.documents("conversations"):
        assert document.data["turn"]["due_ms"] is None


@pytest.mark.parametrize("seed", range(40))
def test_an_envelope_of_junk_is_refused_or_kept(seed: int) -> None:
    rng = Random(seed)
    whole = event("message", MESSAGE)
    for path in [p for p in fields_of(whole) if len(p) == 1]:
        installation = Installation()
        found = with_value(whole, path, junk(rng))
        for handler in (installation.use_cases.record_message, installation.use_cases.record_status):
            try:
                read = posted.parse(json.dumps(found).encode())
                assert isinstance(read, dict)
                handler(read, event_id="e")
            except (BadEnvelope, Retryable):
                continue


@pytest.mark.parametrize("depth", [50, 120, 240])
def test_depth_costs_nobody_the_message(depth: int) -> None:
    """The webhook's fast reader takes 254 levels; a document store takes fewer."""
    installation = Installation()
    handle(installation, event("message", MESSAGE | {"extra": nested(depth)}))
    assert [m["text"] for m in installation.view("BR.1")["messages"]] == ["oi"]


def test_a_number_of_64_bits_without_sign_costs_nobody_the_message() -> None:
    installation = Installation()
    handle(installation, event("message", MESSAGE | {"extra": 2**64 - 1}))
    assert [m["text"] for m in installation.view("BR.1")["messages"]] == ["oi"]


def test_a_raw_message_too_large_to_copy_is_told_where_to_find() -> None:
    installation = Installation()
    handle(installation, event("message", MESSAGE | {"extra": "x" * 300_000, "type": "sparkle"}))
    [kept] = installation.view("BR.1")["kept"]
    assert set(kept["raw"]) == {"archived", "start"}


@pytest.mark.parametrize("first", [{"from": 5511987654321}, {"from": "5511987654321"}])
def test_a_phone_may_be_a_number(installation: Installation, first: dict[str, Any]) -> None:
    """Meta writes strings; what reads as one person's phone is that person's phone."""
    update = {"id": "w", "timestamp": 1_790_000_000, "type": "text", "text": {"body": "oi"}, **first}
    deliver(installation, {"messages": [update]})
    installation.rest()
    assert installation.view("5511987654321")["messages"][0]["text"] == "oi"


def test_broken_messages_inside_a_batch_do_not_cost_the_good_ones(
    installation: Installation, ana: Customer
) -> None:
    good = [
        MESSAGE | {"id": f"g{n}", "text": {"body": f"{n}"}, "timestamp": str(START_MS // 1000 - 9 + n)}
        for n in range(3)
    ]
    batch: list[Any] = [None, good[0], 5, {"id": {}}, good[1], [], {"from": None, "type": 7}, good[2], "x"]
    deliver(installation, {"contacts": [ana.contact()], "messages": batch})
    installation.rest()
    assert [m["text"] for m in installation.view("BR.1")["messages"]][:3] == ["0", "1", "2"]
    assert len(installation.documents("kept")) + len(installation.documents("kept", "-")) >= 3


@pytest.mark.parametrize("wamid", ["", None, {"a": 1}, [], True])
def test_two_different_messages_with_a_useless_id_are_both_recorded_once(
    installation: Installation, wamid: Any
) -> None:
    for text in ("um", "dois"):
        update = MESSAGE | {"id": wamid, "text": {"body": text}}
        deliver(installation, {"messages": [update]})
        deliver(installation, {"messages": [update]})
    assert [m["text"] for m in installation.view("BR.1")["messages"]] == ["um", "dois"]


@pytest.mark.parametrize("wamid", [5, "a/b", "../x", "x" * 10_000, "é\x00"])
def test_a_message_with_a_strange_id_is_recorded_once(installation: Installation, wamid: Any) -> None:
    for _ in range(2):
        deliver(installation, {"messages": [MESSAGE | {"id": wamid}]})
    assert [m["text"] for m in installation.view("BR.1")["messages"]] == ["oi"]


def test_very_long_texts_and_names_are_kept_and_answered(installation: Installation) -> None:
    Customer(installation, name="N" * 100_000).writes("t" * 100_000)
    installation.rest()
    assert len(installation.graph.posts) > 1
    assert len(str(installation.documents("conversations")[0].data)) < 100_000


@pytest.mark.parametrize("field", ["from", "from_user_id", "from_parent_user_id"])
def test_who_is_named_by_one_strange_value_alone_can_be_found_or_is_kept(field: str) -> None:
    bare = {"id": "w", "timestamp": "1790000000", "type": "text", "text": {"body": "oi"}}
    for value in SCALARS:
        installation = Installation()
        handle(installation, event("message", bare | {field: value}, None))
        nothing_is_lost(installation, bare)
        shown_somewhere(installation)


@pytest.mark.parametrize("pricing", [nested(120), {"a": nested(90)}, {"a": nested(240)}])
def test_a_receipt_with_a_strange_price_still_counts(
    installation: Installation, ana: Customer, pricing: Any
) -> None:
    ana.writes()
    installation.rest()
    update = STATUS | {"status": "read", "pricing": pricing}
    update["biz_opaque_callback_data"] = installation.graph.posts[0].callback
    handle(installation, event("status", update, None))
    assert [m["state"] for m in installation.view("BR.1")["messages"]] == ["received", "read"]
