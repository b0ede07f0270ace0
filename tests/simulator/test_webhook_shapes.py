"""Webhooks have Meta's shapes, with and without a phone."""

from typing import Any

import pytest

from tests.simulator.rig import NUMBER, Bench


def test_a_text_arrives_as_meta_sends_it(desk: Bench) -> None:
    customer = desk.customer(name="Ana 🌻", username="ana.sol")
    wamid = desk.writes(customer, "bom dia")
    assert desk.drain() == [
        {
            "field": "messages",
            "value": {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "551140028922", "phone_number_id": NUMBER},
                "contacts": [
                    {
                        "profile": {"name": "Ana 🌻", "username": "ana.sol"},
                        "wa_id": customer.phone,
                        "user_id": customer.user_id,
                    }
                ],
                "messages": [
                    {
                        "from": customer.phone,
                        "from_user_id": customer.user_id,
                        "id": wamid,
                        "timestamp": str(desk.clock.at_ms // 1000),
                        "type": "text",
                        "text": {"body": "bom dia"},
                    }
                ],
            },
        }
    ]


def test_a_hidden_customer_shows_no_phone_anywhere(desk: Bench) -> None:
    customer = desk.customer(hidden=True)
    desk.writes(customer)
    (change,) = desk.drain()
    assert customer.phone not in str(change)
    assert "from" not in change["value"]["messages"][0]
    assert "wa_id" not in change["value"]["contacts"][0]
    assert change["value"]["contacts"][0]["profile"]["username"]
    desk.core.people.look(customer, NUMBER, until_ms=2**50)
    desk.posts(recipient=customer.user_id, type="text", text={"body": "oi"})
    changes = []
    for _ in range(2):
        desk.wait(1000)
        changes += desk.drain()
    assert [one["value"]["statuses"][0]["status"] for one in changes] == ["sent", "delivered", "read"]
    assert customer.phone not in str(changes)
    assert all(one["value"]["statuses"][0]["recipient_user_id"] == customer.user_id for one in changes)


def test_receipts_come_in_order_with_contacts_pricing_and_our_data(desk: Bench) -> None:
    customer = desk.known(reads="auto", username="ana")
    wamid = desk.texts(customer, biz_opaque_callback_data="m1:0").body["messages"][0]["id"]
    changes = []
    for _ in range(4):
        desk.wait(1000)
        changes += [change["value"] for change in desk.drain()]
    receipts = [value["statuses"][0] for value in changes]
    assert [one["status"] for one in receipts] == ["sent", "delivered", "read"]
    for one in receipts:
        assert one["id"] == wamid
        assert one["biz_opaque_callback_data"] == "m1:0"
        assert one["recipient_id"] == customer.phone
        assert one["recipient_user_id"] == customer.user_id
        assert one["timestamp"].isdigit()
    pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}
    assert [one.get("pricing") for one in receipts] == [pricing, pricing, None]
    names = [value["contacts"][0]["profile"].get("username") for value in changes]
    assert names == [None, "ana", "ana"]


def test_a_message_to_a_closed_chat_is_read_when_it_is_opened(desk: Bench) -> None:
    customer = desk.known()
    desk.texts(customer)
    desk.wait(60_000)
    assert [one["status"] for one in desk.statuses()] == ["sent", "delivered"]
    chat = desk.core.state.chats[f"{NUMBER}:{customer.id}"]
    assert chat.unread == 1
    desk.core.people.look(customer, NUMBER, until_ms=desk.clock.at_ms + 5000)
    assert chat.unread == 0
    desk.wait(1000)
    assert [one["status"] for one in desk.statuses()] == ["read"]
    desk.core.people.look(customer, NUMBER, until_ms=desk.clock.at_ms + 5000)
    desk.wait(1000)
    assert desk.statuses() == []


def test_a_late_failure_has_errors_and_no_contacts(desk: Bench) -> None:
    customer = desk.known()
    desk.core.set_faults({"fail_next": 1, "fail_code": 131049})
    assert desk.texts(customer).status == 200
    desk.wait(2000)
    (change,) = desk.drain()
    assert "contacts" not in change["value"]
    (status,) = change["value"]["statuses"]
    assert status["status"] == "failed"
    assert status["errors"][0]["code"] == 131049
    assert status["recipient_id"] == customer.phone
    assert "recipient_user_id" not in status
    assert "pricing" not in status


@pytest.mark.parametrize(
    ("kind", "given", "content"),
    [
        ("image", {"caption": "foto"}, {"mime_type": "image/jpeg", "caption": "foto"}),
        ("audio", {}, {"mime_type": "audio/ogg; codecs=opus", "voice": True}),
        ("document", {"filename": "a.pdf"}, {"filename": "a.pdf", "mime_type": "application/pdf"}),
        ("sticker", {}, {"mime_type": "image/webp", "animated": False}),
        ("location", {"latitude": -23.5, "longitude": -46}, {"latitude": -23.5, "longitude": -46}),
        ("reaction", {"message_id": "wamid.x", "emoji": "👍"}, {"message_id": "wamid.x", "emoji": "👍"}),
        ("reaction", {"message_id": "wamid.x"}, {"message_id": "wamid.x"}),
        ("button", {"text": "Sim", "payload": "yes"}, {"text": "Sim", "payload": "yes"}),
        ("unsupported", {"subtype": "poll"}, {"type": "poll"}),
    ],
)
def test_other_kinds_arrive(desk: Bench, kind: str, given: dict[str, Any], content: dict[str, Any]) -> None:
    desk.core.customer_sends(desk.customer(), NUMBER, kind, **given)
    (message,) = desk.drain()[0]["value"]["messages"]
    assert message["type"] == kind
    assert content.items() <= message[kind].items()


def test_button_and_list_replies_arrive_as_interactive(desk: Bench) -> None:
    customer = desk.customer()
    desk.core.customer_sends(customer, NUMBER, "button_reply", id="b1", title="Sim", reply_to="wamid.q")
    desk.core.customer_sends(customer, NUMBER, "list_reply", id="r1", title="Um", description="d")
    button, row = (change["value"]["messages"][0] for change in desk.drain())
    assert button["interactive"] == {"type": "button_reply", "button_reply": {"id": "b1", "title": "Sim"}}
    assert button["context"] == {"from": "551140028922", "id": "wamid.q"}
    assert row["interactive"]["list_reply"] == {"id": "r1", "title": "Um", "description": "d"}


def test_an_edit_arrives_and_changes_the_phone(desk: Bench) -> None:
    customer = desk.customer()
    wamid = desk.writes(customer, "amanha")
    desk.core.customer_sends(customer, NUMBER, "edit", message_id=wamid, text="amanhã")
    edit = desk.drain()[1]["value"]["messages"][0]["edit"]
    assert edit == {
        "original_message_id": wamid,
        "message": {"type": "text", "text": {"body": "amanhã"}},
    }
    stored = desk.core.state.messages[wamid]
    assert (stored.text, stored.edited) == ("amanhã", True)


def test_a_changed_number_is_told_to_every_number_that_knows_the_customer(desk: Bench) -> None:
    customer = desk.known(name="Ana")
    old_phone, old_user_id = customer.phone, customer.user_id
    desk.core.people.change_number(customer, {"phone": "5511911112222"})
    (change,) = desk.drain()
    assert "contacts" not in change["value"]
    (message,) = change["value"]["messages"]
    assert (message["from"], message["from_user_id"]) == (old_phone, old_user_id)
    assert message["system"] == {
        "type": "user_changed_number",
        "body": f"User Ana changed from {old_phone} to 5511911112222",
        "wa_id": "5511911112222",
        "user_id": customer.user_id,
        "previous_user_id": old_user_id,
    }
    assert desk.texts(customer).status == 200
    assert desk.posts(to=old_phone, type="text", text={"body": "x"}).status == 400
    assert desk.posts(recipient=old_user_id, type="text", text={"body": "x"}).status == 400


def test_a_hidden_customer_changes_only_its_user_id(desk: Bench) -> None:
    customer = desk.known(hidden=True)
    old_user_id = customer.user_id
    desk.core.people.change_number(customer, {})
    (message,) = desk.drain()[0]["value"]["messages"]
    assert "from" not in message
    assert "wa_id" not in message["system"]
    assert message["system"]["type"] == "user_changed_user_id"
    assert message["system"]["previous_user_id"] == old_user_id
    assert customer.phone not in str(message)


def test_a_recycled_phone_belongs_to_its_new_holder(desk: Bench) -> None:
    old = desk.known(phone="5511977776666")
    new = desk.customer(phone="5511977776666", recycle=True)
    assert new.user_id != old.user_id
    answer = desk.posts(recipient=old.user_id, type="text", text={"body": "x"})
    assert answer.body["error"]["code"] == 131026
    desk.writes(new)
    assert desk.texts(new).body["contacts"][0]["wa_id"] == "5511977776666"


def test_raw_messages_go_out_as_given(desk: Bench) -> None:
    customer = desk.customer()
    raw = {"id": "weird/1", "type": "hologram", "hologram": {"a": [1]}, "timestamp": 17, "from": None}
    assert desk.core.customer_sends(customer, NUMBER, "raw", message=raw) == "weird/1"
    (message,) = desk.drain()[0]["value"]["messages"]
    assert message == {
        "from_user_id": customer.user_id,
        "id": "weird/1",
        "type": "hologram",
        "hologram": {"a": [1]},
        "timestamp": 17,
    }
    desk.core.customer_sends(customer, NUMBER, "raw", message={"id": None, "type": "text"})
    assert "id" not in desk.drain()[0]["value"]["messages"][0]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", {}),
        ("text", {"text": " "}),
        ("dance", {}),
        ("location", {"latitude": "x"}),
        ("raw", {"message": 3}),
        ("text", {"text": "x", "timestamp_ms": "yesterday"}),
    ],
)
def test_what_no_customer_can_send_is_refused(desk: Bench, kind: str, given: dict[str, Any]) -> None:
    customer = desk.customer()
    with pytest.raises(ValueError, match=r"\w"):
        desk.core.customer_sends(customer, NUMBER, kind, **given)
    assert desk.drain() == []
