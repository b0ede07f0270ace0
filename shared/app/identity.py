"""System messages: a person's number or user id changed, or the identity behind it did."""

from dataclasses import dataclass

from shared.app.keep import Keeper
from shared.app.kit import Kit, decide
from shared.app.people import Meeting, People, Sighting
from shared.app.record import Duplicate, RecordMessage, commit_meeting, identifier, sighting_of
from shared.app.wakeups import wake_all
from shared.domain import paths
from shared.domain.content import read
from shared.domain.incoming import Incoming
from shared.domain.phone import phone_key
from shared.ports.store import Create

CHANGES = ("user_changed_number", "user_changed_user_id")


@dataclass(frozen=True, slots=True)
class Change:
    """What a change tells: who it was, and who it is from now on."""

    before: Sighting
    after: Sighting


@dataclass(frozen=True, slots=True)
class RecordSystem:
    """Record a system message and follow what it says about the person."""

    kit: Kit
    people: People
    keeper: Keeper
    record: RecordMessage

    def __call__(self, business: str, incoming: Incoming) -> None:
        """Link the new identifiers to the person of the old ones, then record; idempotent.

        Raises:
            Retryable: A part may be stored; deliver again.
        """
        change = change_of(incoming)
        if change is None:
            self.record(business, incoming)
            return
        path = paths.message(business, incoming.message_key())
        # The commit would notice as well; this saves following a change that was followed.
        if self.kit.ports.store.get(path) is not None:
            self.record.wake_again(business, path)
            return
        try:
            meeting = decide(lambda: self._attempt(business, incoming, change, path))
        except Duplicate:
            self.record.wake_again(business, path)
            return
        wake_all(self.kit, meeting.held)

    def _attempt(self, business: str, incoming: Incoming, change: Change, path: str) -> Meeting:
        meeting = self.people.follow(business, change.before, change.after)
        self._drop_former_phones(meeting, change)
        conversation = meeting.held.conversation
        content = read(incoming.update)
        data = {
            "conversation": conversation.id,
            "seq": conversation.next_seq(),
            "direction": "in",
            "kind": content.kind,
            "text": content.text,
            "understood": True,
            "opens": False,
            "at_ms": incoming.at_ms,
            "received_ms": incoming.received_ms,
            "index": incoming.index,
            "number": incoming.number,
            "wamid": incoming.wamid,
            "reply_to": None,
            "raw": incoming.raw(),
        }
        commit_meeting(self.kit, meeting, [Create(path, data)], path)
        return meeting

    def _drop_former_phones(self, meeting: Meeting, change: Change) -> None:
        """A user id changes when the phone does: the former phone is not theirs any more."""
        kept = change.after.phone and phone_key(change.after.phone)
        person = self.people.person(meeting, meeting.held.conversation.person)
        for value in list(person.aliases["phone"]):
            if value != kept:
                self.people.drop_phone(meeting, value, at_ms=change.after.at_ms)


def change_of(incoming: Incoming) -> Change | None:
    """Read a change of number or user id; None when the message tells of none, or not enough."""
    system = incoming.update.get("system")
    if not isinstance(system, dict) or system.get("type") not in CHANGES:
        return None
    told = sighting_of(incoming)
    phone, bsuid = identifier(system, "wa_id"), identifier(system, "user_id")
    previous = identifier(system, "previous_user_id")
    if previous is None and told is not None and told.bsuid != bsuid:
        previous = told.bsuid
    before_phone = told.phone if told is not None else None
    if not (phone or bsuid) or not (previous or before_phone):
        return None
    at_ms = incoming.at_ms
    previous_parent = identifier(system, "previous_parent_user_id")
    before = Sighting(at_ms, previous, previous_parent, before_phone)
    return Change(before, Sighting(at_ms, bsuid, identifier(system, "parent_user_id"), phone))
