"""An installation for the growth benchmark: embedded store and tasks, a clock and a Graph of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

from shared.adapters.embedded.clock import RandomIds
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.store import SqliteStore
from shared.adapters.embedded.tasks import Due, SqliteTasks
from shared.adapters.offline.actions import OfflineActions
from shared.adapters.offline.responder import OfflineResponder
from shared.app.intake import split
from shared.app.use_cases import Ports, Rules, UseCases
from shared.dev.benchmarks.turns_payloads import NUMBERS, RECEIPTS, message, phone_of, receipt
from shared.dev.benchmarks.webhook_servers import NotMeasurable
from shared.domain import paths
from shared.domain.delivery import parse_callback, state_of
from shared.ports.bus import Event
from shared.ports.graph import Accepted, SendOutcome
from shared.ports.store import Document, Query, Store, Write
from shared.ports.tasks import TURNS

BUSINESS = "default"
NUMBER = NUMBERS[0]
START_MS = 1_790_000_000_000
BETWEEN_MS = 60_000
"""Far enough apart that a customer's turns stay below the hour's limit."""


@dataclass(slots=True)
class StepClock:
    """A clock that goes on when it is told to."""

    now: int

    def now_ms(self) -> int:
        """Tell the time in milliseconds since 1970."""
        return self.now


@dataclass(slots=True)
class Operations:
    """What the store was asked for: calls, and documents read and written."""

    reads: int = 0
    queries: int = 0
    commits: int = 0
    documents_read: int = 0
    documents_written: int = 0


class CountingStore:
    """A `Store` that counts what another one is asked for."""

    def __init__(self, inner: Store) -> None:
        """Wrap `inner`."""
        self.counted = Operations()
        self.inner = inner

    def get(self, path: str) -> Document | None:
        """Read one document as of now, or None."""
        self.counted.reads += 1
        self.counted.documents_read += 1
        return self.inner.get(path)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read several documents."""
        self.counted.reads += 1
        self.counted.documents_read += len(paths)
        return self.inner.get_many(paths)

    def query(self, query: Query) -> list[Document]:
        """Read one page."""
        self.counted.queries += 1
        page = self.inner.query(query)
        self.counted.documents_read += len(page)
        return page

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none."""
        self.counted.commits += 1
        self.counted.documents_written += len(writes)
        self.inner.commit(writes)


class AcceptingGraph:
    """A `Graph` that takes every message and remembers what it would tell in receipts."""

    def __init__(self) -> None:
        """Start with nothing taken."""
        self.taken: list[tuple[str, str]] = []
        self._count = 0

    def send(self, number_id: str, body: Mapping[str, Any]) -> SendOutcome:
        """Take the message."""
        self._count += 1
        wamid = f"wamid.out{self._count:08}"
        self.taken.append((wamid, str(body["biz_opaque_callback_data"])))
        return Accepted(wamid)

    def mark_read(self, number_id: str, wamid: str) -> None:
        """Do nothing."""


class _NoBus:
    def publish(self, topic: str, events: Sequence[Event]) -> None:
        raise NotImplementedError


class Rig:
    """The use cases on a folder of their own; one message at a time goes all the way."""

    def __init__(self, path: Path, *, from_ms: int = START_MS) -> None:
        """Open the folder; the clock begins at `from_ms`."""
        self.rules = Rules()
        self.clock = StepClock(from_ms)
        self._folder = DataFolder(path)
        self.store = CountingStore(SqliteStore(self._folder))
        self._graph = AcceptingGraph()
        self._tasks = SqliteTasks(self._folder, clock=self.clock)
        self._due: list[Due] = []
        self._tasks.listen(self._due.append)
        ports = Ports(
            store=self.store,
            bus=_NoBus(),
            tasks=self._tasks,
            graph=self._graph,
            assistant=OfflineResponder(),
            actions=OfflineActions(),
            clock=self.clock,
            ids=RandomIds(),
        )
        self._cases = UseCases(ports, self.rules, {NUMBER: BUSINESS})

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()

    def exchange(self, customer: int) -> float:
        """Let a customer's message go through record, turn, send and three receipts.

        Returns:
            The processor time that it took, in milliseconds.
        """
        self.clock.now += BETWEEN_MS
        wamid = f"wamid.in{self.clock.now}"
        incoming = self._events(message(customer, number=NUMBER, wamid=wamid, at_s=self.clock.now // 1000))
        begun = process_time()
        for event in incoming:
            self._cases.record_message(event, event_id=wamid)
        self.clock.now += self.rules.quiet_ms
        self._work_off()
        took = process_time() - begun
        sent, self._graph.taken = self._graph.taken, []
        receipts = [event for one in sent for event in self._receipts(customer, *one)]
        begun = process_time()
        for event in receipts:
            self._cases.record_status(event, event_id=wamid)
        took += process_time() - begun
        self._check(sent)
        return took * 1000

    def _check(self, sent: list[tuple[str, str]]) -> None:
        if len(sent) != 1:
            raise NotMeasurable(f"{len(sent)} answers to one message")
        found = parse_callback(sent[0][1])
        document = self.store.inner.get(paths.message(BUSINESS, found[0])) if found is not None else None
        if document is None or state_of(document.data) != "read":
            raise NotMeasurable("an answer that was read does not say so")

    def _work_off(self) -> None:
        while self._due:
            due = self._due.pop(0)
            task = self._tasks.load(due.id)
            if task is None:
                continue
            payload = json.loads(task.payload)
            if due.queue == TURNS:
                self._cases.take_turn(payload)
            else:
                self._cases.send_next(payload)
            self._tasks.finish(due.id)

    def _receipts(self, customer: int, wamid: str, callback: str) -> list[Any]:
        to, at_s = phone_of(customer), self.clock.now // 1000
        payloads = [
            receipt(name, number=NUMBER, wamid=wamid, callback=callback, to=to, at_s=at_s)
            for name in RECEIPTS
        ]
        return [event for payload in payloads for event in self._events(payload)]

    def _events(self, payload: dict[str, Any]) -> list[Any]:
        """Split a payload into the events that the webhook would publish."""
        topics = split(payload, received_ms=self.clock.now)
        return [json.loads(event.data) for events in topics.values() for event in events]
