"""What is certain about an update whose every field may be anything."""

import json
from typing import Any

import pytest

from shared.domain.errors import BadEnvelope
from shared.domain.incoming import RAW_LIMIT, Incoming, incoming_of

RECEIVED_MS = 1_790_000_000_000


def event(update: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "message", "number": "1001", "received_ms": RECEIVED_MS, "update": update} | more


def incoming(update: Any, **more: Any) -> Incoming:
    return incoming_of(event(update, **more), event_id="e")


@pytest.mark.parametrize(
    ("timestamp", "at_ms"),
    [
        ("1789999990", RECEIVED_MS - 10_000),
        (1789999990, RECEIVED_MS - 10_000),
        ("1790000001", RECEIVED_MS),
        ("999999999999", RECEIVED_MS),
        (10**11, RECEIVED_MS),
        ("0", 0),
        ("-5", 0),
        (-5, 0),
        ("--5", RECEIVED_MS),
        ("-", RECEIVED_MS),
        ("", RECEIVED_MS),
        (" 5 ", RECEIVED_MS),
        ("1e9", RECEIVED_MS),
        ("²", RECEIVED_MS),
        (True, RECEIVED_MS),
        (1.5, RECEIVED_MS),
        (10**15, RECEIVED_MS),
        (None, RECEIVED_MS),
        ([], RECEIVED_MS),
    ],
)
def test_the_time_is_metas_and_never_later_than_ours(timestamp: Any, at_ms: int) -> None:
    assert incoming({"timestamp": timestamp}).at_ms == at_ms


@pytest.mark.parametrize("value", [None, 5, "x", [1], True])
def test_an_update_that_is_no_object_is_wrapped(value: Any) -> None:
    assert incoming(value).update == {"value": value}


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"kind": 5},
        {"number": None},
        {"received_ms": "1790000000000"},
        {"received_ms": None},
        {"kind": None},
    ],
)
def test_what_our_webhook_never_publishes_is_refused(broken: dict[str, Any]) -> None:
    whole = {} if not broken else event({}) | broken
    with pytest.raises(BadEnvelope):
        incoming_of(whole, event_id="e")


def test_one_message_has_one_key_per_number() -> None:
    assert incoming({"id": "w", "a": 1}).message_key() == incoming({"id": "w", "a": 2}).message_key()
    assert incoming({"id": "w"}).message_key() != incoming({"id": "w"}, number="1002").message_key()


def test_keys_of_strange_ids_do_not_meet() -> None:
    ids: list[Any] = ["5", 5, "", None, 0, False, [], {}, "a/b", "a\x1fb", " 5"]
    assert len({incoming({"id": one}).message_key() for one in ids}) == len(ids)


def test_a_message_without_an_id_is_known_by_what_it_says() -> None:
    one = incoming({"text": {"body": "a"}, "type": "text"})
    assert one.message_key() == incoming({"type": "text", "text": {"body": "a"}}).message_key()
    assert one.message_key() != incoming({"type": "text", "text": {"body": "b"}}).message_key()


@pytest.mark.parametrize("wamid", [5, None, [], "x" * 600])
def test_only_a_usable_id_is_metas_id(wamid: Any) -> None:
    assert incoming({"id": wamid}).wamid == ""


def test_raw_is_json_of_the_update_or_says_where_it_is() -> None:
    assert json.loads(incoming({"a": "é"}).raw()) == {"a": "é"}
    large = json.loads(incoming({"a": "x" * RAW_LIMIT}).raw())
    assert (large["archived"], len(large["start"])) == ("e", 1000)
