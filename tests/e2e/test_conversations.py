"""`GET /api/conversations/...` as it is pinned, and what the pages show of it."""

import json
import re
import time
from datetime import datetime
from urllib.parse import quote

import pytest

from tests.support.customers import Customer, Json, change, fresh_wamid, payload, somebody
from tests.support.knowledge import ANSWERS
from tests.support.polling import never, until
from tests.support.product import NUMBER, QUIET_S, Product
from tests.support.running import get

pytestmark = pytest.mark.slow

WHERE = "Onde fica a loja?"
STATES = {
    *(
        "queued",
        "sending",
        "unclear",
        "accepted",
        "sent",
        "failed",
        "delivered",
        "read",
        "played",
        "cancelled",
    ),
}
TEXTS = {
    "emoji": "oi 😀👩‍👩‍👧‍👦🇧🇷 tudo bem?",
    "right to left": "مرحبا שלום \u202eabc\u202c",
    "4096 characters": "é" * 4096,
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)> & \"aspas\" 'x' {{ 7*7 }}",
    "white space": " \t\n ",
    "control characters": "a\x01\x08\x1b[31mb\x7f",
    "nul": "antes\x00depois",
    "lone surrogate": "antes\ud800depois\udc00",
    "line ends": "um\r\ndois\u2028três",
}


def rows(product: Product, customer: Customer, direction: str) -> list[Json]:
    found = product.find(customer.person) or {"messages": []}
    return [message for message in found["messages"] if message["direction"] == direction]


def test_the_shape_is_the_pinned_one(product: Product) -> None:
    customer = Customer("5511900050001", "BR.50001")
    product.say(customer, WHERE)
    product.replied(customer)
    product.write(customer, customer.writes("hologram", {"depth": 3}))
    until(lambda: product.conversation(customer.person)["kept"])

    found = product.conversation(customer.person)

    pinned = {"conversation": str, "owner": str, "epoch": int, "person": dict, "messages": list, "kept": list}
    assert {name: type(found[name]) for name in pinned} == pinned
    assert {"5511900050001", "BR.50001"} <= set(found["person"]["aliases"])
    names = {"id", "direction", "kind", "text", "state", "reason", "at", "wamid"}
    for message in found["messages"]:
        assert names <= message.keys()
        assert all(isinstance(message[name], str) for name in names)
        assert message["direction"] in ("in", "out")
        assert datetime.fromisoformat(message["at"]).utcoffset() is not None
    assert all({"id", "kind", "reason", "raw"} <= row.keys() for row in found["kept"])
    assert {message["state"] for message in found["messages"] if message["direction"] == "out"} <= STATES
    assert len({message["id"] for message in found["messages"]}) == len(found["messages"])


def test_phone_user_id_and_every_spelling_lead_to_it(product: Product) -> None:
    customer = Customer("551188850002", "BR.50002")
    product.say(customer, "oi")
    wanted = product.conversation(customer.person)["conversation"]

    for spelling in ("551188850002", "5511988850002", "+55 11 98885-0002", "BR.50002"):
        assert product.conversation(spelling)["conversation"] == wanted


@pytest.mark.parametrize("nobody", ["5511999990000", "BR.nobody", "", "a/b", "%00", "x" * 3000])
def test_an_unknown_person_is_404(product: Product, nobody: str) -> None:
    answer = get(product.port, "/api/conversations/" + quote(nobody, safe=""))

    assert answer.status == 404


def test_messages_stand_in_the_order_of_their_time(product: Product) -> None:
    customer = Customer("5511900050003")
    now = int(time.time())
    for age, text in ((10, "terceira"), (30, "primeira"), (20, "segunda")):
        product.say(customer, text, timestamp=str(now - age))
    product.replied(customer)

    found = product.conversation(customer.person)["messages"]

    assert [m["text"] for m in found[:3]] == ["primeira", "segunda", "terceira"]
    assert [m["direction"] for m in found] == ["in", "in", "in", "out"]


def test_an_unknown_kind_is_in_messages_and_kept_and_opens_a_turn(product: Product) -> None:
    customer = Customer("5511900050004")
    update = customer.writes("hologram", {"depth": 3})
    product.write(customer, update)
    product.replied(customer)

    found = product.conversation(customer.person)

    assert [m["kind"] for m in found["messages"]] == ["hologram", "text"]
    (row,) = found["kept"]
    assert row["kind"] == "hologram"
    assert row["reason"]
    assert update["id"] in json.dumps(row["raw"])
    assert "depth" in json.dumps(row["raw"])


KINDS: dict[str, object] = {
    "image": {"id": "1", "mime_type": "image/jpeg", "caption": "olha"},
    "audio": {"id": "2", "mime_type": "audio/ogg", "voice": True},
    "document": {"id": "3", "filename": "a.pdf"},
    "sticker": {"id": "4"},
    "location": {"latitude": -22.9, "longitude": -47.06},
    "contacts": [{"name": {"formatted_name": "Bia"}, "phones": [{"phone": "+55 11 1"}]}],
    "button": {"text": "Sim", "payload": "yes"},
    "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Plano"}},
    "order": {"product_items": [{"product_retailer_id": "x", "quantity": 1}]},
    "unsupported": None,
}


@pytest.fixture(scope="module")
def senders(product: Product) -> dict[str, Customer]:
    """A customer for each kind, who sent one."""
    found = {kind: somebody() for kind in KINDS}
    for kind, customer in found.items():
        product.write(customer, customer.writes(kind, KINDS[kind]))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_open_a_turn_too(product: Product, senders: dict[str, Customer], kind: str) -> None:
    assert product.replied(senders[kind])

    assert [m["kind"] for m in product.conversation(senders[kind].person)["messages"]] == [kind, "text"]


def test_what_opens_no_turn_is_recorded_and_not_answered(product: Product) -> None:
    customer = Customer("5511900050006")
    silent = (
        customer.writes("reaction", {"message_id": "wamid.x", "emoji": "👍"}),
        customer.writes("request_welcome"),
        customer.writes("revoke", {"original_message_id": "wamid.x"}),
        customer.writes("system", {"type": "customer_identity_changed", "body": "x"}),
    )
    product.write(customer, *silent)

    until(lambda: len(rows(product, customer, "in")) == len(silent))
    never(lambda: product.graph.to(customer.person), for_s=QUIET_S + 0.7)


@pytest.fixture(scope="module")
def writers(product: Product) -> dict[str, Customer]:
    """A customer for each text, who wrote it, and has it for a name too."""
    found = {name: somebody(text[:60]) for name, text in TEXTS.items()}
    for name, customer in found.items():
        product.say(customer, TEXTS[name])
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_whatever_is_written_is_recorded_answered_and_shown(
    product: Product, writers: dict[str, Customer], name: str
) -> None:
    text, customer = TEXTS[name], writers[name]

    assert product.replied(customer)

    (message,) = rows(product, customer, "in")
    if name == "lone surrogate":
        assert re.fullmatch(r"antes.+depois.+", message["text"])
    else:
        assert message["text"].strip() == text.strip()
    page = get(product.port, f"/conversations/{customer.person}")
    assert page.status == 200
    page.body.decode("utf-8")
    assert get(product.port, "/").status == 200


@pytest.mark.parametrize("path", ["/", "/conversations/5511900058888"])
def test_markup_is_shown_as_text(product: Product, path: str) -> None:
    customer = Customer("5511900058888", name=TEXTS["markup"])
    if product.find(customer.person) is None:
        product.say(customer, TEXTS["markup"])
        product.replied(customer)

    page = get(product.port, path).body.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page
    assert "{{ 7*7 }}" in page


def test_markup_in_a_kind_and_in_what_is_kept_is_shown_as_text(product: Product) -> None:
    customer = Customer("5511900058889")
    product.write(
        customer, customer.writes("<script>alert(2)</script>", {"<b>": "</pre><script>alert(3)</script>"})
    )
    product.replied(customer)

    for path in ("/", f"/conversations/{customer.person}"):
        assert "<script>alert" not in get(product.port, path).body.decode()


def test_a_system_message_of_nobody_known_harms_nothing(product: Product) -> None:
    told = {"type": "user_changed_user_id", "user_id": "BR.50011", "previous_user_id": "BR.50010"}
    update = {"id": fresh_wamid(), "timestamp": str(int(time.time())), "type": "system", "system": told}
    product.deliver(payload(change(NUMBER, messages=[update])))
    customer = Customer(None, "BR.50011")
    product.say(customer, WHERE)

    assert ANSWERS[WHERE] in product.replied(customer)
