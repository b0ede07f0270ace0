"""The use cases between ports that a test holds in its hand: its clock, its Meta, its assistant.

Nothing happens by itself. `Installation.run` lets virtual time pass and calls what is due, as
the platforms do: tasks when their time comes, failed deliveries again a second later.
"""

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from shared.adapters.memory.store import MemoryStore
from shared.app.use_cases import Guards, Ports, Rules, UseCases
from shared.domain.errors import AssistantUnavailable, Retryable
from shared.ports.actions import ActionOutcome, Done
from shared.ports.assistant import Briefing, Decision
from shared.ports.bus import INBOUND_MESSAGE, Event
from shared.ports.graph import Accepted, SendOutcome
from shared.ports.store import Document, Query, Write
from shared.ports.tasks import TURNS
from shared.wiring import posted

T = TypeVar("T")
Step = Callable[[], None]

START_MS = 1_790_000_000_000
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
ACME = "acme"
MANY = 20_000
"""More calls than any story takes."""
NUMBERS = {"1001": ACME, "1002": ACME, "2001": "other"}


class Died(BaseException):
    """The process was killed here."""


@dataclass(frozen=True)
class Moment:
    """Just before or just after the effect of a port call; `place` counts calls from 0."""

    place: int
    label: str
    done: bool


@dataclass(frozen=True)
class Strike:
    """What will fail, and how."""

    when: Callable[[Moment], bool]
    error: BaseException


class Fate:
    """Counts the port calls, and lets one of them fail, once, where a test says so."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._next: Strike | None = None

    def strike(self, when: Callable[[Moment], bool], error: BaseException | None = None) -> None:
        """Raise at the first moment that `when` is true of: by default the process dies."""
        self._next = Strike(when, error or Died())

    def spare(self) -> None:
        """Let nothing fail any more."""
        self._next = None

    def call(self, label: str, effect: Callable[[], T]) -> T:
        """Do one port call."""
        self.calls.append(label)
        place = len(self.calls) - 1
        self._look(Moment(place, label, done=False))
        result = effect()
        self._look(Moment(place, label, done=True))
        return result

    def _look(self, moment: Moment) -> None:
        strike, self._next = self._next, None
        if strike is None:
            return
        # What `when` does may call ports itself, or plan the next strike.
        if strike.when(moment):
            raise strike.error
        self._next = strike


@dataclass
class FatedStore:
    """The in-memory store, at whose calls a process may die."""

    fate: Fate
    inner: MemoryStore = field(default_factory=lambda: MemoryStore(record=True))

    def get(self, path: str) -> Document | None:
        return self.fate.call("store.get", lambda: self.inner.get(path))

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        return self.fate.call("store.get_many", lambda: self.inner.get_many(paths))

    def query(self, query: Query) -> list[Document]:
        return self.fate.call("store.query", lambda: self.inner.query(query))

    def commit(self, writes: Sequence[Write]) -> None:
        self.fate.call("store.commit", lambda: self.inner.commit(writes))


@dataclass
class ListBus:
    """Hands each event to a callback."""

    take: Callable[[str, Event], None]
    published: list[tuple[str, Event]] = field(default_factory=list)

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        for event in events:
            self.published.append((topic, event))
            self.take(topic, event)


@dataclass(frozen=True)
class Task:
    queue: str
    name: str
    payload: dict[str, Any]
    at_ms: int


@dataclass
class ListTasks:
    """Named tasks; a name is never taken twice."""

    fate: Fate
    take: Callable[[Task], None]
    asked: list[Task] = field(default_factory=list)
    slowed: list[tuple[str, float, int]] = field(default_factory=list)
    loses: bool = False
    """Forget every task that is asked for, which the service never does but an outage may."""

    def create(self, queue: str, name: str, payload: Mapping[str, Any], *, at_ms: int) -> bool:
        return self.fate.call("tasks.create", lambda: self._create(Task(queue, name, dict(payload), at_ms)))

    def _create(self, task: Task) -> bool:
        if any((task.queue, task.name) == (t.queue, t.name) for t in self.asked):
            return False
        if not self.loses:
            self.asked.append(task)
            self.take(task)
        return True

    def slow_down(self, queue: str, *, factor: float, until_ms: int) -> None:
        self.fate.call("tasks.slow_down", lambda: self.slowed.append((queue, factor, until_ms)))


@dataclass(frozen=True)
class Post:
    """A message as it reached Meta."""

    at_ms: int
    number: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        return str(self.body["text"]["body"])

    @property
    def callback(self) -> str:
        return str(self.body["biz_opaque_callback_data"])

    @property
    def message(self) -> str:
        return self.callback.split(":")[1]


@dataclass
class ScriptedGraph:
    """Answers posts by a script, and accepts them when that has ended."""

    fate: Fate
    now: Callable[[], int]
    outcomes: deque[SendOutcome] = field(default_factory=deque)
    meanwhile: deque[Step] = field(default_factory=deque)
    """What happens while posts are under way, one step per post."""
    posts: list[Post] = field(default_factory=list)
    read: list[tuple[str, str]] = field(default_factory=list)

    def send(self, number_id: str, body: Mapping[str, Any]) -> SendOutcome:
        return self.fate.call("graph.send", lambda: self._send(number_id, body))

    def _send(self, number_id: str, body: Mapping[str, Any]) -> SendOutcome:
        self.posts.append(Post(self.now(), number_id, body))
        if self.meanwhile:
            self.meanwhile.popleft()()
        return self.outcomes.popleft() if self.outcomes else Accepted(f"wamid.out.{len(self.posts)}")

    def mark_read(self, number_id: str, wamid: str) -> None:
        self.fate.call("graph.mark_read", lambda: self.read.append((number_id, wamid)))


@dataclass
class ScriptedAssistant:
    """Decides by a script; when that has ended it repeats what it was told."""

    fate: Fate
    script: deque[Decision | type[AssistantUnavailable]] = field(default_factory=deque)
    meanwhile: deque[Step] = field(default_factory=deque)
    """What happens while drafts are written, one step per draft."""
    briefings: list[Briefing] = field(default_factory=list)
    balloons: bool = False
    """Answer each message by a balloon of its own, not all in one."""

    def decide(self, briefing: Briefing) -> Decision:
        return self.fate.call("assistant.decide", lambda: self._decide(briefing))

    def _decide(self, briefing: Briefing) -> Decision:
        self.briefings.append(briefing)
        if self.meanwhile:
            self.meanwhile.popleft()()
        if not self.script:
            told = tuple(line.text or line.kind for line in briefing.unanswered)
            return Decision(told if self.balloons else (" + ".join(told),))
        planned = self.script.popleft()
        if isinstance(planned, Decision):
            return planned
        raise planned


@dataclass
class ScriptedActions:
    """A provider: `order` takes our key, anything else does not."""

    fate: Fate
    outcomes: deque[ActionOutcome] = field(default_factory=deque)
    performed: list[tuple[str, str]] = field(default_factory=list)

    def repeatable(self, kind: str) -> bool:
        return kind == "order"

    def perform(self, kind: str, arguments: Mapping[str, Any], *, key: str) -> ActionOutcome:
        return self.fate.call("actions.perform", lambda: self._perform(kind, key))

    def _perform(self, kind: str, key: str) -> ActionOutcome:
        self.performed.append((kind, key))
        return self.outcomes.popleft() if self.outcomes else Done("ok")


@dataclass
class VirtualClock:
    ms: int = START_MS

    def now_ms(self) -> int:
        return self.ms


@dataclass
class CountedIds:
    count: int = 0

    def new(self) -> str:
        self.count += 1
        return f"id{self.count:018d}"

    def jitter(self) -> float:
        return 0.0


class Installation:
    """One installation, stepped by hand."""

    def __init__(self, rules: Rules | None = None, guards: Guards | None = None) -> None:
        self.fate = Fate()
        self.clock = VirtualClock()
        self.store = FatedStore(self.fate)
        self.tasks = ListTasks(self.fate, self._task)
        self.bus = ListBus(self._event)
        self.graph = ScriptedGraph(self.fate, self.clock.now_ms)
        self.assistant = ScriptedAssistant(self.fate)
        self.actions = ScriptedActions(self.fate)
        self.deaths = 0
        self.written = 0
        """How many messages customers wrote, for Meta's ids of them."""
        self._jobs: list[tuple[int, int, Step]] = []
        self._order = 0
        self._done = 0
        ports = Ports(
            store=self.store,
            bus=self.bus,
            tasks=self.tasks,
            graph=self.graph,
            assistant=self.assistant,
            actions=self.actions,
            clock=self.clock,
            ids=CountedIds(),
        )
        self.use_cases = UseCases(ports, rules or Rules(), NUMBERS, guards)

    # Time

    def run(self, ms: int = 0) -> None:
        """Let time pass; everything that falls due is called in its turn."""
        until_ms = self.clock.ms + ms
        while self._jobs and self._jobs[0][0] <= until_ms:
            at_ms, _, job = heapq.heappop(self._jobs)
            self.clock.ms = max(self.clock.ms, at_ms)
            self._done += 1
            assert self._done < MANY, "it runs in circles"
            self._attempt(job)
        self.clock.ms = max(self.clock.ms, until_ms)

    def rest(self, limit_ms: int = 5 * HOUR) -> None:
        """Run until nothing is to be done any more."""
        until_ms = self.clock.ms + limit_ms
        while self._jobs:
            assert self._jobs[0][0] <= until_ms, "it never comes to rest"
            self.run(max(0, self._jobs[0][0] - self.clock.ms))

    def at(self, at_ms: int, job: Step) -> None:
        """Do something at a time, again a second later as long as it fails as what may be retried."""
        self._order += 1
        heapq.heappush(self._jobs, (at_ms, self._order, job))

    def forget_jobs(self) -> None:
        """Lose every task and delivery that is under way."""
        self._jobs.clear()

    def _attempt(self, job: Step) -> None:
        try:
            job()
        except Died:
            self.at(self.clock.ms + SECOND, job)
            self._restart()
        except Retryable:
            self.at(self.clock.ms + SECOND, job)

    def _restart(self) -> None:
        self.deaths += 1
        try:
            self.use_cases.recover()
        except Died:
            self._restart()

    # What comes in

    def take(self, topic: str, event: Event, *, event_id: str = "event") -> None:
        """Deliver an event as the push envelope does, once, without anybody to try again."""
        found = posted.parse(event.data)
        assert isinstance(found, dict)
        record = self.use_cases.record_message if topic == INBOUND_MESSAGE else self.use_cases.record_status
        record(found, event_id=event_id)

    def _event(self, topic: str, event: Event) -> None:
        self._order += 1
        event_id = f"event{self._order}"
        self.at(self.clock.ms, lambda: self.take(topic, event, event_id=event_id))

    def _task(self, task: Task) -> None:
        handle = self.use_cases.take_turn if task.queue == TURNS else self.use_cases.send_next
        self.at(task.at_ms, lambda: handle(task.payload))

    # What can be seen

    def view(self, identifier: str, business: str = ACME) -> dict[str, Any]:
        """Return a person's conversation as the API shows it."""
        found = self.use_cases.view(business, identifier)
        assert found is not None, f"nobody is {identifier}"
        return found

    def texts(self) -> list[str]:
        """List what was posted."""
        return [post.text for post in self.graph.posts]

    def documents(self, collection: str, business: str = ACME) -> list[Document]:
        """Read a whole collection."""
        return self.store.inner.query(Query(f"businesses/{business}/{collection}", limit=10_000))
