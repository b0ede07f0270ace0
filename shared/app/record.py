"""Record what customers write: every incoming message once, and the turn that it opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.app.keep import Keeper
from shared.app.kit import Held, Kit, cancel, decide, load_live, save
from shared.app.people import Meeting, People, Sighting
from shared.app.wakeups import wake_all, wake_turn
from shared.domain import paths
from shared.domain.content import Content, read
from shared.domain.conversation import QUEUE
from shared.domain.errors import AlreadyExists
from shared.domain.incoming import Incoming
from shared.domain.outbox import AGENT
from shared.domain.rules import WINDOW_MS
from shared.ports.store import Create, Write


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """Record one incoming message."""

    kit: Kit
    people: People
    keeper: Keeper

    def __call__(self, business: str, incoming: Incoming) -> None:
        """Store the message and open the turn, in one commit; idempotent.

        A message that is there already changes nothing, but what its conversation waits
        for is asked for again: the earlier delivery may have died before that.

        Raises:
            Retryable: Nothing or everything was stored; deliver again.
        """
        sighting = sighting_of(incoming)
        if sighting is None or "group_id" in incoming.update:
            reason = "no sender" if sighting is None else "in a group"
            self.keeper.update(business, incoming, reason=reason)
            return
        key = incoming.message_key()
        if not self.kit.guards.dedup:
            key = self.kit.ports.ids.new()
        try:
            meeting = decide(lambda: self._attempt(business, incoming, sighting, key))
        except Duplicate as duplicate:
            self.wake_again(business, duplicate.path)
            return
        if meeting.absorbed:
            wake_all(self.kit, meeting.held)
        else:
            wake_turn(self.kit, meeting.held)

    def _attempt(self, business: str, incoming: Incoming, sighting: Sighting, key: str) -> Meeting:
        meeting = self.people.meet(business, sighting)
        writes = self._apply(meeting, incoming, read(incoming.update), key)
        commit_meeting(self.kit, meeting, writes, paths.message(business, key))
        return meeting

    def _apply(self, meeting: Meeting, incoming: Incoming, content: Content, key: str) -> list[Write]:
        conversation = meeting.held.conversation
        conversation.next_seq()
        writes: list[Write] = []
        if content.opens_turn:
            writes += self._open(meeting.held, incoming)
        if content.text or content.opens_turn:
            conversation.remember(line_of(key, "customer", content, incoming.at_ms))
        data = {
            "conversation": conversation.id,
            "seq": conversation.seq,
            "direction": "in",
            "kind": content.kind,
            "text": content.text,
            "understood": content.understood,
            "opens": content.opens_turn,
            "at_ms": incoming.at_ms,
            "received_ms": incoming.received_ms,
            "index": incoming.index,
            "number": incoming.number,
            "wamid": incoming.wamid,
            "reply_to": content.reply_to,
            "raw": incoming.raw(),
        }
        business = meeting.held.business
        writes.append(Create(paths.message(business, key), data))
        if not content.known:
            keep = self.keeper.write
            reason, own = "unknown kind", conversation.id
            writes.append(keep(business, incoming, reason=reason, conversation=own, key=key))
        return writes

    def _open(self, held: Held, incoming: Incoming) -> list[Write]:
        """Move the window and want a turn, or a person when the window has closed already."""
        conversation = held.conversation
        chat = conversation.chat(incoming.number)
        chat.window_ms = max(chat.window_ms, incoming.at_ms + WINDOW_MS)
        if incoming.at_ms >= max(c.newest_ms for c in conversation.chats.values()):
            conversation.reply_number = incoming.number
        if incoming.at_ms >= chat.newest_ms:
            chat.newest_wamid, chat.newest_ms = incoming.wamid or chat.newest_wamid, incoming.at_ms
        now_ms, received_ms = self.kit.ports.clock.now_ms(), incoming.received_ms
        conversation.open_turn(
            at_ms=incoming.at_ms, received_ms=received_ms, now_ms=now_ms, rules=self.kit.rules
        )
        answering = conversation.chat(conversation.reply_number or incoming.number)
        if answering.window_ms > now_ms or conversation.owner != AGENT:
            return []
        cancelled = conversation.give_to(QUEUE, now_ms=now_ms, reason="window closed")
        return cancel(held, cancelled, "window closed")

    def wake_again(self, business: str, path: str) -> None:
        """Ask again for what the conversation of a recorded message waits for."""
        document = self.kit.ports.store.get(path)
        if document is None:
            return
        held = load_live(self.kit.ports.store, business, str(document.data["conversation"]))
        if held is not None:
            wake_all(self.kit, held)


_SHORTEST = 10_000
"""The least number that may be somebody's phone or id."""


class Duplicate(Exception):
    """The message is recorded already."""

    def __init__(self, path: str) -> None:
        """Remember the message's document."""
        super().__init__(path)
        self.path = path


def commit_meeting(kit: Kit, meeting: Meeting, writes: list[Write], message_path: str) -> None:
    """Commit a person's meeting together with a new message.

    Raises:
        Duplicate: The message is there already; nothing was written.
    """
    if any(write.path == message_path for write in meeting.writes):
        # A merge that moves this very message: only one that is there can be moved.
        raise Duplicate(message_path)
    try:
        kit.ports.store.commit([save(kit, meeting.held), *meeting.writes, *writes])
    except AlreadyExists as error:
        if error.path == message_path:
            raise Duplicate(message_path) from None
        raise


def sighting_of(incoming: Incoming) -> Sighting | None:
    """Read who wrote, or None when the update names nobody."""
    update, contact = incoming.update, incoming.contact
    bsuid = identifier(update, "from_user_id") or identifier(contact, "user_id")
    parent = identifier(update, "from_parent_user_id") or identifier(contact, "parent_user_id")
    phone = identifier(update, "from") or identifier(contact, "wa_id")
    if not (bsuid or parent or phone):
        return None
    profile = contact.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    name = identifier(profile, "name") or identifier(profile, "username") or ""
    return Sighting(incoming.at_ms, bsuid, parent, phone, name[:200])


def identifier(value: Mapping[str, Any], key: str) -> str | None:
    """Read a phone, id or name, be it a text or a number; None for anything else."""
    found = value.get(key)
    if isinstance(found, int) and _SHORTEST <= found < 10**20:
        found = str(found)
    if isinstance(found, str) and found.strip() and len(found) <= 512:
        return found.strip()
    return None


def line_of(key: str, author: str, content: Content, at_ms: int) -> dict[str, Any]:
    """Return an entry of a conversation's recent history."""
    return {
        "id": key,
        "author": author,
        "kind": content.kind,
        "text": content.text,
        "understood": content.understood,
        "at_ms": at_ms,
    }
