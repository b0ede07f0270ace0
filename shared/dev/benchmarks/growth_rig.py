"""An installation for the growth benchmark: embedded store and tasks, a clock and a Graph of its own."""

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
from shared.app.use_cases import Ports, Rules, UseCases
from shared.domain.delivery import state_of
from shared.ports.bus import Event
from shared.ports.graph import Accepted, SendOutcome
from shared.ports.store import Document, Query, Store, Write
from shared.ports.tasks import TURNS

NUMBER = "106540352242922"
START_MS = 1_790_000_000_000
BETWEEN_MS = 5_000

QUESTION = "Oi! Qual é o horário de atendimento?"


@dataclass(slots=True)
class StepClock:
    """A clock that goes on when it is told to."""

    now: int = START_MS

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
        self._inner = inner

    def get(self, path: str) -> Document | None:
        """Read one document as of now, or None."""
        self.counted.reads += 1
        self.counted.documents_read += 1
        return self._inner.get(path)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read several documents."""
        self.counted.reads += 1
        self.counted.documents_read += len(paths)
        return self._inner.get_many(paths)

    def query(self, query: Query) -> list[Document]:
        """Read one page."""
        self.counted.queries += 1
        page = self._inner.query(query)
        self.counted.documents_read += len(page)
        return page

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none."""
        self.counted.commits += 1
        self.counted.documents_written += len(writes)
        self._inner.commit(writes)


class AcceptingGraph:
    """A `Graph` that takes every message and remembers what it would tell in receipts."""

    def __init__(self) -> None:
        """Start with nothing taken."""
        self.taken: list[tuple[str, str]] = []

    def send(self, number_id: str, body: Mapping[str, Any]) -> SendOutcome:
        """Take the message."""
        wamid = f"wamid.out{len(self.taken):08}"
        self.taken.append((wamid, str(body["biz_opaque_callback_data"])))
        return Accepted(wamid)

    def mark_read(self, number_id: str, wamid: str) -> None:
        """Do nothing."""


class _NoBus:
    def publish(self, topic: str, events: Sequence[Event]) -> None:
        raise NotImplementedError


class Rig:
    """The use cases on a folder of their own; one message at a time goes all the way."""

    def __init__(self, path: Path) -> None:
        """Open the folder."""
        self.rules = Rules()
        self.clock = StepClock()
        self._folder = DataFolder(path)
        self.store = CountingStore(SqliteStore(self._folder))
        self._graph = AcceptingGraph()
        self._tasks = SqliteTasks(self._folder, clock=self.clock)
        self._due: list[Due] = []
        self._tasks.listen(self._due.append)
        self._received = 0
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
        self._cases = UseCases(ports, self.rules, {NUMBER: "default"})

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()

    def exchange(self, customer: int) -> float:
        """Let a customer's message go through record, turn, send and three receipts.

        Returns:
            The processor time that it took, in milliseconds.
        """
        self.clock.now += BETWEEN_MS
        self._received += 1
        message = _event("message", self.clock.now, message_of(customer, self._received, self.clock.now))
        answered = len(self._graph.taken)
        begun = process_time()
        self._cases.record_message(message, event_id=str(self._received))
        self.clock.now += self.rules.quiet_ms
        self._work_off()
        for receipt in self._receipts(answered):
            self._cases.record_status(receipt, event_id="")
        return (process_time() - begun) * 1000

    def last_state(self) -> str:
        """Tell the state of the answer that was sent last."""
        _, callback = self._graph.taken[-1]
        document = self.store.get(f"businesses/default/messages/{callback.split(':')[1]}")
        return state_of(document.data) if document is not None else "absent"

    def answers(self) -> int:
        """Count the answers sent so far."""
        return len(self._graph.taken)

    def _work_off(self) -> None:
        while self._due:
            due = self._due.pop(0)
            task = self._tasks.load(due.id)
            if task is None:
                continue
            payload = _payload(task.payload)
            if due.queue == TURNS:
                self._cases.take_turn(payload)
            else:
                self._cases.send_next(payload)
            self._tasks.finish(due.id)

    def _receipts(self, answered: int) -> list[dict[str, Any]]:
        return [
            _event("status", self.clock.now, _status(wamid, callback, name, self.clock.now))
            for wamid, callback in self._graph.taken[answered:]
            for name in ("sent", "delivered", "read")
        ]
