"""The webhook function: who is let in, what is refused in which order, and that nothing is lost."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import functions_framework.aio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from shared.adapters.whatsapp.signature import sign
from shared.app.use_cases import UseCases
from shared.config import settings
from shared.domain.errors import BusUnavailable
from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS, Event
from shared.runtime.server import Server, listen
from shared.wiring import container
from shared.wiring.async_bus import ThreadedBus
from shared.wiring.webhook import MAX_BODY, Webhook, WebhookSettings

Json = Any

MAIN = Path(__file__).parents[2] / "functions" / "webhook" / "main.py"
SECRET = b"app-secret"
TOKEN = "verify-token"
NOW_MS = 1_790_000_000_000
GOOD = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "700",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "metadata": {"phone_number_id": "900"},
                        "contacts": [{"wa_id": "5511988887777"}],
                        "messages": [{"id": "wamid.1", "from": "5511988887777", "type": "text"}],
                    },
                }
            ],
        }
    ],
}


@dataclass
class Published:
    """A bus that remembers, or fails as told."""

    failing: bool = False
    calls: list[tuple[str, list[Event]]] = field(default_factory=list)

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        if self.failing:
            raise BusUnavailable
        self.calls.append((topic, list(events)))

    def events(self) -> list[dict[str, Json]]:
        return [json.loads(event.data) for _, events in self.calls for event in events]


class StoppedClock:
    def now_ms(self) -> int:
        return NOW_MS


@pytest.fixture
def bus() -> Published:
    return Published()


@pytest.fixture
def app(bus: Published) -> Iterator[ASGIApp]:
    """The deployed entry point, loaded by the framework as in production."""
    edge = Webhook(WebhookSettings((b"older-secret", SECRET, b""), TOKEN), bus, StoppedClock())
    # The webhook asks for no use case.
    parts = container.Container(settings=settings.load({}), use_cases=cast("UseCases", None), webhook=edge)
    container.install(parts)
    yield functions_framework.aio.create_asgi_app("webhook", str(MAIN))  # type: ignore[no-untyped-call]  # theirs
    container.install(None)


def call(app: ASGIApp, method: str, body: bytes = b"", **options: Json) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://webhook") as client:
            return await client.request(method, "/", content=body, **options)

    return asyncio.run(request())


def post(app: ASGIApp, body: bytes, *, signature: str | None = None) -> int:
    headers = {"X-Hub-Signature-256": signature or sign(body, SECRET)}
    return call(app, "POST", body, headers=headers).status_code


def payload(messages: str) -> bytes:
    """Make a body whose messages are written by hand."""
    value = f'{{"metadata":{{"phone_number_id":"900"}},"messages":{messages}}}'
    return f'{{"entry":[{{"id":"700","changes":[{{"field":"messages","value":{value}}}]}}]}}'.encode()


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


# Over a real connection


@pytest.fixture
def port(app: ASGIApp) -> Iterator[int]:
    listener = listen(0)
    server = Server(app, listener=listener)
    server.start()
    yield listener.getsockname()[1]
    server.stop(within_s=5)
    listener.close()


def padded(length: int) -> bytes:
    body = json.dumps(GOOD).encode()
    return body + b" " * (length - len(body))


def head(body: bytes, *lines: str) -> bytes:
    fixed = ["POST / HTTP/1.1", "Host: webhook", f"X-Hub-Signature-256: {sign(body, SECRET)}"]
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def exchange(port: int, *pieces: bytes, half_closed: bool = False) -> bytes:
    """Send the pieces one by one and return the first line of the answer, or nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                connection.sendall(piece)
            if half_closed:
                connection.shutdown(socket.SHUT_WR)
            return connection.recv(65536).partition(b"\r\n")[0]
        except ConnectionError:
            # What is no HTTP is hung up on while it is still being sent, and the answer with it.
            return b""


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_three_mebibytes_are_accepted_and_a_byte_more_is_not(port: int, bus: Published) -> None:
    url = f"http://127.0.0.1:{port}/"
    fits, over = padded(MAX_BODY), padded(MAX_BODY + 1)

    assert (
        httpx.post(url, content=fits, headers={"X-Hub-Signature-256": sign(fits, SECRET)}).status_code == 200
    )
    assert (
        httpx.post(url, content=over, headers={"X-Hub-Signature-256": sign(over, SECRET)}).status_code == 413
    )
    assert len(bus.calls) == 1


def test_a_chunked_body_is_read_and_measured(port: int, bus: Published) -> None:
    url = f"http://127.0.0.1:{port}/"

    def send(body: bytes) -> int:
        pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
        return httpx.post(
            url, content=pieces, headers={"X-Hub-Signature-256": sign(body, SECRET)}
        ).status_code

    assert send(padded(1000)) == 200
    assert send(padded(MAX_BODY)) == 200
    assert send(padded(MAX_BODY + 1)) == 413
    assert send(padded(6 * MAX_BODY)) == 413
    assert len(bus.calls) == 2


def test_a_content_length_beside_chunks_hides_nothing(port: int, bus: Published) -> None:
    body = padded(MAX_BODY + 1)
    lines = ("Content-Length: 10", "Transfer-Encoding: chunked")

    answer = exchange(port, head(body, *lines), chunk(body), b"0\r\n\r\n")

    assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413", b"")
    assert bus.calls == []


def test_a_content_length_that_is_too_small_breaks_the_signature(port: int, bus: Published) -> None:
    body = padded(1000)

    answer = exchange(port, head(body, "Content-Length: 100") + body)

    # What follows the hundred bytes is no request: the server may refuse before we do.
    assert answer[:12] in (b"HTTP/1.1 401", b"HTTP/1.1 400")
    assert bus.calls == []


def test_a_body_that_is_cut_off_is_not_published(port: int, bus: Published) -> None:
    body = json.dumps(GOOD).encode()

    exchange(port, head(body, f"Content-Length: {len(body) + 1}"), body, half_closed=True)
    exchange(port, head(body, "Transfer-Encoding: chunked"), chunk(body), half_closed=True)

    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 403
    assert bus.calls == []


def test_a_body_may_come_byte_by_byte(port: int, bus: Published) -> None:
    body = json.dumps(GOOD).encode()
    bytes_ = [body[position : position + 1] for position in range(len(body))]

    assert exchange(port, head(body, f"Content-Length: {len(body)}"), *bytes_) == b"HTTP/1.1 200 OK"
    assert len(bus.calls) == 1


def test_a_body_without_end_is_answered_in_the_end(port: int) -> None:
    piece = chunk(b" " * 1024 * 1024)

    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head(b"", "Transfer-Encoding: chunked"))
        sent = _send_until_refused(connection, piece, times=200)

    assert 30 < sent < 200


def _send_until_refused(connection: socket.socket, piece: bytes, *, times: int) -> int:
    for number in range(times):
        try:
            connection.sendall(piece)
        except OSError:
            return number
    return times


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
