"""The webhook function: who is let in, what is refused in which order, and that nothing is lost."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from shared.adapters.whatsapp.signature import sign
from shared.domain.errors import BusUnavailable
from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS, Event
from shared.wiring.async_bus import ThreadedBus
from shared.wiring.webhook import MAX_BODY, Webhook, WebhookSettings
from tests.support.webhook import (
    GOOD,
    NOW_MS,
    SECRET,
    TOKEN,
    Json,
    Published,
    StoppedClock,
    call,
    deployed,
    payload,
    post,
)


@pytest.fixture
def bus() -> Published:
    return Published()


@pytest.fixture
def app(bus: Published) -> Iterator[ASGIApp]:
    with deployed(bus) as served:
        yield served


# The handshake


def handshake(app: ASGIApp, **parameters: str) -> httpx.Response:
    return call(app, "GET", params={f"hub.{name}": value for name, value in parameters.items()})


def test_the_handshake_answers_the_challenge_as_text(app: ASGIApp) -> None:
    answer = handshake(app, mode="subscribe", verify_token=TOKEN, challenge="11<58>é")

    assert (answer.status_code, answer.text) == (200, "11<58>é")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "parameters",
    [
        {"mode": "subscribe", "verify_token": "wrong", "challenge": "1158"},
        {"mode": "subscribe", "verify_token": "", "challenge": "1158"},
        {"mode": "subscribe", "verify_token": "é\x00", "challenge": "1158"},
        {"mode": "subscribe", "challenge": "1158"},
        {"mode": "unsubscribe", "verify_token": TOKEN, "challenge": "1158"},
        {"verify_token": TOKEN, "challenge": "1158"},
        {},
    ],
)
def test_a_handshake_without_our_token_is_forbidden(app: ASGIApp, parameters: dict[str, str]) -> None:
    answer = handshake(app, **parameters)

    assert answer.status_code == 403
    assert "1158" not in answer.text


def test_an_empty_verify_token_opens_nothing(bus: Published) -> None:
    edge = Webhook(WebhookSettings((SECRET,), ""), bus, StoppedClock())
    app = Starlette(routes=[Route("/", edge.__call__)])

    assert handshake(app, mode="subscribe", verify_token="", challenge="1158").status_code == 403


# Who is let in


def test_a_signed_body_is_published_and_accepted(app: ASGIApp, bus: Published) -> None:
    assert post(app, json.dumps(GOOD).encode()) == 200

    [(topic, [event])] = bus.calls
    assert topic == INBOUND_MESSAGE
    assert event.attributes == {"kind": "message", "number": "900", "received_ms": str(NOW_MS)}
    assert json.loads(event.data)["update"]["id"] == "wamid.1"


def test_any_of_the_app_secrets_may_sign(app: ASGIApp) -> None:
    body = json.dumps(GOOD).encode()

    assert post(app, body, signature=sign(body, b"older-secret")) == 200
    assert post(app, body, signature=sign(body, b"another-secret")) == 401


def test_an_empty_secret_signs_nothing(app: ASGIApp) -> None:
    assert post(app, b"{}", signature=sign(b"{}", b"")) == 401


@pytest.mark.parametrize(
    "signature",
    [
        "sha256=",
        "sha256",
        "sha256=" + "0" * 64,
        "sha256=" + "z" * 64,
        "sha1=" + sign(b"{}", SECRET)[7:],
        sign(b"{}", SECRET)[7:],
        sign(b"{}", SECRET) + "0",
        sign(b"{}", SECRET)[:-1],
        sign(b"{} ", SECRET),
        "x" * 10_000,
    ],
)
def test_a_forged_signature_is_refused(app: ASGIApp, bus: Published, signature: str) -> None:
    assert post(app, b"{}", signature=signature) == 401
    assert bus.calls == []


def test_a_missing_signature_is_refused(app: ASGIApp) -> None:
    assert call(app, "POST", b"{}").status_code == 401


@pytest.mark.parametrize("value", [b"sha256=\xff\xfe", "sha256=é".encode(), b"", b"sha256=\x80" + b"0" * 63])
def test_a_signature_of_odd_bytes_is_refused(app: ASGIApp, value: bytes) -> None:
    answer = call(app, "POST", b"{}", headers=[(b"X-Hub-Signature-256", value)])

    assert answer.status_code == 401


def test_one_changed_byte_spoils_the_signature(app: ASGIApp) -> None:
    body = json.dumps(GOOD).encode()

    assert post(app, body.replace(b"wamid.1", b"wamid.2"), signature=sign(body, SECRET)) == 401


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_not_allowed(app: ASGIApp, method: str) -> None:
    answer = call(app, method)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


# What is no JSON object


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"x", b"[]", b"null", b"7", b'"x"', b"{} x", b"{}{}", b"{'a':1}", b'{"a":NaN}',
     b'{"a":-Infinity}', b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b"\xef\xbb\xbf{}", b'{"a":"\x00"}',
     b'{"a":01}', b'{"a":1,}', b"[" * 100_000 + b"]" * 100_000, b'{"a":' + b"[" * 100_000,
     b'{"a":' + b"[" * 100_000 + b"]" * 99_999 + b"}",
     b'{"a":' + b"[" * 500 + b"NaN" + b"]" * 500 + b"}", b'{"a":"\\ud800",}', b'{"a":1e99999'],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(app: ASGIApp, bus: Published, body: bytes) -> None:
    assert post(app, body) == 400
    assert bus.calls == []


def test_refusals_come_in_their_order(app: ASGIApp) -> None:
    large = b"x" * (MAX_BODY + 1)

    assert post(app, large, signature="forged") == 413
    assert post(app, large) == 413
    assert post(app, b"x", signature="forged") == 401
    assert post(app, b"x") == 400


def test_a_publish_that_fails_asks_meta_to_send_again(app: ASGIApp, bus: Published) -> None:
    bus.failing = True

    assert post(app, json.dumps(GOOD).encode()) == 503
    assert post(app, b"x") == 400


# Whatever it holds


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "element",
    ["null", "7", '"x"', "[]", "{}", "true", deep(300), deep(2000), deep(100_000), '"\\ud800"', "1e99999",
     "1" + "0" * 5000],
)  # fmt: skip
def test_a_broken_message_does_not_hold_up_the_good_ones(app: ASGIApp, bus: Published, element: str) -> None:
    good = '{"id":"wamid.1","type":"text"}'

    assert post(app, payload(f"[{good},{element},{good}]")) == 200
    assert [event["kind"] for event in bus.events()] == ["message", "message", "other"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"\\ud800"', "\\ud800"),
        ('"a\\u0000b"', "a\x00b"),
        ("1e99999", "1e99999"),
        ("1" + "0" * 5000, "1" + "0" * 5000),
        ("12345678901234567890", "12345678901234567890"),
        ("-12345678901234567890", "-12345678901234567890"),
        ("9223372036854775807", 2**63 - 1),
        ('"👋🏽 שלום"', "👋🏽 שלום"),
        ("null", None),
        ('"a/b"', "a/b"),
        ("7", 7),
        ('"first","id":"last"', "last"),
    ],
)
def test_an_odd_id_is_accepted_and_kept(app: ASGIApp, bus: Published, written: str, read: Json) -> None:
    assert post(app, payload(f'[{{"id":{written},"type":"text"}}]')) == 200

    [event] = bus.events()
    assert (event["kind"], event["update"]) == ("message", {"id": read, "type": "text"})


@pytest.mark.parametrize("levels", [10, 200, 250, 260, 1000, 1100, 100_000, 1_000_000])
def test_a_message_of_any_depth_is_accepted(app: ASGIApp, bus: Published, levels: int) -> None:
    message = f'{{"id":"wamid.1","type":"text","odd":{deep(levels)}}}'

    assert post(app, payload(f"[{message}]")) == 200

    [event] = bus.events()
    assert (event["kind"], event["update"]["id"]) == ("message", "wamid.1")
    # Values or source text, every level is there; one more bracket is that of `errors`.
    assert bus.calls[0][1][0].data.count(b"[") == levels + 1


@pytest.mark.parametrize(
    "body",
    ["{}", '{"entry":7}', '{"a":' + deep(100_000) + "}", '{"entry":' + deep(100_000) + "}",
     '{"\\ud800":"\\udfff"}', '{"entry":[{"id":{"a":1},"changes":[{"field":7,"value":null}]}]}'],
)  # fmt: skip
def test_an_object_of_any_shape_is_accepted_and_kept(app: ASGIApp, bus: Published, body: str) -> None:
    assert post(app, body.encode()) == 200

    [topic] = [topic for topic, _ in bus.calls]
    assert topic == INBOUND_STATUS
    assert bus.events()


def test_a_batch_is_one_publish_per_topic(app: ASGIApp, bus: Published) -> None:
    messages = [{"id": f"m{n}", "type": "text"} for n in range(1000)]
    value = {"messages": messages, "statuses": [{"id": "s1", "status": "read"}]}

    assert (
        post(app, json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode())
        == 200
    )

    assert [(topic, len(events)) for topic, events in bus.calls] == [
        (INBOUND_MESSAGE, 1000),
        (INBOUND_STATUS, 1),
    ]


def test_an_update_that_grows_when_written_again_stays_publishable(app: ASGIApp, bus: Published) -> None:
    numbers = ",".join(["1e15"] * 600_000)

    assert post(app, payload(f'[{{"id":"wamid.1","odd":[{numbers}]}}]')) == 200

    [event] = [event for _, events in bus.calls for event in events]
    assert len(event.data) < 7_000_000
    assert json.loads(event.data)["update"].count("1e15") == 600_000


# A blocking bus behind it


@dataclass
class Meeting:
    """A blocking bus that lets a publish end when so many are under way."""

    together: threading.Barrier
    failure: Exception | None = None

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        self.together.wait(timeout=10)
        if self.failure is not None:
            raise self.failure


@pytest.mark.parametrize(("failure", "status"), [(None, 200), (BusUnavailable(), 503)])
def test_a_blocking_bus_publishes_for_many_at_once(failure: Exception | None, status: int) -> None:
    bus = ThreadedBus(Meeting(threading.Barrier(20), failure), workers=20)
    edge = Webhook(WebhookSettings((SECRET,), TOKEN), bus, StoppedClock())
    app = Starlette(routes=[Route("/", edge.__call__, methods=["POST"])])
    body = json.dumps(GOOD).encode()

    async def burst() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://webhook") as client:
            headers = {"X-Hub-Signature-256": sign(body, SECRET)}
            return await asyncio.gather(*(client.post("/", content=body, headers=headers) for _ in range(20)))

    assert {answer.status_code for answer in asyncio.run(burst())} == {status}
    bus.close()
