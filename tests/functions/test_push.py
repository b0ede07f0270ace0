"""Pub/Sub's envelope: what is handled, tried again, kept as poison, refused."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import flask
import pytest
from flask.typing import ResponseReturnValue

from shared.domain.errors import BadEnvelope, Conflict, StoreUnavailable
from shared.runtime import invoke
from shared.wiring import push

TOPIC = "inbound-message"


@dataclass
class Desk:
    """Takes events as the use cases do, failing as told, and remembers what came."""

    failure: Exception | None = None
    keeping_fails: bool = False
    handled: list[tuple[Mapping[str, Any], str]] = field(default_factory=list)
    kept: list[tuple[str, bytes, str, str]] = field(default_factory=list)

    def record(self, event: Mapping[str, Any], /, *, event_id: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.handled.append((event, event_id))

    def keep(self, topic: str, data: bytes, /, *, event_id: str, reason: str) -> None:
        if self.keeping_fails:
            raise StoreUnavailable
        self.kept.append((topic, data, event_id, reason))

    def function(self, request: flask.Request) -> ResponseReturnValue:
        return push.deliver(request, topic=TOPIC, to=self.record, keep=self.keep)

    def post(self, body: object) -> int:
        return invoke.post(self.function, json.dumps(body).encode())


def envelope(data: object, **extra: object) -> dict[str, object]:
    message = {"data": data, "messageId": "m1", "attributes": {}}
    return {"subscription": "projects/p/subscriptions/text", "message": message, **extra}


def encoded(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(raw).decode()


def test_an_event_is_handled_once_with_its_id() -> None:
    desk = Desk()

    assert invoke.push(desk.function, envelope(encoded('{"v": 1}'), deliveryAttempt=1)) == 204
    assert desk.handled == [({"v": 1}, "m1")]
    assert desk.kept == []


@pytest.mark.parametrize("failure", [StoreUnavailable(), Conflict()])
@pytest.mark.parametrize("attempt", [1, 5, 99, None])
def test_an_outage_asks_for_another_delivery_however_often(failure: Exception, attempt: int | None) -> None:
    desk = Desk(failure=failure)

    assert desk.post(envelope(encoded("{}"), deliveryAttempt=attempt)) == 503
    assert desk.kept == []


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_a_failing_handler_is_tried_again_at_first(attempt: int) -> None:
    desk = Desk(failure=KeyError("x"))

    assert desk.post(envelope(encoded("{}"), deliveryAttempt=attempt)) == 500
    assert desk.kept == []


@pytest.mark.parametrize("extra", [{"deliveryAttempt": n} for n in (5, 6, 100, "3", True, None, 1.5)] + [{}])
def test_a_handler_that_keeps_failing_makes_poison(extra: dict[str, object]) -> None:
    desk = Desk(failure=RecursionError())

    assert desk.post(envelope(encoded('{"a": 1}'), **extra)) == 204
    assert desk.kept == [(TOPIC, b'{"a": 1}', "m1", "handler failed: RecursionError")]


def test_what_can_never_be_handled_is_kept_at_once() -> None:
    desk = Desk(failure=BadEnvelope("no kind"))

    assert desk.post(envelope(encoded("{}"), deliveryAttempt=1)) == 204
    assert desk.kept == [(TOPIC, b"{}", "m1", "no kind")]


def test_poison_that_could_not_be_kept_is_delivered_again() -> None:
    desk = Desk(failure=ValueError(), keeping_fails=True)

    assert desk.post(envelope(encoded("{}"))) == 500


@pytest.mark.parametrize("data", ["*not base64*", "YQ", "é"])
def test_data_that_is_not_base64_is_kept_as_it_came(data: str) -> None:
    desk = Desk()

    assert desk.post(envelope(data, deliveryAttempt=1)) == 204
    assert desk.kept == [(TOPIC, data.encode("utf-8", "surrogatepass"), "m1", "not base64")]


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"hello", b'{"a": }', b"\x00"])
def test_data_that_is_not_json_is_kept(data: bytes) -> None:
    desk = Desk()

    assert desk.post(envelope(encoded(data), deliveryAttempt=1)) == 204
    assert desk.kept == [(TOPIC, data, "m1", "not JSON")]


@pytest.mark.parametrize("data", [b"[]", b"1", b"null", b'"x"'])
def test_data_that_is_no_object_is_kept(data: bytes) -> None:
    desk = Desk()

    assert desk.post(envelope(encoded(data), deliveryAttempt=1)) == 204
    assert desk.kept == [(TOPIC, data, "m1", "not an object")]


def test_unreadable_data_that_could_not_be_kept_is_delivered_again() -> None:
    desk = Desk(keeping_fails=True)

    assert desk.post(envelope(encoded("["), deliveryAttempt=1)) == 500


@pytest.mark.parametrize("message_id", [None, "", 7, {}])
def test_an_event_without_an_id_gets_one_made_of_its_bytes(message_id: object) -> None:
    desk = Desk()
    body = {"message": {"data": encoded("{}"), "messageId": message_id}}

    assert desk.post(body) == 204
    assert desk.post(body) == 204
    ids = [event_id for _, event_id in desk.handled]
    assert ids[0] == ids[1]
    assert ids[0].startswith("sha256-")


@pytest.mark.parametrize(
    "body",
    [{}, [], None, 1, "x", {"message": None}, {"message": []}, {"message": {}}, envelope(""), envelope(None)],
)
def test_a_delivery_without_data_is_refused(body: object) -> None:
    desk = Desk()

    assert desk.post(body) == 400
    assert (desk.handled, desk.kept) == ([], [])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    desk = Desk()

    assert invoke.post(desk.function, body) == 400


def test_deep_nesting_and_lone_surrogates_inside_the_data_lose_nothing() -> None:
    desk = Desk()
    deep = b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"

    assert desk.post(envelope(encoded(deep))) == 204
    assert desk.post(envelope(encoded(r'{"text": "\ud800"}'))) == 204
    assert len(desk.handled) + len(desk.kept) == 2


def test_the_log_tells_the_error_but_not_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "meu telefone 5511987654321"
    desk = Desk(failure=ValueError(secret))

    desk.post(envelope(encoded(json.dumps({"text": secret}))))
    desk.post(envelope(encoded(secret)))
    desk.post({"message": {"text": secret}})

    told = capsys.readouterr().out
    facts = [json.loads(line)["fact"] for line in told.splitlines()]
    assert facts == ["event.kept", "event.kept", "event.malformed"]
    assert "ValueError" in told
    assert "5511987654321" not in told
