"""A bus and a task queue as the suites see them: the port, and a way to be its subscriber."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.adapters.embedded.bus import SqliteBus
from shared.adapters.embedded.bus_async import AsyncSqliteBus
from shared.adapters.embedded.bus_dispatcher import BusDispatcher
from shared.adapters.embedded.clock import RandomIds, SystemClock
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.retries import Retries
from shared.adapters.embedded.task_dispatcher import TaskDispatcher
from shared.adapters.embedded.tasks import SqliteTasks
from shared.ports.bus import AsyncEventBus, EventBus
from shared.ports.tasks import TaskQueue

QUICK = Retries(minimum_ms=20, maximum_ms=200)
TOPICS = {"inbound-message": ("text",), "inbound-status": ("status", "audit"), "unheard": ()}
RATES = {"live-": 500.0, "live-slow": 20.0, "turns": 500.0}

Handler = Callable[[str, Mapping[str, str], bytes], int]
Receiver = Callable[[str, Mapping[str, Any]], int]


class BusService(Protocol):
    """A running bus with the subscriptions of `TOPICS`."""

    @property
    def bus(self) -> EventBus:
        """The port."""
        ...

    @property
    def loop_bus(self) -> AsyncEventBus:
        """The port's face for event loops."""
        ...

    def serve(self, receiver: Receiver) -> None:
        """Deliver to the receiver from now on."""
        ...


class TaskService(Protocol):
    """A running task queue with the rates of `RATES`."""

    @property
    def queue(self) -> TaskQueue:
        """The port."""
        ...

    def now_ms(self) -> int:
        """Tell the service's time."""
        ...

    def pass_time(self, milliseconds: int) -> None:
        """Move the service's clock forward."""
        ...

    def serve(self, handler: Handler) -> None:
        """Dispatch to the handler from now on."""
        ...


class MovableClock:
    """The machine's clock, moved forward at will."""

    def __init__(self) -> None:
        """Start at the machine's time."""
        self._clock = SystemClock()
        self._ahead_ms = 0

    def now_ms(self) -> int:
        """Tell the moved time."""
        return self._clock.now_ms() + self._ahead_ms

    def advance(self, milliseconds: int) -> None:
        """Move forward."""
        self._ahead_ms += milliseconds


class EmbeddedBus:
    """The embedded bus with its dispatcher."""

    def __init__(self, folder: DataFolder) -> None:
        """Open the folder's bus."""
        self._clock = MovableClock()
        self.bus = SqliteBus(folder, clock=self._clock, subscriptions=TOPICS)
        self.loop_bus = AsyncSqliteBus(self.bus)
        self._dispatchers: list[BusDispatcher] = []

    def serve(self, receiver: Receiver) -> None:
        """Deliver to the receiver from now on."""
        dispatcher = BusDispatcher(self.bus, receiver, clock=self._clock, ids=RandomIds(), retries=QUICK)
        dispatcher.start()
        self._dispatchers.append(dispatcher)

    def close(self) -> None:
        """Stop delivering."""
        for dispatcher in self._dispatchers:
            dispatcher.stop()
        self.loop_bus.close()


class EmbeddedTasks:
    """The embedded task queue with its dispatcher."""

    def __init__(self, folder: DataFolder) -> None:
        """Open the folder's tasks."""
        self._clock = MovableClock()
        self.queue = SqliteTasks(folder, clock=self._clock)
        self._dispatchers: list[TaskDispatcher] = []

    def now_ms(self) -> int:
        """Tell the service's time."""
        return self._clock.now_ms()

    def pass_time(self, milliseconds: int) -> None:
        """Move the service's clock forward."""
        self._clock.advance(milliseconds)

    def serve(self, handler: Handler) -> None:
        """Dispatch to the handler from now on."""
        dispatcher = TaskDispatcher(
            self.queue, handler, clock=self._clock, ids=RandomIds(), rates=RATES, retries=QUICK
        )
        dispatcher.start()
        self._dispatchers.append(dispatcher)

    def close(self) -> None:
        """Stop dispatching."""
        for dispatcher in self._dispatchers:
            dispatcher.stop()


@dataclass
class Calls:
    """What a handler was called with, shared by worker threads; answers as it is told to.

    Attributes:
        made: Every call, in order.
        answers: The statuses of the first calls; later ones get `then`.
    """

    answers: Sequence[int] = ()
    then: int = 200
    made: list[Any] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, call: object) -> int:
        """Note a call and answer it."""
        with self.changed:
            self.made.append(call)
            self.changed.notify_all()
            return self.answers[len(self.made) - 1] if len(self.made) <= len(self.answers) else self.then

    def wait(self, count: int, *, within_s: float = 10) -> list[Any]:
        """Return the calls as soon as there are so many; the test fails when they don't come."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.made) >= count, timeout=within_s), self.made
            return list(self.made)

    def settle(self, seconds: float = 0.3) -> list[Any]:
        """Return the calls after giving unwanted ones the time to come."""
        time.sleep(seconds)
        with self.changed:
            return list(self.made)
