"""Echoes: what a person typed on the business's own phone, which is a takeover."""

from dataclasses import dataclass
from itertools import takewhile

from shared.app.keep import Keeper
from shared.app.kit import Held, Kit, cancel, decide
from shared.app.people import Meeting, People, Sighting
from shared.app.record import Duplicate, commit_meeting, identifier, line_of
from shared.domain import paths
from shared.domain.content import Content, read
from shared.domain.conversation import Conversation
from shared.domain.incoming import Incoming
from shared.ports.store import Create, Query, Write

PHONE_PERSON = "person:phone"


@dataclass(frozen=True, slots=True)
class RecordEcho:
    """Record a message that left from the business's phone, and who has the thread now."""

    kit: Kit
    people: People
    keeper: Keeper

    def __call__(self, business: str, incoming: Incoming) -> None:
        """Store the echo and take the conversation over, in one commit; idempotent.

        Counts from when the echo reaches us. What the customer had written until then
        is answered by it.

        Raises:
            Retryable: Nothing or everything was stored; deliver again.
        """
        bsuid, phone = identifier(incoming.update, "to_user_id"), identifier(incoming.update, "to")
        if bsuid is None and phone is None:
            self.keeper.update(business, incoming, reason="no receiver")
            return
        sighting = Sighting(incoming.at_ms, bsuid, None, phone)
        try:
            decide(lambda: self._attempt(business, incoming, sighting))
        except Duplicate:
            return

    def _attempt(self, business: str, incoming: Incoming, sighting: Sighting) -> Meeting:
        key = incoming.message_key()
        meeting = self.people.meet(business, sighting)
        conversation = meeting.held.conversation
        content = read(incoming.update)
        answered = self._written_before(meeting.held, incoming.at_ms)
        conversation.answered_by_person(answered)
        writes: list[Write] = []
        if not conversation.owner.startswith("person:"):
            now_ms = self.kit.ports.clock.now_ms()
            cancelled = conversation.give_to(PHONE_PERSON, now_ms=now_ms)
            writes += cancel(meeting.held, cancelled, "taken over")
        conversation.next_seq()
        conversation.remember(line_of(key, "person", content, incoming.at_ms))
        writes.append(self._message(meeting.held, incoming, content, key))
        commit_meeting(self.kit, meeting, writes, paths.message(business, key))
        return meeting

    def _written_before(self, held: Held, at_ms: int) -> int:
        """Return up to where the person can have seen everything when writing."""
        conversation = held.conversation
        if conversation.opening_ms <= at_ms:
            return conversation.seq
        seen = takewhile(lambda one: one[1] <= at_ms, self._open_messages(held.business, conversation))
        return max((seq for seq, _ in seen), default=conversation.answered)

    def _open_messages(self, business: str, conversation: Conversation) -> list[tuple[int, int]]:
        query = Query(
            paths.collection(business, "messages"),
            (("conversation", "==", conversation.id), ("seq", ">", conversation.answered)),
            ("seq",),
            limit=1000,
        )
        return [(int(d.data["seq"]), int(d.data["at_ms"])) for d in self.kit.ports.store.query(query)]

    def _message(self, held: Held, incoming: Incoming, content: Content, key: str) -> Create:
        data = {
            "conversation": held.conversation.id,
            "seq": held.conversation.seq,
            "direction": "out",
            "author": "person",
            "kind": content.kind,
            "text": content.text,
            "state": "sent",
            "reason": "",
            "at_ms": incoming.at_ms,
            "received_ms": incoming.received_ms,
            "index": incoming.index,
            "number": incoming.number,
            "wamid": incoming.wamid,
            "receipts": {},
            "raw": incoming.raw(),
        }
        return Create(paths.message(held.business, key), data)
