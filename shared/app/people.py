"""Who wrote: persons with aliases, which never join two humans.

A person is an internal id with aliases: business-scoped user id (`bsuid`), parent id
(`parent`), phone (`phone`, by the key that all its spellings share). An alias document
leads straight to the person's conversation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.app.kit import Held, Kit, load
from shared.app.merge import merge
from shared.domain import paths
from shared.domain.conversation import Conversation
from shared.domain.errors import Conflict
from shared.domain.phone import looks_like_phone, phone_key
from shared.ports.store import Create, Delete, Document, Update, Write

_OWN_ID = re.compile("[a-z0-9]{20,32}")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one update tells about a person; at least one identifier is there."""

    at_ms: int
    bsuid: str | None = None
    parent: str | None = None
    phone: str | None = None
    """As Meta spelt it."""
    name: str = ""

    def keys(self) -> dict[str, str]:
        """Return the aliases by kind."""
        found = {
            "bsuid": self.bsuid,
            "phone": self.phone and phone_key(self.phone),
            "parent": self.parent,
        }
        return {kind: value for kind, value in found.items() if value}


@dataclass(slots=True)
class Person:
    """The person's document, and the writes that change it."""

    business: str
    id: str
    document: Document | None
    """As it was read; None for a new person."""
    conversation: str
    aliases: dict[str, list[str]]

    def holds_other_id(self, bsuid: str | None) -> bool:
        """Tell whether a business-scoped id says that this is somebody else."""
        return bool(self.aliases["bsuid"]) and bsuid not in self.aliases["bsuid"]


@dataclass(slots=True)
class Meeting:
    """A person's conversation, and what must be written together with it."""

    held: Held
    writes: list[Write] = field(default_factory=list)
    persons: dict[str, Person] = field(default_factory=dict)
    """The persons read so far, with what was changed of them."""
    absorbed: set[str] = field(default_factory=set)
    """Conversations that this merges into `held`."""

    def add(self, write: Write) -> None:
        """Add a write, in place of an earlier one of the same document."""
        self.writes[:] = [w for w in self.writes if w.path != write.path]
        self.writes.append(write)

    def owns(self, alias: Document) -> bool:
        """Tell whether an alias leads here already."""
        target = str(alias.data["conversation"])
        return target == self.held.conversation.id or target in self.absorbed


class People:
    """Finds, makes, links and merges persons. Writes nothing itself: the caller commits."""

    def __init__(self, kit: Kit) -> None:
        """Work on the kit's store."""
        self._kit = kit
        self._store = kit.ports.store

    def find(self, business: str, identifier: str) -> str | None:
        """Return the conversation of a phone (any spelling), user id or own id, or None."""
        value = identifier.strip()
        kinds = {"bsuid": value, "parent": value}
        if looks_like_phone(value):
            kinds = {"phone": phone_key(value)}
        for alias in self._aliases(business, kinds).values():
            return str(alias.data["conversation"])
        if not _OWN_ID.fullmatch(value):
            return None
        return value if self._store.get(paths.conversation(business, value)) else None

    def meet(self, business: str, sighting: Sighting) -> Meeting:
        """Resolve by business-scoped id, then phone, then parent id.

        Two persons become one only when they don't hold different business-scoped ids;
        otherwise the phone moves to the person of the newer id.
        """
        keys = sighting.keys()
        found = self._aliases(business, keys)
        chosen = self._choose(business, keys, found)
        if chosen is None:
            return self._welcome(business, sighting, keys, found)
        held = load(self._store, business, str(chosen.data["conversation"]))
        if held is None or held.conversation.merged_into is not None:
            raise Conflict
        meeting = Meeting(held)
        theirs = not _stale_phone(held.conversation, sighting)
        for kind, value in keys.items():
            if kind != "phone":
                self._attach(meeting, kind, value, found.get(kind), sighting)
            elif theirs:
                theirs = self._attach(meeting, kind, value, found.get(kind), sighting)
        _note(meeting.held.conversation, sighting, phone_is_theirs=theirs)
        return meeting

    def follow(self, business: str, before: Sighting, after: Sighting) -> Meeting:
        """Resolve a person whose identifiers changed: Meta says that both are one human."""
        former = self._aliases(business, before.keys())
        found = self._aliases(business, after.keys())
        start = former.get("bsuid") or self._former_by_phone(business, before, former)
        start = start or found.get("bsuid")
        if start is None:
            meeting = self._welcome(business, after, after.keys(), found)
        else:
            held = load(self._store, business, str(start.data["conversation"]))
            if held is None or held.conversation.merged_into is not None:
                raise Conflict
            meeting = Meeting(held)
        self._link(meeting, before, former.get("bsuid"))
        self._link(meeting, after, found.get("bsuid"))
        theirs = after.phone is not None and after.at_ms >= meeting.held.conversation.phone_ms
        if theirs and start is not None:
            value = phone_key(after.phone or "")
            theirs = self._attach(meeting, "phone", value, found.get("phone"), after)
        _note(meeting.held.conversation, after, phone_is_theirs=theirs)
        return meeting

    def _former_by_phone(
        self, business: str, before: Sighting, former: Mapping[str, Document]
    ) -> Document | None:
        alias = former.get("phone")
        if alias is None:
            return None
        person = self._read_person(business, str(alias.data["person"]))
        if before.bsuid is not None and person.holds_other_id(before.bsuid):
            return None
        return alias

    def _link(self, meeting: Meeting, sighting: Sighting, alias: Document | None) -> None:
        """Make a user id lead to the meeting's person, whatever other ids that one holds."""
        if sighting.bsuid is None or (alias is not None and meeting.owns(alias)):
            return
        mine = self.person(meeting, meeting.held.conversation.person)
        if alias is not None:
            self.join(meeting, mine, self.person(meeting, str(alias.data["person"])))
        elif sighting.bsuid not in mine.aliases["bsuid"]:
            mine.aliases["bsuid"].append(sighting.bsuid)
            meeting.add(self._alias(meeting, "bsuid", sighting.bsuid, sighting))
            meeting.add(person_write(mine))

    def _aliases(self, business: str, keys: Mapping[str, str]) -> dict[str, Document]:
        documents = self._store.get_many([paths.alias(business, k, v) for k, v in keys.items()])
        return {kind: doc for kind, doc in zip(keys, documents, strict=True) if doc is not None}

    def _choose(
        self, business: str, keys: Mapping[str, str], found: Mapping[str, Document]
    ) -> Document | None:
        if "bsuid" in found:
            return found["bsuid"]
        for kind in ("phone", "parent"):
            if kind not in found:
                continue
            if "bsuid" not in keys:
                return found[kind]
            person = self._read_person(business, str(found[kind].data["person"]))
            if not person.holds_other_id(keys["bsuid"]):
                return found[kind]
        return None

    def _read_person(self, business: str, key: str) -> Person:
        document = self._store.get(paths.person(business, key))
        if document is None:
            raise Conflict
        return person_of(business, document)

    def person(self, meeting: Meeting, key: str) -> Person:
        """Read a person once per meeting."""
        if key not in meeting.persons:
            meeting.persons[key] = self._read_person(meeting.held.business, key)
        return meeting.persons[key]

    def _welcome(
        self,
        business: str,
        sighting: Sighting,
        keys: Mapping[str, str],
        found: Mapping[str, Document],
    ) -> Meeting:
        ids, now = self._kit.ports.ids, self._kit.ports.clock.now_ms()
        conversation = Conversation(ids.new(), ids.new(), created_ms=now)
        meeting = Meeting(Held(business, conversation, None))
        own: dict[str, list[str]] = {"bsuid": [], "phone": [], "parent": []}
        own |= {kind: [value] for kind, value in keys.items() if kind not in found}
        phone_is_theirs = "phone" not in found
        if "phone" in found and self._newer(found["phone"], sighting):
            phone_is_theirs = True
            own["phone"] = [keys["phone"]]
            self._take_phone(meeting, found["phone"], sighting)
        for kind, value in keys.items():
            if kind not in found:
                meeting.add(self._alias(meeting, kind, value, sighting))
        person = Person(business, conversation.person, None, conversation.id, own)
        meeting.persons[person.id] = person
        meeting.add(person_write(person))
        _note(conversation, sighting, phone_is_theirs=phone_is_theirs)
        return meeting

    def _attach(
        self, meeting: Meeting, kind: str, value: str, alias: Document | None, sighting: Sighting
    ) -> bool:
        """Make an alias lead here, if nothing speaks against it; tell whether it does."""
        if alias is not None and meeting.owns(alias):
            return True
        mine = self.person(meeting, meeting.held.conversation.person)
        if alias is None:
            mine.aliases[kind].append(value)
            meeting.add(self._alias(meeting, kind, value, sighting))
            meeting.add(person_write(mine))
            return True
        other = self.person(meeting, str(alias.data["person"]))
        if not mine.aliases["bsuid"] or not other.aliases["bsuid"]:
            self.join(meeting, mine, other)
            return True
        if kind == "phone" and self._newer(alias, sighting):
            mine.aliases["phone"].append(value)
            meeting.add(person_write(mine))
            self._take_phone(meeting, alias, sighting)
            return True
        return False

    def join(self, meeting: Meeting, mine: Person, other: Person) -> None:
        """Merge two persons, and their conversations, into the older one."""
        loser = load(self._store, mine.business, other.conversation)
        if loser is None or loser.conversation.merged_into is not None:
            raise Conflict
        meeting.absorbed |= {meeting.held.conversation.id, loser.conversation.id}
        merged = merge(self._kit, meeting.held, loser)
        winner, gone = (mine, other) if merged.winner is meeting.held else (other, mine)
        meeting.held = merged.winner
        for kind, values in gone.aliases.items():
            winner.aliases[kind] += [v for v in values if v not in winner.aliases[kind]]
            for value in values:
                self._repoint(meeting, paths.alias(mine.business, kind, value), winner)
        meeting.add(person_write(winner))
        meeting.add(person_write(gone, merged_into=winner.id))
        for write in merged.writes:
            meeting.add(write)

    @staticmethod
    def _repoint(meeting: Meeting, path: str, winner: Person) -> None:
        fields = {"person": winner.id, "conversation": winner.conversation}
        earlier = next((w for w in meeting.writes if w.path == path), None)
        if isinstance(earlier, Create):
            meeting.add(Create(path, {**earlier.data, **fields}))
        else:
            meeting.add(Update(path, fields))

    def _take_phone(self, meeting: Meeting, alias: Document, sighting: Sighting) -> None:
        """Move a recycled phone here; its former person keeps the history without it."""
        former = self.person(meeting, str(alias.data["person"]))
        value = str(alias.data["value"])
        former.aliases["phone"] = [p for p in former.aliases["phone"] if p != value]
        meeting.add(person_write(former))
        self._forget_phone(meeting, former.conversation, value, sighting)
        conversation = meeting.held.conversation
        moved = {
            "person": conversation.person,
            "conversation": conversation.id,
            "since_ms": sighting.at_ms,
        }
        meeting.add(Update(alias.path, moved, if_version=alias.version))

    def _forget_phone(self, meeting: Meeting, key: str, value: str, sighting: Sighting) -> None:
        held = load(self._store, meeting.held.business, key)
        if held is None:
            raise Conflict
        phone = held.conversation.phone
        if phone is not None and phone_key(phone) == value:
            fields = {"phone": None, "phone_ms": sighting.at_ms}
            path = paths.conversation(held.business, key)
            meeting.add(Update(path, fields, if_version=held.version))

    def drop_phone(self, meeting: Meeting, value: str, *, at_ms: int) -> None:
        """Take a phone away from the meeting's person: it is nobody's until it is seen again."""
        conversation = meeting.held.conversation
        alias = self._store.get(paths.alias(meeting.held.business, "phone", value))
        if alias is None or not meeting.owns(alias) or int(alias.data["since_ms"]) > at_ms:
            return
        if conversation.phone is not None and phone_key(conversation.phone) == value:
            conversation.phone = None
            conversation.phone_ms = max(conversation.phone_ms, at_ms)
        mine = self.person(meeting, conversation.person)
        mine.aliases["phone"] = [p for p in mine.aliases["phone"] if p != value]
        meeting.add(person_write(mine))
        meeting.add(Delete(alias.path, if_version=alias.version))

    def _alias(self, meeting: Meeting, kind: str, value: str, sighting: Sighting) -> Write:
        conversation = meeting.held.conversation
        data = {
            "kind": kind,
            "value": value,
            "person": conversation.person,
            "conversation": conversation.id,
            "since_ms": sighting.at_ms,
        }
        return Create(paths.alias(meeting.held.business, kind, value), data)

    @staticmethod
    def _newer(alias: Document, sighting: Sighting) -> bool:
        return sighting.at_ms > int(alias.data["since_ms"])


def person_of(business: str, document: Document) -> Person:
    """Read a person's document."""
    aliases = {kind: list(values) for kind, values in document.data["aliases"].items()}
    return Person(business, document.name, document, str(document.data["conversation"]), aliases)


def person_write(person: Person, *, merged_into: str | None = None) -> Write:
    """Return the write that stores a person, if nobody changed it meanwhile."""
    path = paths.person(person.business, person.id)
    fields: dict[str, Any] = {"aliases": person.aliases, "merged_into": merged_into}
    if person.document is None:
        return Create(path, {**fields, "conversation": person.conversation})
    return Update(path, fields, if_version=person.document.version)


def _stale_phone(conversation: Conversation, sighting: Sighting) -> bool:
    """Tell whether a newer update told another phone than this one."""
    if sighting.phone is None or sighting.at_ms > conversation.phone_ms:
        return False
    known = conversation.phone
    return known is None or phone_key(known) != phone_key(sighting.phone)


def _is_newest_phone(conversation: Conversation, sighting: Sighting) -> bool:
    """Tell whether no newer message spelt the phone in another way."""
    return conversation.phone is None or sighting.at_ms >= conversation.phone_ms


def _note(conversation: Conversation, sighting: Sighting, *, phone_is_theirs: bool) -> None:
    if sighting.name:
        conversation.name = sighting.name
    if sighting.bsuid and sighting.at_ms >= conversation.bsuid_ms:
        conversation.bsuid, conversation.bsuid_ms = sighting.bsuid, sighting.at_ms
    conversation.bsuid = conversation.bsuid or sighting.parent
    if sighting.phone and phone_is_theirs and _is_newest_phone(conversation, sighting):
        conversation.phone = sighting.phone
        conversation.phone_ms = max(conversation.phone_ms, sighting.at_ms)
