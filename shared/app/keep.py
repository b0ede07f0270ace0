"""Keep what was not understood: visible, counted, and never in anybody's way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.app.kit import Kit
from shared.domain import paths
from shared.domain.errors import AlreadyExists
from shared.domain.incoming import RAW_LIMIT, Incoming
from shared.ports.store import Create, Delete, Document, Json, Query, Write


@dataclass(frozen=True, slots=True)
class Keeper:
    """Writes and lists the `kept` collection."""

    kit: Kit

    def write(
        self,
        business: str,
        incoming: Incoming,
        *,
        reason: str,
        conversation: str = "",
        key: str | None = None,
    ) -> Write:
        """Return the write that keeps an update, under one id however often it comes."""
        key = paths.digest(key or incoming.message_key(), reason)
        data = {
            "kind": kind_of(incoming),
            "reason": reason,
            "raw": incoming.raw(),
            "number": incoming.number,
            "field": incoming.field,
            "conversation": conversation,
            "at_ms": incoming.received_ms,
            "event": None,
        }
        return Create(paths.kept(business, key), data)

    def update(self, business: str, incoming: Incoming, *, reason: str, conversation: str = "") -> None:
        """Keep an update; idempotent."""
        self._create(self.write(business, incoming, reason=reason, conversation=conversation))

    def event(self, topic: str, data: bytes, *, event_id: str, reason: str) -> None:
        """Keep an event whose handling always fails, so that it can be replayed; idempotent."""
        text = data[:RAW_LIMIT].decode("utf-8", "backslashreplace")
        kept = {
            "kind": topic,
            "reason": reason,
            "raw": text,
            "number": "",
            "field": "",
            "conversation": "",
            "at_ms": self.kit.ports.clock.now_ms(),
            "event": {"topic": topic, "id": event_id, "whole": len(data) <= RAW_LIMIT},
        }
        self._create(Create(paths.kept(paths.UNOWNED, paths.digest("event", event_id)), kept))

    def take_event(self, business: str, key: str) -> tuple[str, bytes] | None:
        """Return a kept event's topic and data, or None when there is nothing to replay."""
        document = self.kit.ports.store.get(paths.kept(business, key))
        if document is None or not document.data["event"] or not document.data["event"]["whole"]:
            return None
        return str(document.data["event"]["topic"]), str(document.data["raw"]).encode()

    def forget(self, business: str, key: str) -> None:
        """Remove a kept event after its replay."""
        self.kit.ports.store.commit([Delete(paths.kept(business, key))])

    def of(self, business: str, conversations: list[str], *, limit: int) -> list[dict[str, Json]]:
        """List what was kept of a person, newest first, over all conversations merged into one."""
        kept, rows = paths.collection(business, "kept"), list[dict[str, Json]]()
        for key in conversations:
            rows += self._page(Query(kept, (("conversation", "==", key),), ("-at_ms",), limit))
        return sorted(rows, key=lambda row: -int(row["at_ms"]))[:limit]

    def newest(self, business: str, *, limit: int) -> list[dict[str, Json]]:
        """List what was kept of a business, newest first."""
        return self._page(Query(paths.collection(business, "kept"), (), ("-at_ms",), limit))

    def _page(self, query: Query) -> list[dict[str, Json]]:
        return [_row(document) for document in self.kit.ports.store.query(query)]

    def _create(self, write: Write) -> None:
        try:
            self.kit.ports.store.commit([write])
        except AlreadyExists:
            return


def kind_of(incoming: Incoming) -> str:
    """Name what was kept: Meta's type of a message, or the kind of update it is."""
    found = incoming.update.get("type")
    if isinstance(found, str) and found and incoming.kind in ("message", "echo"):
        return found[:100]
    return incoming.field or incoming.kind


def _row(document: Document) -> dict[str, Json]:
    data: Mapping[str, Any] = document.data
    return {
        "id": document.name,
        "kind": data["kind"],
        "reason": data["reason"],
        "at_ms": data["at_ms"],
        "number": data["number"],
        "conversation": data["conversation"],
        "replayable": bool(data["event"] and data["event"]["whole"]),
        "raw": _parsed(str(data["raw"])),
    }


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text
