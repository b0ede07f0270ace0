"""Splits one of Meta's webhook payloads into the events that are published, losing nothing."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from shared.app.lone_update import find
from shared.app.own_contact import Contacts
from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS, Event

Json = Any
"""A JSON value; `Any` because a payload may hold anything."""

Encode = Callable[[Json], bytes]
"""Writes a JSON value as bytes; what it raises, `split` raises."""

_TOPICS = {
    "message": INBOUND_MESSAGE,
    "echo": INBOUND_MESSAGE,
    "status": INBOUND_STATUS,
    "other": INBOUND_STATUS,
}
_LISTS = {
    "messages": {"messages": "message", "statuses": "status"},
    "smb_message_echoes": {"message_echoes": "echo"},
}
_OBJECT = "whatsapp_business_account"
_PAYLOAD = frozenset({"object", "entry"})
_ENTRY = frozenset({"id", "time", "changes"})
_CHANGE = frozenset({"field", "value"})
_VALUE = frozenset({"messaging_product", "metadata", "contacts", "errors"})
_LONGEST_NAME = 128
_REPEATED_CONTACTS = 8 * 1024 * 1024


def encode(value: Json) -> bytes:
    """Write a JSON value compactly, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def split(
    payload: Mapping[str, Json], *, received_ms: int, encode: Encode = encode
) -> dict[str, list[Event]]:
    """Return the events of a payload by topic, in the order in which they came.

    Each element of a known list (messages, statuses, echoes) is an event of its own, with
    the contact that it belongs to. Everything else that the payload holds is in an event
    of kind `other`: a change whose field has no such list, whole; of a change that has
    one, what is no object there or stands beside it. There is always at least one event.
    The work grows with the payload's length and nothing else.

    Args:
        payload: The body, of any shape.
        received_ms: When it reached us.
        encode: How to write an event's data.
    """
    events = _Events(received_ms, encode)
    if (lone := find(payload)) is not None:
        kind, update, contact, waba, number = lone
        events.add(kind, update, _Source("messages", waba, number), contact=contact)
    else:
        _split_any(payload, events)
    return events.topics


def _split_any(payload: Mapping[str, Json], events: "_Events") -> None:
    entries, rest = _objects(payload, "entry", known=_PAYLOAD)
    for entry in entries:
        _split_entry(entry, events)
    if payload.get("object", _OBJECT) != _OBJECT:
        rest["object"] = payload["object"]
    if rest or not entries:
        events.add("other", rest if entries else payload, _Source())


def whole(raw: str, *, received_ms: int, encode: Encode = encode) -> dict[str, list[Event]]:
    """Return one event of kind `other` that holds a body as its text, unsplit."""
    events = _Events(received_ms, encode)
    events.add("other", raw, _Source())
    return events.topics


class _Source(NamedTuple):
    """Where in a payload an update stood."""

    field: str = ""
    waba: str = ""
    number: str = ""


class _Events:
    """Collects the events of one payload."""

    def __init__(self, received_ms: int, encode: Encode) -> None:
        self.topics: dict[str, list[Event]] = {}
        self._received_ms = received_ms
        self._count = 0
        self._encode = encode
        self._attributes: dict[tuple[str, str], dict[str, str]] = {}

    def add(
        self, kind: str, update: Json, source: _Source, *, contact: Json = None, errors: Json = ()
    ) -> int:
        """Add an event and return the length of its data in bytes."""
        self._count += 1
        data = self._encode(
            {
                "v": 1,
                "kind": kind,
                "field": source.field,
                "waba": source.waba,
                "number": source.number,
                "received_ms": self._received_ms,
                "index": self._count,
                "contact": contact,
                "update": update,
                "errors": errors,
            }
        )
        key = (kind, source.number)
        attributes = self._attributes.get(key)
        if attributes is None:
            received = str(self._received_ms)
            attributes = {"kind": kind, "number": source.number, "received_ms": received}
            self._attributes[key] = attributes
        self.topics.setdefault(_TOPICS[kind], []).append(Event(data, attributes))
        return len(data)


def _split_entry(entry: Mapping[str, Json], events: _Events) -> None:
    waba = _name(entry.get("id"))
    changes, rest = _objects(entry, "changes", known=_ENTRY)
    for change in changes:
        _split_change(change, waba, events)
    if not waba and entry.get("id"):
        rest["id"] = entry["id"]
    if rest or not changes:
        # As a payload of this entry alone: its id is the account's, not that of an update.
        events.add("other", {"entry": [rest if changes else entry]}, _Source(waba=waba))


def _split_change(change: Mapping[str, Json], waba: str, events: _Events) -> None:
    value = change.get("value")
    source = _Source(_name(change.get("field")), waba, _number(value))
    kinds = _LISTS.get(source.field)
    if kinds is None or not isinstance(value, dict):
        events.add("other", change, source)
        return
    updates, rest = _updates(value, kinds)
    if not updates:
        events.add("other", change, source)
        return
    _add_updates(updates, rest, value, source, events)
    beside = {name: change[name] for name in change if name not in _CHANGE}
    metadata = value.get("metadata")
    if rest or beside or (metadata and not source.number):
        kept = {"field": source.field, "value": {"metadata": metadata, **rest}}
        events.add("other", {**beside, **kept}, source)


def _add_updates(
    updates: list[tuple[str, Json]],
    rest: dict[str, Json],
    value: Mapping[str, Json],
    source: _Source,
    events: _Events,
) -> None:
    """Add the updates of one change; what belongs to none of them goes to the rest."""
    alone = len(updates) == 1
    contacts = Contacts(value.get("contacts"), alone=alone)
    errors = value.get("errors") or ()
    # Several updates would each carry a copy, and nothing says whose the errors are.
    if errors and not (alone and isinstance(errors, list)):
        rest["errors"], errors = errors, ()
    repeated = 0
    for kind, update in updates:
        contact, again = contacts.of(kind, update, repeat=repeated < _REPEATED_CONTACTS)
        length = events.add(kind, update, source, contact=contact, errors=errors)
        if again:
            repeated += length
    if contacts.left:
        rest["contacts"] = contacts.left


def _updates(
    value: Mapping[str, Json], kinds: Mapping[str, str]
) -> tuple[list[tuple[str, Json]], dict[str, Json]]:
    """Return the elements that are updates, with their kinds, and everything unknown."""
    updates: list[tuple[str, Json]] = []
    rest: dict[str, Json] = {}
    for name, content in value.items():
        kind = kinds.get(name)
        if kind is not None and isinstance(content, list):
            updates += [(kind, item) for item in content if item and isinstance(item, dict)]
            if junk := [item for item in content if not item or not isinstance(item, dict)]:
                rest[name] = junk
        elif kind is not None or name not in _VALUE:
            rest[name] = content
    return updates, rest


def _objects(
    parent: Mapping[str, Json], name: str, *, known: frozenset[str]
) -> tuple[list[dict[str, Json]], dict[str, Json]]:
    """Return the objects of the list `parent[name]`, and what else the parent holds."""
    content = parent.get(name)
    rest = {key: parent[key] for key in parent if key not in known}
    if not isinstance(content, list):
        return [], rest
    objects = [item for item in content if item and isinstance(item, dict)]
    if len(objects) < len(content):
        rest[name] = [item for item in content if not item or not isinstance(item, dict)]
    return objects, rest


def _number(value: Json) -> str:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return _name(metadata.get("phone_number_id")) if isinstance(metadata, dict) else ""


def _name(value: Json) -> str:
    """Return an identifier as text, or nothing for what can't be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and len(value) <= _LONGEST_NAME and value.isprintable():
        return value
    return ""
