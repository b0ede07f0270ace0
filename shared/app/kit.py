"""What every use case is made of: the ports, the figures, and one way to commit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from shared.domain import paths
from shared.domain.conversation import QUEUE, Conversation
from shared.domain.errors import AlreadyExists, Conflict, Missing
from shared.domain.guards import Guards
from shared.domain.outbox import AGENT, Outgoing
from shared.domain.rules import Rules
from shared.ports.actions import Actions
from shared.ports.assistant import Assistant
from shared.ports.bus import EventBus
from shared.ports.clock import Clock, Ids
from shared.ports.graph import Graph
from shared.ports.store import Create, Document, Query, Store, Update, Version, Write
from shared.ports.tasks import TaskQueue

T = TypeVar("T")

ATTEMPTS = 6
"""How often a lost precondition is read and decided anew before the platform retries."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside."""

    store: Store
    bus: EventBus
    tasks: TaskQueue
    graph: Graph
    assistant: Assistant
    actions: Actions
    clock: Clock
    ids: Ids


@dataclass(frozen=True, slots=True)
class Kit:
    """The ports together with the figures that the use cases decide by."""

    ports: Ports
    rules: Rules
    guards: Guards = field(default_factory=Guards)


@dataclass(slots=True)
class Held:
    """A conversation as it was read, to be changed and committed."""

    business: str
    conversation: Conversation
    version: Version | None
    """None: it is new."""


def load(store: Store, business: str, key: str) -> Held | None:
    """Read a conversation, or None when there is none."""
    return _held(business, store.get(paths.conversation(business, key)))


def _held(business: str, document: Document | None) -> Held | None:
    if document is None:
        return None
    return Held(business, Conversation.from_data(document.data), document.version)


def load_live(store: Store, business: str, key: str) -> Held | None:
    """Read a conversation, or the one that it was merged into."""
    held = load(store, business, key)
    while held is not None and held.conversation.merged_into is not None:
        held = load(store, business, held.conversation.merged_into)
    return held


def every(store: Store, query: Query) -> Iterator[Document]:
    """Yield the documents of a query over all of its pages, each of `query.limit`."""
    page: list[Document] | None = None
    while page is None or len(page) == query.limit:
        page = store.query(replace(query, after=page[-1] if page else query.after))
        yield from page


def save(kit: Kit, held: Held) -> Write:
    """Return the write that stores a changed conversation if nobody changed it meanwhile."""
    conversation = held.conversation
    conversation.updated_ms = kit.ports.clock.now_ms()
    path = paths.conversation(held.business, conversation.id)
    data = conversation.to_data(kit.rules)
    if held.version is None:
        return Create(path, data)
    return Update(path, data, if_version=held.version)


def cancel(held: Held, messages: list[Outgoing], reason: str) -> list[Write]:
    """Return the writes that mark messages cancelled; what was never said leaves the history."""
    held.conversation.forget({m.id for m in messages})
    return [
        Update(paths.message(held.business, m.id), {"state": "cancelled", "reason": reason}) for m in messages
    ]


def to_people(kit: Kit, held: Held, reason: str) -> list[Write]:
    """Put a conversation into the people's queue; return the writes beside its own.

    Whatever the agent has queued is withdrawn: its customer's messages are open again. The
    owner of one that is waiting for a person, a person's or paused stays as it is.
    """
    conversation, now_ms = held.conversation, kit.ports.clock.now_ms()
    if conversation.owner == AGENT:
        return cancel(held, conversation.give_to(QUEUE, now_ms=now_ms, reason=reason), reason)
    return cancel(held, conversation.withdraw(now_ms), reason)


def decide(attempt: Callable[[], T], *, also: type[Exception] = Conflict) -> T:
    """Run a read-decide-commit until its preconditions hold, at most six times.

    Args:
        attempt: Reads, decides and commits; may be run again.
        also: Another error to try again after.

    Raises:
        Conflict: They never did; the platform may deliver again.
    """
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except (Conflict, AlreadyExists, Missing, also):
            continue
    raise Conflict
