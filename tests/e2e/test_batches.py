"""Batches with junk in them, batches as large as Meta makes them, and ids and times of every kind."""

import json
import time
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from tests.support.crowd import in_queue_with_reason
from tests.support.customers import Customer, Json, batch, change, payload, somebody
from tests.support.knowledge import ANSWERS
from tests.support.polling import until
from tests.support.product import NUMBER, QUIET_S, Product
from tests.support.running import get

pytestmark = pytest.mark.slow

WHERE, HOURS = "Onde fica a loja?", "Qual é o horário de atendimento?"
DAY_S = 24 * 3600


def incoming(product: Product, customer: Customer) -> list[Json]:
    found = product.find(customer.person) or {"messages": []}
    return [message for message in found["messages"] if message["direction"] == "in"]


ABSENT = object()
BROKEN: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "a list": ["x"],
    "an empty object": {},
    "nobody's": {"id": "wamid.nobody", "type": "text", "timestamp": "1", "text": {"body": "oi"}},
    "a sender that is a number": {
        "from": 5511900060000,
        "id": "wamid.n",
        "type": "text",
        "text": {"body": "x"},
    },
    "a sender that is a list": {"from": ["x"], "id": "wamid.l", "type": "text", "text": {"body": "x"}},
    "a sender that is very long": {
        "from": "5" * 5000,
        "id": "wamid.v",
        "type": "text",
        "text": {"body": "x"},
    },
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_message_does_not_hold_up_the_good_ones(product: Product, name: str) -> None:
    before, after = somebody(), somebody()
    messages = [before.says(WHERE), BROKEN[name], after.says(HOURS)]
    contacts = [before.contact(), None, after.contact()]
    product.deliver(payload(change(NUMBER, contacts=contacts, messages=messages)))

    assert ANSWERS[WHERE] in product.replied(before)
    assert ANSWERS[HOURS] in product.replied(after)


HALF_BROKEN: dict[str, Json] = {
    "no text": {"text": None},
    "a bare text": {"text": "oi"},
    "a body that is a number": {"text": {"body": 7}},
    "a body that is null": {"text": {"body": None}},
    "no type": {"type": None},
    "a type that is a list": {"type": ["text"]},
    "an empty type": {"type": ""},
    "no time": {"timestamp": None},
    "a time that is an object": {"timestamp": {}},
    "a context that is a text": {"context": "x"},
    "a context without an id": {"context": {"id": 7}},
}


@pytest.fixture(scope="module")
def half_broken_writers(product: Product) -> dict[str, Customer]:
    return write_all(product, HALF_BROKEN)


def write_all(product: Product, changes: dict[str, Json]) -> dict[str, Customer]:
    """Let a customer of its own write each message, all at once; the key `id` may be `ABSENT`."""
    found = {name: somebody() for name in changes}
    for name, customer in found.items():
        written = customer.says(WHERE) | changes[name]
        update = {key: value for key, value in written.items() if value is not ABSENT}
        for _ in range(2):
            product.write(customer, update)
    return found


@pytest.mark.parametrize("name", HALF_BROKEN)
def test_a_known_sender_whose_message_is_broken_is_answered_all_the_same(
    product: Product, half_broken_writers: dict[str, Customer], name: str
) -> None:
    customer = half_broken_writers[name]

    assert product.replied(customer)
    assert len(incoming(product, customer)) == 1


ODD_IDS: dict[str, Any] = {
    "absent": ABSENT,
    "empty": "",
    "null": None,
    "a number": 7,
    "negative": -1,
    "a huge number": 2**70,
    "a fraction": 1.5,
    "true": True,
    "a list": [],
    "slashes": "a/b/../c",
    "dots": "..",
    "an emoji": "wamid.😀",
    "very long": "x" * 3000,
    "nul": "\x00",
    "a space": " ",
}


@pytest.fixture(scope="module")
def odd_writers(product: Product) -> dict[str, Customer]:
    """Customers whose only message has an odd id and came twice; both have been handled."""
    found = write_all(product, {name: {"id": wamid} for name, wamid in ODD_IDS.items()})
    for customer in found.values():
        product.replied(customer)
    time.sleep(QUIET_S + 0.7)
    return found


@pytest.mark.parametrize("name", ODD_IDS)
def test_a_message_with_an_odd_id_is_recorded_once_and_answered_once(
    product: Product, odd_writers: dict[str, Customer], name: str
) -> None:
    (post,) = product.graph.to(odd_writers[name].person)

    assert ANSWERS[WHERE] in post.text
    assert len(incoming(product, odd_writers[name])) == 1


ODD_TIMES: dict[str, Any] = {
    "far ahead": "99999999999",
    "in an hour": str(int(time.time()) + 3600),
    "a huge number": 2**63,
    "a number of 400 digits": 10**400,
    "words": "not a time",
    "empty": "",
    "null": None,
    "absent": ABSENT,
    "other digits": "１７９０００００００",
}


@pytest.fixture(scope="module")
def odd_timers(product: Product) -> dict[str, Customer]:
    return write_all(product, {name: {"timestamp": stamp} for name, stamp in ODD_TIMES.items()})


@pytest.mark.parametrize("name", ODD_TIMES)
def test_a_time_to_come_or_none_counts_as_now(
    product: Product, odd_timers: dict[str, Customer], name: str
) -> None:
    assert ANSWERS[WHERE] in product.replied(odd_timers[name])

    (message,) = incoming(product, odd_timers[name])
    assert abs(time.time() - _seconds(message["at"])) < 120


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def test_an_older_message_is_answered_while_the_window_is_open(product: Product) -> None:
    customer = somebody()
    product.say(customer, WHERE, timestamp=str(int(time.time()) - DAY_S + 600))

    assert ANSWERS[WHERE] in product.replied(customer)


def test_a_message_whose_window_has_closed_goes_to_people(product: Product) -> None:
    stamps = ("0", "-5", "1", str(int(time.time()) - DAY_S - 60))
    for customer in write_all(product, {stamp: {"timestamp": stamp} for stamp in stamps}).values():
        found = until(partial(product.find, customer.person), in_queue_with_reason)

        assert found is not None
        assert "window" in found["reason"]
        assert product.graph.to(customer.person) == []


def test_a_batch_of_a_thousand_of_many_customers(product: Product) -> None:
    crowd = [somebody() for _ in range(50)]
    messages = [customer.says(f"{WHERE} ({index})") for index in range(20) for customer in crowd]
    contacts = [customer.contact() for customer in crowd]
    product.deliver(payload(change(NUMBER, contacts=contacts, messages=messages)))

    for customer in crowd:
        until(partial(incoming, product, customer), lambda found: len(found) == 20, within_s=60)
        assert ANSWERS[WHERE] in product.replied(customer)


def test_a_batch_of_a_thousand_of_one_customer_and_another_beside_it(product: Product) -> None:
    writer, other = somebody(), somebody()
    product.deliver(batch(NUMBER, writer, *(writer.says(f"oi {index}") for index in range(1000))))
    product.say(other, WHERE)

    assert ANSWERS[WHERE] in product.replied(other)
    until(lambda: len(incoming(product, writer)) == 1000, within_s=90)
    assert product.replied(writer)


def test_entries_and_changes_of_one_body_all_count(product: Product) -> None:
    crowd = [somebody() for _ in range(4)]
    changes = [change(NUMBER, contacts=[c.contact()], messages=[c.says(WHERE)]) for c in crowd]
    body = payload(*changes[:2])
    body["entry"] += [{"id": "other", "changes": changes[2:]}, {"id": "junk"}, None]
    product.deliver(body)

    for customer in crowd:
        assert ANSWERS[WHERE] in product.replied(customer)


def test_a_message_nested_a_hundred_thousand_deep_is_recorded_and_answered(product: Product) -> None:
    customer = somebody()
    raw = json.dumps(batch(NUMBER, customer, customer.says("@deep@"))).encode()
    deep = b"[" * 100_000 + b"]" * 100_000
    assert product.courier.post(raw.replace(b'"@deep@"', deep)).status == 200

    assert product.replied(customer)
    (message,) = incoming(product, customer)
    assert message["reason"] or message["text"]
    assert get(product.port, f"/conversations/{customer.person}").status == 200


def test_huge_numbers_anywhere_are_kept_as_written(product: Product) -> None:
    customer = somebody()
    raw = json.dumps(batch(NUMBER, customer, customer.writes("hologram", {"size": "@big@"}))).encode()
    assert product.courier.post(raw.replace(b'"@big@"', b"9" * 400)).status == 200

    assert product.replied(customer)
    assert "9" * 400 in json.dumps(product.conversation(customer.person)["kept"])
