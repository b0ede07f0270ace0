"""One simulated installation: the real use cases between simulated ports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from shared.adapters.memory.store import MemoryStore
from shared.app.intake import split
from shared.app.kit import Ports
from shared.app.use_cases import UseCases
from shared.domain.errors import (
    AssistantUnavailable,
    BusUnavailable,
    Retryable,
    StoreUnavailable,
    TasksUnavailable,
)
from shared.domain.guards import Guards
from shared.domain.rules import POST_MS, Rules
from shared.ports.actions import ActionOutcome, Declined, Done, Unknown
from shared.ports.assistant import Action, Briefing, Decision, NextStep
from shared.ports.bus import Event
from shared.ports.graph import SendOutcome
from shared.ports.store import Document, Query, Write
from shared.ports.tasks import TURNS
from shared.simulation.decoding import payload_of
from shared.simulation.meta import Meta, MetaFaults
from shared.simulation.scheduler import Crashed, Scheduler

HOUR_MS = 3_600_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mark:
    """Who made a commit, and when."""

    at_ms: int
    asked_ms: int
    """When it was decided on; a slow way to the store lies between."""
    use_case: str
    process: int


class SimStore:
    """The in-memory store, with a switch at each call and commits that go unanswered."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Start empty, recording every commit."""
        self.inner = MemoryStore(record=True)
        self.marks: list[Mark] = []
        self._scheduler = scheduler

    def get(self, path: str) -> Document | None:
        """Read one document."""
        return self._scheduler.call("store.get", lambda: self._reading(lambda: self.inner.get(path)))

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read several documents."""
        read = self.inner.get_many
        return self._scheduler.call("store.get_many", lambda: self._reading(lambda: read(paths)))

    def query(self, query: Query) -> list[Document]:
        """Read one page."""
        read = self.inner.query
        return self._scheduler.call("store.query", lambda: self._reading(lambda: read(query)))

    def commit(self, writes: Sequence[Write]) -> None:
        """Commit, and now and then don't tell."""
        asked_ms = self._scheduler.now_ms
        self._scheduler.call("store.commit", lambda: self._commit(writes, asked_ms))

    def _reading(self, read: Callable[[], T]) -> T:
        if self._scheduler.chance(self._scheduler.faults.error):
            raise StoreUnavailable
        return read()

    def _commit(self, writes: Sequence[Write], asked_ms: int) -> None:
        if self._scheduler.chance(self._scheduler.faults.error):
            raise StoreUnavailable
        self.inner.commit(writes)
        process = self._scheduler.running
        name, number = (process.use_case, process.number) if process else ("-", 0)
        self.marks.append(Mark(self._scheduler.now_ms, asked_ms, name, number))
        self._scheduler.log(process, "  " + ", ".join(w.path.split("/", 2)[2] for w in writes))
        if self._scheduler.chance(self._scheduler.faults.error):
            raise StoreUnavailable


class SimTasks:
    """Named tasks that are dispatched late, twice, and again until they end well.

    Names are remembered longer than the service does, so that reusing one is noticed.
    """

    def __init__(self, scheduler: Scheduler, dispatch: Callable[..., None]) -> None:
        """Dispatch through a callback (queue, payload, done)."""
        self._scheduler = scheduler
        self._dispatch = dispatch
        self._names: dict[str, int] = {}
        self.pending = 0

    def create(self, queue: str, name: str, payload: Mapping[str, Any], *, at_ms: int) -> bool:
        """Store a task, unless its name was used."""
        return self._scheduler.call("tasks.create", lambda: self._create(queue, name, dict(payload), at_ms))

    def slow_down(self, queue: str, *, factor: float, until_ms: int) -> None:
        """Change nothing here: rates are not simulated."""
        self._scheduler.call("tasks.slow_down", lambda: None)

    def _create(self, queue: str, name: str, payload: dict[str, Any], at_ms: int) -> bool:
        if self._scheduler.chance(self._scheduler.faults.error):
            raise TasksUnavailable
        now_ms = self._scheduler.now_ms
        if self._names.get(name, 0) > now_ms:
            return False
        self._names[name] = now_ms + HOUR_MS * 1000
        self.pending += 1
        self._scheduler.at(at_ms, lambda: self._run(queue, name, payload, 0))
        if self._scheduler.chance(self._scheduler.faults.duplicate):
            late_ms = self._scheduler.rng.choice((0, 5, 50, 1_500, 40_000))
            self.pending += 1
            self._scheduler.at(at_ms + late_ms, lambda: self._run(queue, name, payload, 0))
        if self._scheduler.chance(self._scheduler.faults.error):
            raise TasksUnavailable
        return True

    def _run(self, queue: str, name: str, payload: dict[str, Any], failures: int) -> None:
        def done(error: BaseException | None) -> None:
            if error is None:
                self.pending -= 1
                self._names[name] = self._scheduler.now_ms + 24 * HOUR_MS
                return
            wait_ms = min(1000 * 2**failures, 600_000)
            self._scheduler.after(wait_ms, lambda: self._run(queue, name, payload, failures + 1))

        self._dispatch(queue, payload, done)


class SimBus:
    """Events that are delivered late, twice, in any order, and again until they end well."""

    def __init__(self, scheduler: Scheduler, deliver: Callable[..., None]) -> None:
        """Deliver through a callback (topic, event, event id, done)."""
        self._scheduler = scheduler
        self._deliver = deliver
        self._count = 0
        self.pending = 0

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Store events, and now and then don't tell."""
        self._scheduler.call("bus.publish", lambda: self._publish(topic, events))

    def _publish(self, topic: str, events: Sequence[Event]) -> None:
        if self._scheduler.chance(self._scheduler.faults.error):
            raise BusUnavailable
        for event in events:
            self._count += 1
            self._schedule(topic, event, f"event-{self._count}")
            if self._scheduler.chance(self._scheduler.faults.duplicate):
                self._schedule(topic, event, f"event-{self._count}")
        if self._scheduler.chance(self._scheduler.faults.error):
            raise BusUnavailable

    def _schedule(self, topic: str, event: Event, event_id: str) -> None:
        rng = self._scheduler.rng
        delay_ms = rng.choice((0, 1, 5, 20)) if rng.random() < 0.8 else rng.randrange(20_000)
        self.pending += 1
        self._scheduler.after(delay_ms, lambda: self._run(topic, event, event_id, 0))

    def _run(self, topic: str, event: Event, event_id: str, failures: int) -> None:
        def done(error: BaseException | None) -> None:
            if error is None:
                self.pending -= 1
                return
            wait_ms = min(1000 * 2**failures, 600_000)
            again = failures + 1
            self._scheduler.after(wait_ms, lambda: self._run(topic, event, event_id, again))

        self._deliver(topic, event, event_id, done)


class SimGraph:
    """The way to Meta."""

    def __init__(self, scheduler: Scheduler, meta: Meta) -> None:
        """Post to a model of Meta."""
        self._scheduler = scheduler
        self._meta = meta

    def send(self, number_id: str, body: Mapping[str, Any]) -> SendOutcome:
        """Post once, within the adapter's time."""
        post = self._meta.post
        half_ms = POST_MS // 2 - 1
        return self._scheduler.call(
            "graph.send", lambda: post(number_id, body), longest_ms=half_ms, takes_ms=1_000
        )

    def mark_read(self, number_id: str, wamid: str) -> None:
        """Change nothing."""
        self._scheduler.call("graph.mark_read", lambda: None)


class SimAssistant:
    """Answers each message by its token, so that coverage can be read from the reply."""

    def __init__(self, scheduler: Scheduler, unavailable: float, acting: float) -> None:
        """Fail and act with these probabilities."""
        self._scheduler = scheduler
        self._unavailable = unavailable
        self._acting = acting
        self.drafts: dict[int, int] = {}
        """How many drafts each process wrote."""

    def decide(self, briefing: Briefing) -> Decision:
        """Take a while, then answer everything."""
        return self._scheduler.call("assistant.decide", lambda: self._decide(briefing), takes_ms=6_000)

    def _decide(self, briefing: Briefing) -> Decision:
        process = self._scheduler.running
        if process is not None:
            self.drafts[process.number] = self.drafts.get(process.number, 0) + 1
        if self._scheduler.chance(self._unavailable):
            raise AssistantUnavailable
        tokens = [f"<{line.id}>" for line in briefing.unanswered]
        parts = tuple(tokens) if self._scheduler.chance(0.3) else ("".join(tokens),)
        wants_person = any("person" in line.text for line in briefing.unanswered)
        step = NextStep.HANDOVER if wants_person else NextStep.WAIT
        acts = any(line.author == "customer" for line in briefing.unanswered)
        actions: tuple[Action, ...] = ()
        if acts and self._scheduler.chance(self._acting):
            actions = (Action(self._scheduler.rng.choice(("order", "charge"))),)
        return Decision(parts, step, actions, reason="asked for a person" if wants_person else "")


class SimActions:
    """A provider: `order` takes our key, `charge` doesn't."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Remember what was carried out, by key."""
        self.performed: list[tuple[int, str, str]] = []
        self._scheduler = scheduler

    def repeatable(self, kind: str) -> bool:
        """Tell whether the provider takes our key."""
        return kind == "order"

    def perform(self, kind: str, arguments: Mapping[str, Any], *, key: str) -> ActionOutcome:
        """Carry it out, and now and then don't tell."""
        return self._scheduler.call("actions.perform", lambda: self._perform(kind, key))

    def _perform(self, kind: str, key: str) -> ActionOutcome:
        if self._scheduler.chance(0.1):
            return Declined("out of stock")
        if self._scheduler.chance(0.1):
            return Unknown("lost before")
        known = kind == "order" and any(k == key for _, _, k in self.performed)
        if not known:
            self.performed.append((self._scheduler.now_ms, kind, key))
        return Unknown("lost after") if self._scheduler.chance(0.1) else Done("carried out")


class SimClock:
    """Virtual time."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Read the scheduler's time."""
        self._scheduler = scheduler

    def now_ms(self) -> int:
        """Tell it."""
        return self._scheduler.now_ms


class SimIds:
    """Identifiers in order, and the seed's jitter."""

    def __init__(self, rng: Random) -> None:
        """Draw from the seed."""
        self._rng = rng
        self._count = 0

    def new(self) -> str:
        """Return the next one."""
        self._count += 1
        return f"id{self._count:018d}"

    def jitter(self) -> float:
        """Draw a number in [0, 1)."""
        return self._rng.random()


class World:
    """Everything of one run."""

    def __init__(
        self,
        scheduler: Scheduler,
        meta_faults: MetaFaults,
        rules: Rules,
        businesses: Mapping[str, str],
        guards: Guards,
        *,
        unavailable: float,
        acting: float,
    ) -> None:
        """Wire the real use cases between simulated ports."""
        self.scheduler = scheduler
        self.rules = rules
        self.businesses = businesses
        self.meta = Meta(scheduler, meta_faults, self._webhook)
        self.store = SimStore(scheduler)
        self.tasks = SimTasks(scheduler, self._dispatch)
        self.bus = SimBus(scheduler, self._deliver)
        self.assistant = SimAssistant(scheduler, unavailable, acting)
        self.actions = SimActions(scheduler)
        self._starting = False
        self._starts = 0
        self.restarts_ms: list[int] = []
        self.recovered: list[int] = []
        """How many commits there were when a restart had recovered."""
        self.unexpected: list[str] = []
        """Errors that no handler should let out."""
        ports = Ports(
            store=self.store,
            bus=self.bus,
            tasks=self.tasks,
            graph=SimGraph(scheduler, self.meta),
            assistant=self.assistant,
            actions=self.actions,
            clock=SimClock(scheduler),
            ids=SimIds(Random(scheduler.rng.random())),
        )
        self.use_cases = UseCases(ports, rules, businesses, guards)

    def run(
        self, use_case: str, work: Callable[[], Any], done: Callable[[BaseException | None], None]
    ) -> None:
        """Run a handler as a process of its own."""
        if self._starting and use_case != "recover":
            self.scheduler.after(200, lambda: self.run(use_case, work, done))
            return

        def ended(error: BaseException | None) -> None:
            if error is not None and not isinstance(error, Retryable | Crashed):
                self.unexpected.append(f"{use_case}: {type(error).__name__}: {error}")
            done(error)

        self.scheduler.spawn(use_case, work, ended)

    def until_done(self, use_case: str, work: Callable[[], Any]) -> None:
        """Run a person's command, who repeats it until it went well."""

        def done(error: BaseException | None) -> None:
            if error is not None and not self.unexpected:
                self.scheduler.after(1_000, lambda: self.until_done(use_case, work))

        self.run(use_case, work, done)

    def restart(self) -> None:
        """Kill everything and start again, as an installation in one process does."""
        self._starting = True
        self._starts += 1
        self.restarts_ms.append(self.scheduler.now_ms)
        start = self._starts
        self.scheduler.kill_all()

        def work() -> None:
            if start != self._starts:
                return
            self.use_cases.recover()
            self._starting = False
            self.recovered.append(len(self.store.marks))

        self.until_done("recover", work)

    def _webhook(self, payload: dict[str, Any], answered: Callable[[bool], None]) -> None:
        def work() -> None:
            for topic, events in split(payload, received_ms=self.scheduler.now_ms).items():
                self.bus.publish(topic, events)

        self.run("webhook", work, lambda error: answered(error is None))

    def _deliver(
        self, topic: str, event: Event, event_id: str, done: Callable[[BaseException | None], None]
    ) -> None:
        name = "text" if topic == "inbound-message" else "status"
        handle = self.use_cases.record_message if name == "text" else self.use_cases.record_status
        self.run(name, lambda: handle(payload_of(event), event_id=event_id), done)

    def _dispatch(
        self, queue: str, payload: dict[str, Any], done: Callable[[BaseException | None], None]
    ) -> None:
        if queue != TURNS:
            self.run("sender", lambda: self.use_cases.send_next(payload), done)
        else:
            name = "action" if "action" in payload else "turn"
            self.run(name, lambda: self.use_cases.take_turn(payload), done)
