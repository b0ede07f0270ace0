"""One update of Meta's batch, as the webhook published it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from shared.domain import paths
from shared.domain.errors import BadEnvelope

RAW_LIMIT = 256 * 1024
"""Characters of raw JSON kept beside a message; the archive has the whole."""

_EARLIEST_MS = 0
_LATEST_MS = 2**53
_WHOLE = re.compile("-?[0-9]{1,11}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update with what is certain about it; everything inside `update` may be anything."""

    kind: str
    field: str
    waba: str
    number: str
    received_ms: int
    contact: Mapping[str, Any]
    update: Mapping[str, Any]
    event_id: str
    index: int = 0
    """Where it stood in its batch."""

    @property
    def wamid(self) -> str:
        """Meta's id of the message, empty when it has none that we could use."""
        found = self.update.get("id")
        return found if isinstance(found, str) and len(found) <= 512 else ""

    @property
    def at_ms(self) -> int:
        """When it happened by Meta's clock; never later than when we received it."""
        seconds = _seconds(self.update.get("timestamp"))
        if seconds is None:
            return self.received_ms
        return max(_EARLIEST_MS, min(seconds * 1000, self.received_ms))

    def message_key(self) -> str:
        """Name the message's document by number and Meta's id, or by content without one."""
        found = self.update.get("id") if self.kind in ("message", "echo") else None
        if isinstance(found, str) and found:
            return paths.digest(self.number, "id", found)
        if isinstance(found, int) and not isinstance(found, bool):
            return paths.digest(self.number, "number", str(found))
        return paths.digest(self.number, "content", json.dumps(self.update, sort_keys=True))

    def raw(self) -> str:
        """Return the update as JSON text, or where to find it when it is too large to copy.

        Text, because no document store holds every shape that JSON can have.
        """
        written = json.dumps(self.update, ensure_ascii=False)
        if len(written) <= RAW_LIMIT:
            return written
        return json.dumps({"archived": self.event_id, "start": written[:1000]})


def incoming_of(event: Mapping[str, Any], *, event_id: str) -> Incoming:
    """Read a published event.

    Raises:
        BadEnvelope: It is not in the shape that the webhook publishes.
    """
    received_ms, update = event.get("received_ms"), event.get("update")
    kind, number = event.get("kind"), event.get("number")
    if not _is_time(received_ms) or not isinstance(kind, str) or not isinstance(number, str):
        raise BadEnvelope("an event without kind, number or received_ms")
    contact, index = event.get("contact"), event.get("index")
    return Incoming(
        kind=kind,
        field=str(event.get("field") or ""),
        waba=str(event.get("waba") or ""),
        number=number,
        received_ms=received_ms,
        contact=contact if isinstance(contact, dict) else {},
        update=update if isinstance(update, dict) else {"value": update},
        event_id=event_id,
        index=index if _is_time(index) else 0,
    )


def _is_time(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LATEST_MS


def _seconds(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**12 else None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return None
