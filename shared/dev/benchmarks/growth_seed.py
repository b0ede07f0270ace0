"""Fills a store with earlier conversations: copies of a real one, under other names."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.adapters.embedded.clock import RandomIds
from shared.dev.benchmarks.growth_rig import BUSINESS, Rig
from shared.dev.benchmarks.turns_payloads import phone_of, user_of
from shared.domain import paths
from shared.domain.phone import phone_key
from shared.ports.store import Create, Document, Query

_BATCH = 5_000
_COUNTERS = ("seq", "opening", "covered", "answered")
_TEMPLATE = 0
"""The customer whose conversation is copied."""


@dataclass(frozen=True, slots=True)
class Template:
    """One customer's documents."""

    conversation: Document
    person: Document
    aliases: tuple[Document, ...]
    messages: tuple[Document, ...]


def template(rig: Rig, *, exchanges: int) -> Template:
    """Let the first customer of an empty installation write so many messages; return the outcome."""
    for _ in range(exchanges):
        rig.exchange(_TEMPLATE)
    return Template(
        conversation=_all(rig, "conversations")[0],
        person=_all(rig, "persons")[0],
        aliases=tuple(_all(rig, "aliases")),
        messages=tuple(sorted(_all(rig, "messages"), key=lambda document: int(document.data["seq"]))),
    )


def copy(rig: Rig, original: Template, customers: Iterable[int], *, earlier: int = 0) -> None:
    """Give each customer a copy of the conversation, made longer to `earlier` messages."""
    ids = RandomIds()
    writes = (write for customer in customers for write in _copied(original, customer, earlier, ids))
    while batch := list(islice(writes, _BATCH)):
        rig.store.inner.commit(batch)


def _copied(original: Template, customer: int, earlier: int, ids: RandomIds) -> Iterator[Create]:
    conversation, person = ids.new(), ids.new()
    names = {
        original.conversation.name: conversation,
        original.person.name: person,
        phone_key(phone_of(_TEMPLATE)): phone_key(phone_of(customer)),
        phone_of(_TEMPLATE): phone_of(customer),
        user_of(_TEMPLATE): user_of(customer),
    }
    own = _renamed(original.conversation, names)
    added = max(0, earlier - len(original.messages))
    yield Create(
        paths.conversation(BUSINESS, conversation), own | {key: own[key] + added for key in _COUNTERS}
    )
    yield Create(paths.person(BUSINESS, person), _renamed(original.person, names))
    for document in original.aliases:
        data = _renamed(document, names)
        yield Create(paths.alias(BUSINESS, data["kind"], data["value"]), data)
    messages = [_renamed(document, names) for document in original.messages]
    for index in range(len(messages) + added):
        key = ids.new()
        # After the copies, the last question and its answer come again and again.
        data = messages[index] if index < len(messages) else messages[index % 2 - 2]
        yield Create(paths.message(BUSINESS, key), data | {"seq": index + 1, "wamid": f"wamid.{key}"})


def _renamed(document: Document, names: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(document.data)
    for old, new in names.items():
        text = text.replace(old, new)
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def _all(rig: Rig, collection: str) -> list[Document]:
    return rig.store.inner.query(Query(paths.collection(BUSINESS, collection), (), (), 1_000))
