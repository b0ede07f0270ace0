"""What people see of conversations: the read side, which decides nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.app.history import timeline_key
from shared.app.keep import Keeper
from shared.app.kit import Held, Kit, every, load_live
from shared.app.people import People, person_of
from shared.domain import paths
from shared.domain.conversation import Conversation
from shared.domain.delivery import sent_twice, state_of
from shared.domain.phone import spellings
from shared.ports.store import Document, Query

_PAGE = 200
_KEPT = 200


@dataclass(frozen=True, slots=True)
class View:
    """Reads conversations for pages and the API."""

    kit: Kit
    people: People
    keeper: Keeper

    def conversation(self, business: str, identifier: str) -> dict[str, Any] | None:
        """Return one person's conversation in the API's shape, or None for an unknown person."""
        key = self.people.find(business, identifier)
        held = load_live(self.kit.ports.store, business, key) if key is not None else None
        if held is None:
            return None
        conversation = held.conversation
        keys = [conversation.id, *conversation.merged_from]
        live = _live_states(conversation)
        kept = self.keeper.of(business, keys, limit=_KEPT)
        return {
            "conversation": conversation.id,
            "owner": conversation.owner,
            "epoch": conversation.epoch,
            "reason": conversation.reason,
            "name": conversation.name,
            "person": {"aliases": self._aliases(held)},
            "messages": [message_row(d, live) for d in self._timeline(business, keys)],
            "kept": [{k: row[k] for k in ("id", "kind", "reason", "raw")} for row in kept],
        }

    def overview(self, business: str, *, limit: int) -> list[dict[str, Any]]:
        """List the conversations that changed last, newest first."""
        query = Query(paths.collection(business, "conversations"), (), ("-updated_ms",), min(limit, 500))
        rows = [Conversation.from_data(d.data) for d in self.kit.ports.store.query(query)]
        return [_overview_row(c) for c in rows if c.merged_into is None]

    def kept(self, business: str, *, limit: int) -> list[dict[str, Any]]:
        """List what was not understood: of this business, and of nobody."""
        rows = self.keeper.newest(business, limit=limit)
        rows += self.keeper.newest(paths.UNOWNED, limit=limit)
        rows.sort(key=lambda row: -int(row["at_ms"]))
        return [{**row, "at": rfc3339(int(row["at_ms"]))} for row in rows[:limit]]

    def _aliases(self, held: Held) -> list[str]:
        path = paths.person(held.business, held.conversation.person)
        document = self.kit.ports.store.get(path)
        if document is None:
            return []
        aliases = person_of(held.business, document).aliases
        phones = [written for key in aliases["phone"] for written in spellings(key)]
        return [*aliases["bsuid"], *aliases["parent"], *phones]

    def _timeline(self, business: str, keys: list[str]) -> list[Document]:
        found = [d for key in keys for d in self._messages(business, key)]
        return sorted((d for d in found if d.data["direction"] != "note"), key=timeline_key)

    def _messages(self, business: str, key: str) -> Iterator[Document]:
        query = Query(paths.collection(business, "messages"), (("conversation", "==", key),), ("seq",), _PAGE)
        return every(self.kit.ports.store, query)


def message_row(document: Document, live: Mapping[str, str]) -> dict[str, Any]:
    """Return a message in the API's shape; `live` has the states that only the outbox knows."""
    data = document.data
    outgoing = data["direction"] == "out"
    state = "received"
    if outgoing:
        stored = {**data, "state": live.get(document.name, data["state"])}
        state = state_of(stored)
    reason = data.get("reason") or ("" if data.get("understood", True) else "not understood")
    if outgoing and sent_twice(data):
        reason = "sent twice"
    return {
        "id": document.name,
        "direction": data["direction"],
        "kind": data["kind"],
        "text": data["text"],
        "state": state,
        "reason": reason,
        "at": rfc3339(int(data["at_ms"])),
        "wamid": data["wamid"] or next(iter((data.get("wamids") or {}).values()), ""),
    }


def rfc3339(at_ms: int) -> str:
    """Write a time in UTC, with milliseconds."""
    try:
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _live_states(conversation: Conversation) -> dict[str, str]:
    """A claim is written in the conversation alone: its message is `sending` or `unclear`."""
    inflight = conversation.outbox.inflight
    if inflight is None:
        return {}
    return {inflight.message.id: "sending" if inflight.unclear_ms is None else "unclear"}


def _overview_row(conversation: Conversation) -> dict[str, Any]:
    last = conversation.recent[-1] if conversation.recent else {"text": "", "kind": "", "author": ""}
    inflight = conversation.outbox.inflight
    aliases = [conversation.phone, conversation.bsuid]
    return {
        "id": conversation.phone or conversation.bsuid or conversation.id,
        "conversation": conversation.id,
        "name": conversation.name,
        "aliases": [a for a in aliases if a],
        "owner": conversation.owner,
        "reason": conversation.reason,
        "updated": rfc3339(conversation.updated_ms),
        "last_text": last["text"],
        "last_kind": last["kind"],
        "last_author": last["author"],
        "unanswered": conversation.opening > conversation.answered,
        "unclear": int(inflight is not None and inflight.unclear_ms is not None),
        "queued": len(conversation.outbox.queued),
    }
