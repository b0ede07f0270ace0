"""Meta's rules on what a business posts: every limit, its code and its HTTP status."""

from typing import Any

import pytest

from shared.simulator.records import Answer
from tests.simulator.rig import NUMBER, Bench, bench


def refusal(answer: Answer) -> tuple[int, int]:
    return answer.status, answer.body["error"]["code"]


def test_an_accepted_text_is_answered_as_meta_does(desk: Bench) -> None:
    customer = desk.known()
    answer = desk.texts(customer)
    assert answer.status == 200
    assert answer.body["messaging_product"] == "whatsapp"
    assert answer.body["contacts"] == [{"input": customer.phone, "wa_id": customer.phone}]
    (message,) = answer.body["messages"]
    assert set(message) == {"id"}
    assert message["id"].startswith("wamid.HB")


def test_a_refusal_has_metas_shape(desk: Bench) -> None:
    customer = desk.customer()
    error = desk.texts(customer).body["error"]
    assert error["message"] == "(#131047) Re-engagement message"
    assert error["type"] == "OAuthException"
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert error["error_data"]["details"]
    assert error["fbtrace_id"]


def test_a_wrong_token_and_an_unknown_number_are_refused(desk: Bench) -> None:
    assert refusal(desk.core.post(NUMBER, {}, token_ok=False)) == (401, 190)
    answer = desk.core.post("404", {"messaging_product": "whatsapp"})
    assert refusal(answer) == (400, 100)
    assert answer.body["error"]["error_subcode"] == 33


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"messaging_product": None}, 100),
        ({"messaging_product": "sms"}, 100),
        ({"to": None}, 131008),
        ({"to": ["x"]}, 131009),
        ({"recipient_type": "group"}, 100),
        ({"text": None}, 131008),
        ({"text": "oi"}, 131009),
        ({"text": {"body": ""}}, 131008),
        ({"text": {"body": "  \n"}}, 131009),
        ({"text": {"body": 5}}, 131009),
        ({"text": {"body": "x" * 4097}}, 100),
        ({"text": {"body": "é" * 4096}}, 0),
        ({"text": {"body": "😀" * 4096}}, 0),
        ({"biz_opaque_callback_data": "x" * 513}, 131009),
        ({"biz_opaque_callback_data": "x" * 512}, 0),
        ({"biz_opaque_callback_data": 7}, 131009),
        ({"type": "dance"}, 100),
        ({"type": ["text"]}, 100),
        ({"context": "x"}, 131009),
        ({"context": {"message_id": "wamid.x"}}, 0),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"link": "http://x/y.jpg", "caption": "x" * 1025}}, 100),
        ({"type": "image", "image": {"link": "http://x/y.jpg", "caption": "x" * 1024}}, 0),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
        ({"type": "location", "location": {"latitude": -23.5, "longitude": -46.6}}, 0),
        ({"type": "contacts", "contacts": [{"phones": []}]}, 131008),
        ({"type": "reaction", "reaction": {"message_id": "wamid.unknown", "emoji": "👍"}}, 131009),
    ],
)
def test_the_form_of_a_post_is_checked(desk: Bench, body: dict[str, Any], code: int) -> None:
    customer = desk.known()
    whole = {"messaging_product": "whatsapp", "to": customer.phone, "type": "text", "text": {"body": "oi"}}
    changed = {key: value for key, value in {**whole, **body}.items() if value is not None}
    answer = desk.core.post(NUMBER, changed)
    if code:
        assert refusal(answer) == (400, code)
    else:
        assert answer.status == 200


@pytest.mark.parametrize("body", [None, [], "x", 3])
def test_a_body_that_is_no_object_is_refused(desk: Bench, body: object) -> None:
    assert refusal(desk.core.post(NUMBER, body)) == (400, 100)


def test_the_window_closes_24_hours_after_the_last_message(desk: Bench) -> None:
    customer = desk.known()
    desk.wait(24 * 3600 * 1000 - 1)
    assert desk.texts(customer).status == 200
    desk.wait(1)
    assert refusal(desk.texts(customer)) == (400, 131047)
    desk.writes(customer)
    assert desk.texts(customer).status == 200
    desk.core.people.close_window(customer, NUMBER)
    assert refusal(desk.texts(customer)) == (400, 131047)


def test_a_reply_sent_long_ago_opens_no_window(desk: Bench) -> None:
    customer = desk.customer()
    old = desk.clock.at_ms - 25 * 3600 * 1000
    desk.core.customer_sends(customer, NUMBER, "text", text="oi", timestamp_ms=old)
    assert desk.drain()[0]["value"]["messages"][0]["timestamp"] == str(old // 1000)
    assert refusal(desk.texts(customer)) == (400, 131047)


def test_the_pair_rate_is_a_bucket_of_45_filled_every_6_seconds(desk: Bench) -> None:
    customer, other = desk.known(), desk.known()
    assert [desk.texts(customer).status for _ in range(45)] == [200] * 45
    assert refusal(desk.texts(customer)) == (400, 131056)
    assert desk.texts(other).status == 200
    desk.wait(5999)
    assert refusal(desk.texts(customer)) == (400, 131056)
    desk.wait(1)
    assert desk.texts(customer).status == 200
    assert refusal(desk.texts(customer)) == (400, 131056)


def test_throughput_counts_in_and_out_over_one_second() -> None:
    desk = bench(messages_per_second=5)
    people = [desk.customer() for _ in range(3)]
    for customer in people:
        desk.writes(customer)
    assert desk.texts(people[0]).status == 200
    assert desk.texts(people[1]).status == 200
    assert refusal(desk.texts(people[2])) == (400, 130429)
    desk.wait(1000)
    assert desk.texts(people[2]).status == 200


def test_somebody_without_whatsapp_is_refused(desk: Bench) -> None:
    answer = desk.posts(to="5511900000000", type="text", text={"body": "oi"})
    assert refusal(answer) == (400, 131026)
    assert refusal(desk.posts(to="+55 11 4002-8922", type="text", text={"body": "oi"})) == (400, 131021)


@pytest.mark.parametrize(
    ("registered", "spelt"),
    [
        ("5511987654321", "+55 (11) 98765-4321"),
        ("5511987654321", "551187654321"),
        ("551187654321", "5511987654321"),
    ],
)
def test_both_spellings_of_a_brazilian_mobile_arrive(desk: Bench, registered: str, spelt: str) -> None:
    customer = desk.known(phone=registered)
    answer = desk.posts(to=spelt, type="text", text={"body": "oi"})
    assert answer.body["contacts"] == [{"input": spelt, "wa_id": customer.phone}]


def test_to_wins_over_recipient_and_takes_no_user_id(desk: Bench) -> None:
    one, two = desk.known(), desk.known()
    both = desk.posts(to=one.phone, recipient=two.user_id, type="text", text={"body": "oi"})
    assert both.body["contacts"] == [{"input": one.phone, "wa_id": one.phone}]
    only = desk.posts(recipient=two.user_id, type="text", text={"body": "oi"})
    assert only.body["contacts"] == [{"input": two.user_id, "user_id": two.user_id}]
    assert refusal(desk.posts(to=two.user_id, type="text", text={"body": "oi"})) == (400, 131026)


def template(name: str, *texts: str, language: str = "pt_BR") -> dict[str, Any]:
    parameters = [{"type": "text", "text": text} for text in texts]
    body = [{"type": "body", "parameters": parameters}] if texts else []
    return {"name": name, "language": {"code": language}, "components": body}


def test_a_template_goes_out_with_a_closed_window(desk: Bench) -> None:
    customer = desk.customer()
    answer = desk.posts(
        to=customer.phone, type="template", template=template("lembrete_de_visita", "Ana", "9h")
    )
    assert answer.body["messages"][0]["message_status"] == "accepted"
    desk.wait(2000)
    sent = next(one for one in desk.statuses() if one["status"] == "sent")
    assert sent["pricing"] == {
        "billable": True,
        "pricing_model": "PMP",
        "type": "regular",
        "category": "utility",
    }
    stored = desk.core.state.messages[answer.body["messages"][0]["id"]]
    assert stored.text == "Olá, Ana! Sua visita está marcada para 9h. Podemos confirmar?"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (template("nada"), (404, 132001)),
        (template("lembrete_de_visita", "a", "b", language="en_US"), (404, 132001)),
        (template("lembrete_de_visita", "só um"), (400, 132000)),
        (template("hello_world", "um a mais", language="en_US"), (400, 132000)),
        (template("novidades", "sem nome"), (400, 132000)),
        (template("pausado", "x"), (400, 132015)),
        (template("lembrete_de_visita", "Ana", ""), (400, 131008)),
        ({"language": {"code": "pt_BR"}}, (400, 131008)),
        ({"name": "hello_world"}, (400, 131008)),
        ({"name": "hello_world", "language": {"code": "en_US"}, "components": "x"}, (400, 131009)),
    ],
)
def test_templates_are_checked(desk: Bench, content: dict[str, Any], expected: tuple[int, int]) -> None:
    customer = desk.customer()
    assert refusal(desk.posts(to=customer.phone, type="template", template=content)) == expected


def buttons(*titles: str) -> dict[str, Any]:
    rows = [
        {"type": "reply", "reply": {"id": f"b{index}", "title": title}} for index, title in enumerate(titles)
    ]
    return {"type": "button", "body": {"text": "Escolha"}, "action": {"buttons": rows}}


def rows(count: int) -> dict[str, Any]:
    section = {"title": "Tudo", "rows": [{"id": f"r{index}", "title": "linha"} for index in range(count)]}
    return {
        "type": "list",
        "body": {"text": "Escolha"},
        "action": {"button": "Ver", "sections": [section]},
    }


@pytest.mark.parametrize(
    ("interactive", "code"),
    [
        (buttons("Sim", "Não"), 0),
        (buttons("1", "2", "3", "4"), 131009),
        (buttons("x" * 21), 131009),
        (buttons(), 131009),
        (rows(10), 0),
        (rows(11), 131009),
        ({**buttons("Sim"), "body": {"text": "x" * 1025}}, 131009),
        ({**buttons("Sim"), "footer": {"text": "x" * 61}}, 131009),
        ({**buttons("Sim"), "body": None}, 131008),
        ({**buttons("Sim"), "type": "dance"}, 100),
        ({"type": "cta_url", "body": {"text": "x"}}, 131008),
    ],
)
def test_interactive_messages_are_checked(desk: Bench, interactive: dict[str, Any], code: int) -> None:
    customer = desk.known()
    answer = desk.posts(to=customer.phone, type="interactive", interactive=interactive)
    assert (answer.body["error"]["code"] if code else answer.status) == (code or 200)


def test_a_read_receipt_marks_everything_before_it_and_shows_typing(desk: Bench) -> None:
    customer = desk.customer()
    first, second, third = (desk.writes(customer, text) for text in ("1", "2", "3"))
    answer = desk.posts(status="read", message_id=second, typing_indicator={"type": "text"})
    assert (answer.status, answer.body) == (200, {"success": True})
    states = [desk.core.state.messages[one].status for one in (first, second, third)]
    assert states == ["read", "read", "sent"]
    chat = desk.core.state.chats[f"{NUMBER}:{customer.id}"]
    assert chat.typing_until_ms == desk.clock.at_ms + 25_000
    desk.texts(customer)
    desk.wait(2000)
    desk.drain()
    assert chat.typing_until_ms == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message_id": "wamid.unknown"}, 131009),
        ({"message_id": 5}, 131009),
        ({}, 131008),
        ({"status": "seen", "message_id": "x"}, 100),
    ],
)
def test_a_wrong_read_receipt_is_refused(desk: Bench, body: dict[str, Any], code: int) -> None:
    desk.known()
    assert refusal(desk.posts(**{"status": "read", **body})) == (400, code)


def test_only_the_number_that_got_a_message_can_mark_it_read(desk: Bench) -> None:
    wamid = desk.writes(desk.customer())
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    assert refusal(desk.core.post("100200300400501", body)) == (400, 131009)


def test_every_post_is_journalled_with_its_outcome(desk: Bench) -> None:
    customer = desk.known()
    accepted = desk.texts(customer, biz_opaque_callback_data="m1")
    desk.texts(customer, "x" * 5000)
    first, second = desk.core.state.posts
    assert (first.outcome, first.status, first.customer_id) == ("accepted", 200, customer.id)
    assert first.message_id == accepted.body["messages"][0]["id"]
    assert first.body["biz_opaque_callback_data"] == "m1"
    assert (second.outcome, second.status, second.code) == ("refused", 400, 100)
