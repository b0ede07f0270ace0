"""Reading raw messages: the shapes that Meta documents, and all the others."""

import json
import random
from typing import Any

import pytest

from shared.domain.content import READABLE_LIMIT, UNKNOWN, Content, read

MEDIA_FIELDS = {"id": "1", "mime_type": "x/y", "sha256": "z"}

READABLE: list[tuple[dict[str, Any], str]] = [
    ({"type": "text", "text": {"body": "Oi, tudo bem? 😀"}}, "Oi, tudo bem? 😀"),
    ({"type": "button", "button": {"payload": "p", "text": "Quero"}}, "Quero"),
    ({"type": "button", "button": {"payload": "p"}}, "p"),
    (
        {
            "type": "interactive",
            "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Sim"}},
        },
        "Sim",
    ),
    (
        {
            "type": "interactive",
            "interactive": {
                "type": "list_reply",
                "list_reply": {"id": "1", "title": "Básico", "description": "d"},
            },
        },
        "Básico",
    ),
    (
        {
            "type": "interactive",
            "interactive": {
                "type": "nfm_reply",
                "nfm_reply": {
                    "name": "flow",
                    "body": "Sent",
                    "response_json": json.dumps(
                        {"flow_token": "t", "nome": "Ana", "idade": 30, "x": {}, "y": None}
                    ),
                },
            },
        },
        "Sent\nnome: Ana\nidade: 30",
    ),
    (
        {
            "type": "interactive",
            "interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "{"}},
        },
        "Sent",
    ),
    (
        {
            "type": "interactive",
            "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
        },
        "accept",
    ),
    ({"type": "location", "location": {"latitude": -22.9, "longitude": -47, "name": "Loja"}}, "Loja"),
    ({"type": "location", "location": {"latitude": -22.9, "longitude": -47, "address": "Rua A"}}, "Rua A"),
    ({"type": "location", "location": {"latitude": -22.9, "longitude": -47}}, "-22.9, -47"),
    (
        {
            "type": "contacts",
            "contacts": [
                {"name": {"formatted_name": "Ana Lima"}, "phones": [{"phone": "1"}]},
                {"name": {"first_name": "Bia", "last_name": "Reis"}},
                {"origin": "contact_request", "phones": [{"phone": "+5511988887777", "type": "CELL"}]},
            ],
        },
        "Ana Lima\nBia Reis\n+5511988887777",
    ),
    (
        {
            "type": "order",
            "order": {
                "text": "entrega hoje",
                "product_items": [{"product_retailer_id": "abc", "quantity": 2}, 7],
            },
        },
        "entrega hoje\n2 x abc\n? x ?",
    ),
]


@pytest.mark.parametrize(("message", "text"), READABLE)
def test_what_a_person_could_read_is_read(message: dict[str, Any], text: str) -> None:
    assert read(message) == Content(
        kind=message["type"], text=text, understood=True, opens_turn=True, known=True, reply_to=None
    )


@pytest.mark.parametrize("kind", ["image", "video", "document", "audio", "sticker"])
def test_media_opens_a_turn_though_it_is_not_understood(kind: str) -> None:
    assert read({"type": kind, kind: MEDIA_FIELDS}) == Content(
        kind=kind, text="", understood=False, opens_turn=True, known=True, reply_to=None
    )


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_a_caption_is_readable_though_its_picture_is_not(kind: str) -> None:
    content = read({"type": kind, kind: MEDIA_FIELDS | {"caption": "é este?"}})
    assert (content.text, content.understood) == ("é este?", False)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"type": "reaction", "reaction": {"message_id": "w", "emoji": "👍"}}, "👍"),
        ({"type": "reaction", "reaction": {"message_id": "w"}}, ""),
        ({"type": "edit", "edit": {"message": {"type": "text", "text": {"body": "novo"}}}}, "novo"),
        ({"type": "edit", "edit": {"message": {"type": "image", "image": {"caption": "nova"}}}}, "nova"),
        ({"type": "revoke", "revoke": {"original_message_id": "w"}}, ""),
        ({"type": "system", "system": {"type": "user_changed_number", "body": "changed"}}, "changed"),
        ({"type": "request_welcome"}, ""),
    ],
)
def test_what_needs_no_answer_opens_no_turn(message: dict[str, Any], text: str) -> None:
    assert read(message) == Content(
        kind=message["type"], text=text, understood=True, opens_turn=False, known=True, reply_to=None
    )


@pytest.mark.parametrize("kind", ["unsupported", "hologram", "UNKNOWN_KIND", "ephemeral"])
def test_an_unknown_kind_is_kept_and_answered(kind: str) -> None:
    content = read({"type": kind, kind: {"text": "?"}, "errors": [{"code": 131051}]})
    assert content == Content(
        kind=kind, text="", understood=False, opens_turn=True, known=False, reply_to=None
    )


@pytest.mark.parametrize(
    "message", [None, [], "x", 7, {}, {"type": None}, {"type": 7}, {"type": ["text"]}, {"type": " "}]
)
def test_without_a_type_the_kind_is_unknown(message: object) -> None:
    content = read(message)
    assert (content.kind, content.known, content.opens_turn) == (UNKNOWN, False, True)


def test_a_kind_is_safe_to_show() -> None:
    assert read({"type": '<img src="x">/\ud800\x00'}).kind == "_img src__x_____"
    assert len(read({"type": "k" * 9000}).kind) == 64


@pytest.mark.parametrize(
    "message",
    [
        {"type": "text"},
        {"type": "text", "text": "oi"},
        {"type": "text", "text": {"body": 7}},
        {"type": "text", "text": {"body": ""}},
        {"type": "interactive"},
        {"type": "interactive", "interactive": {"type": "product", "product": {"id": "1"}}},
        {"type": "interactive", "interactive": {"type": ["x"], "button_reply": None}},
        {"type": "location", "location": {"latitude": None}},
        {"type": "contacts", "contacts": {"name": "x"}},
        {"type": "contacts", "contacts": []},
        {"type": "image", "image": []},
        {"type": "order", "order": {}},
    ],
)
def test_a_known_kind_in_a_strange_shape_is_kept_and_answered(message: dict[str, Any]) -> None:
    content = read(message)
    assert (content.kind, content.text) == (message["type"], "")
    assert (content.understood, content.known, content.opens_turn) == (False, False, True)


def test_a_reply_whose_type_is_missing_is_found() -> None:
    assert read({"type": "interactive", "interactive": {"button_reply": {"title": "Sim"}}}).text == "Sim"


@pytest.mark.parametrize(
    ("context", "reply_to"),
    [
        ({"id": "wamid.A", "from": "1"}, "wamid.A"),
        ({"forwarded": True}, None),
        ({"id": 7}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_quoted_message_is_told(context: object, reply_to: str | None) -> None:
    assert read({"type": "text", "text": {"body": "oi"}, "context": context}).reply_to == reply_to


def test_the_text_can_be_stored_whatever_it_holds() -> None:
    text = read({"type": "text", "text": {"body": "a\ud800b\udc00\x00😀"}}).text
    assert text == "a\ufffdb\ufffd\x00😀"
    assert len(read({"type": "text", "text": {"body": "é" * 200_000}}).text) == READABLE_LIMIT


def test_a_form_nested_too_deep_is_read_without_it() -> None:
    reply = {"body": "Sent", "response_json": "[" * 200_000}
    assert (
        read({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": reply}}).text == "Sent"
    )


def test_numbers_too_long_to_print_are_left_out() -> None:
    item = {"quantity": 10**5000, "product_retailer_id": "abc"}
    assert read({"type": "order", "order": {"product_items": [item]}}).text == "? x abc"


def test_no_shape_makes_it_raise() -> None:
    chance = random.Random(11)
    odd: list[Any] = [
        None,
        True,
        0,
        -1.5,
        "",
        "x",
        "\ud800",
        [],
        {},
        [[]],
        [None],
        {"id": {}},
        10**5000,
        float("nan"),
    ]

    def spoil(value: Any) -> Any:
        if chance.random() < 0.25:
            return chance.choice(odd)
        if isinstance(value, dict):
            return {key: spoil(inner) for key, inner in value.items()}
        return [spoil(inner) for inner in value] if isinstance(value, list) else value

    for _ in range(3000):
        message, _ = chance.choice(READABLE)
        content = read(spoil(message | {"context": {"id": "w"}}))
        json.dumps(content.text).encode()
        content.kind.encode()
