"""The webhook's edge: proves that Meta sent a body, publishes what it holds, answers.

No database lies in this path, and nothing is decided here but whether to accept.
"""

import asyncio
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message

from shared.adapters.whatsapp.signature import HEADER, AppSecrets
from shared.app import intake, lenient_json
from shared.domain.errors import BusUnavailable
from shared.ports.bus import AsyncEventBus, Event
from shared.ports.clock import Clock

MAX_BODY = 3 * 1024 * 1024
"""Bytes; Meta sends no more, and a longer body is refused."""

_DRAINED = 32 * 1024 * 1024
_DRAIN_SECONDS = 10
_LARGE = 128 * 1024
_MAX_EVENT = 7_000_000  # as base64 within the 10 MB of a publish request
_SIGNATURE = HEADER.lower().encode()
# From here on an integer may not fit 64 bits, and orjson would round it to a double.
_LONG_NUMBER = re.compile(rb"[:,\[]\s*+-?[0-9]{19}")
# The same, but for what stands before: found in a quarter of the time, where it is not.
_CLASSES = bytes(48 if byte in b"0123456789" else 44 if byte in b":,[- \t\n\r" else 0 for byte in range(256))
_LONG_DIGITS = b"," + b"0" * 19


def _plain(status: int, text: str, **headers: str) -> Response:
    return PlainTextResponse(text, status, {"X-Content-Type-Options": "nosniff", **headers})


# Responses keep no state of the request that they answer, so one serves all.
_ACCEPTED = Response("ok")  # Meta reads no more of it than the status; each header costs time
_NOT_JSON = _plain(400, "the body is not a JSON object\n")
_CUT_OFF = _plain(400, "the body was cut off\n")
_UNSIGNED = _plain(401, "the signature is missing or not ours\n")
_FORBIDDEN = _plain(403, "the verify token is not ours\n")
_NOT_ALLOWED = _plain(405, "method not allowed\n", Allow="GET, POST")
_TOO_LARGE = _plain(413, "the body is over 3 MiB\n", Connection="close")
_UNAVAILABLE = _plain(503, "not stored, send it again\n")


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What only Meta and we know.

    `secrets` are the app secrets, any of which may have signed; with none, every body is
    refused. `verify_token` is the handshake's; an empty one fits no handshake.
    """

    secrets: tuple[bytes, ...] = field(repr=False)
    verify_token: str = field(repr=False)


class _CutOff(Exception):
    """The client went away before its body was complete."""


class Webhook:
    """Answers Meta's webhook calls."""

    def __init__(self, settings: WebhookSettings, bus: AsyncEventBus, clock: Clock) -> None:
        """Take the secrets, where events go, and the time."""
        self._secrets = AppSecrets(settings.secrets)
        self._verify_token = settings.verify_token.encode()
        self._bus = bus
        self._clock = clock

    async def __call__(self, request: Request) -> Response:
        """Answer one request, as a Starlette endpoint.

        GET is the handshake: 200 with the challenge, or 403. POST is refused with 413 over
        3 MiB, 401 without our signature, 400 if it is no JSON object, in this order; it is
        200 once everything that it holds is published, 503 when the bus did not confirm.
        """
        if request.scope["method"] != "POST":
            return self._without_body(request)
        try:
            body = await _read(request)
        except _CutOff:
            return _CUT_OFF
        if body is None:
            return _TOO_LARGE
        if not self._secrets.signed(body, _header(request, _SIGNATURE)):
            return _UNSIGNED
        try:
            await self._publish(body)
        except lenient_json.NotJson:
            return _NOT_JSON
        except BusUnavailable:
            return _UNAVAILABLE
        return _ACCEPTED

    def _without_body(self, request: Request) -> Response:
        if request.method != "GET":
            return _NOT_ALLOWED
        return self._handshake(request.query_params)

    def _handshake(self, query: Mapping[str, str]) -> Response:
        given = query.get("hub.verify_token", "").encode()
        known = hmac.compare_digest(given, self._verify_token) and bool(given)
        if query.get("hub.mode") != "subscribe" or not known:
            return _FORBIDDEN
        return _plain(200, query.get("hub.challenge", ""))

    async def _publish(self, body: bytes) -> None:
        received_ms = self._clock.now_ms()
        if len(body) < _LARGE:
            topics = _split(body, received_ms)
        else:
            topics = await asyncio.to_thread(_split, body, received_ms)
        for topic, events in topics.items():
            await self._bus.publish(topic, events)


async def _read(request: Request) -> bytes | None:
    """Return the body, or None if it is too long, whatever `Content-Length` says of it."""
    message = _unless_cut_off(await request.receive())
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        return await _read_on(request, body)
    return body if len(body) <= MAX_BODY else None


async def _read_on(request: Request, first: bytes) -> bytes | None:
    chunks, length, more = [first], len(first), True
    while more:
        if length > MAX_BODY:
            chunks.clear()
            await _drain(request)
            return None
        message = _unless_cut_off(await request.receive())
        chunks.append(message.get("body", b""))
        length += len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks) if length <= MAX_BODY else None


async def _drain(request: Request) -> None:
    # Most clients read no answer before they have sent all; hanging up on them would look
    # like a broken connection instead of a 413.
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            drained, more = 0, True
            while more and drained < _DRAINED:
                message = _unless_cut_off(await request.receive())
                drained += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        return


def _unless_cut_off(message: Message) -> Message:
    if message["type"] == "http.disconnect":
        raise _CutOff
    return message


def _header(request: Request, name: bytes) -> bytes | None:
    for key, value in request.scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def _split(body: bytes, received_ms: int) -> Mapping[str, Sequence[Event]]:
    """Return the events of a body by topic.

    Raises:
        NotJson: It is not JSON, or not an object.
    """
    topics = None if _has_long_number(body) else _split_fast(body, received_ms)
    if topics is None:
        topics = _events(lenient_json.loads(body), received_ms)
    if len(body) > _LARGE and not _publishable(topics):
        topics = intake.whole(body.decode(), received_ms=received_ms, encode=orjson.dumps)
    return topics


def _has_long_number(body: bytes) -> bool:
    return _LONG_DIGITS in body.translate(_CLASSES) and _LONG_NUMBER.search(body) is not None


def _split_fast(body: bytes, received_ms: int) -> Mapping[str, Sequence[Event]] | None:
    """Return the events, or None for what orjson can't read, or can't write again."""
    try:
        return _events(orjson.loads(body), received_ms)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _events(payload: object, received_ms: int) -> Mapping[str, Sequence[Event]]:
    if not isinstance(payload, dict):
        raise lenient_json.NotJson
    return intake.split(payload, received_ms=received_ms, encode=orjson.dumps)


def _publishable(topics: Mapping[str, Sequence[Event]]) -> bool:
    return all(len(event.data) <= _MAX_EVENT for events in topics.values() for event in events)
