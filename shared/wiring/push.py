"""Pub/Sub's push envelope: one delivered event becomes one call of a use case."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Request
from flask.typing import ResponseReturnValue

from shared.domain.errors import BadEnvelope
from shared.wiring import outcomes, posted


class Recorder(Protocol):
    """A use case that takes events."""

    def __call__(self, event: Mapping[str, Any], /, *, event_id: str) -> None:
        """Take one event; the same id again changes nothing."""
        ...


class Keeper(Protocol):
    """The use case that keeps what could not be handled."""

    def __call__(self, topic: str, data: bytes, /, *, event_id: str, reason: str) -> None:
        """Keep the event's bytes visibly and replayably; the same id again changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: the event's id, its bytes as far as they could be read, and which try this is."""

    id: str
    data: bytes
    readable: bool
    attempt: int | None


def decode(envelope: Mapping[str, Any]) -> Delivery:
    """Open the envelope.

    Raises:
        BadEnvelope: There is no data in it at all.
    """
    message = envelope.get("message")
    text = message.get("data") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(text, str) or not text:
        raise BadEnvelope("no data")
    data, readable = _bytes(text)
    attempt = envelope.get("deliveryAttempt")
    return Delivery(_id(message, data), data, readable, attempt if type(attempt) is int else None)


def deliver(request: Request, *, topic: str, to: Recorder, keep: Keeper) -> ResponseReturnValue:
    """Handle one push; a non-2xx answer asks the subscription to deliver it again."""
    trace = posted.trace_id(request)
    try:
        delivery = decode(posted.body(request))
    except BadEnvelope as error:
        return outcomes.refuse(error, source=outcomes.Source(kind="event", name=topic, trace=trace))
    source = outcomes.Source(kind="event", name=topic, id=delivery.id, attempt=delivery.attempt, trace=trace)

    def keep_it(reason: str) -> None:
        keep(topic, delivery.data, event_id=delivery.id, reason=reason)

    try:
        event = _event(delivery)
    except BadEnvelope as error:
        return outcomes.kept(keep_it, reason=str(error), source=source)
    return outcomes.event(lambda: to(event, event_id=delivery.id), keep=keep_it, source=source)


def _event(delivery: Delivery) -> dict[str, Any]:
    if not delivery.readable:
        raise BadEnvelope("not base64")
    event = posted.parse(delivery.data)
    if not isinstance(event, dict):
        raise BadEnvelope("not an object")
    return event


def _bytes(text: str) -> tuple[bytes, bool]:
    try:
        return base64.b64decode(text, validate=True), True
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "surrogatepass"), False


def _id(message: Mapping[str, Any], data: bytes) -> str:
    given = message.get("messageId")
    if isinstance(given, str) and given:
        return given
    return "sha256-" + hashlib.sha256(data).hexdigest()
