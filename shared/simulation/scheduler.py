"""The scheduler: virtual time, one greenlet per handler, a switch at every port call."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")

START_MS = 1_790_000_000_000


MOST_STEPS = 400_000
"""More than twenty times what a run takes."""


class Livelock(Exception):
    """The run goes round in circles."""


class Crashed(BaseException):
    """The process that ran this handler is dead; no handler may catch this."""


@dataclass(slots=True)
class Faults:
    """How often what goes wrong, per port call; one seed draws its own mix."""

    crash: float = 0.0
    crash_often: str = ""
    """A use case that this run kills one call in ten of, however rarely it runs."""
    error: float = 0.0
    pause: float = 0.0
    pause_often: str = ""
    """A use case that this run stops for a while at one call in ten."""
    duplicate: float = 0.0
    latency_ms: int = 3


@dataclass(slots=True)
class Process:
    """One running handler: the use case's name and who waits for its end."""

    number: int
    use_case: str
    thread: greenlet
    done: Callable[[BaseException | None], None]
    alive: bool = True
    pair: tuple[str, str] | None = None
    """The use case and port call that it stands at."""


@dataclass(slots=True)
class Coverage:
    """Which (use case, port call) pairs were switched at and crashed at."""

    switched: set[tuple[str, str]] = field(default_factory=set)
    crashed: set[tuple[str, str]] = field(default_factory=set)


class Scheduler:
    """Runs processes one at a time and decides at each port call who goes on."""

    def __init__(self, rng: Random, faults: Faults, coverage: Coverage) -> None:
        """Start at a fixed time with nothing to do."""
        self.rng = rng
        self.faults = faults
        self.coverage = coverage
        self.now_ms = START_MS
        self.trace: list[str] | None = None
        self.running: Process | None = None
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._steps = 0
        self._processes: dict[int, Process] = {}
        self._hub = getcurrent()

    def at(self, at_ms: int, step: Callable[[], None]) -> None:
        """Do something at a time, outside of any process."""
        self._count += 1
        heapq.heappush(self._heap, (max(at_ms, self.now_ms), self._count, step))

    def after(self, delay_ms: int, step: Callable[[], None]) -> None:
        """Do something after a delay."""
        self.at(self.now_ms + delay_ms, step)

    def spawn(
        self, use_case: str, work: Callable[[], None], done: Callable[[BaseException | None], None]
    ) -> None:
        """Start a process; `done` is told how it ended: None, its error, or `Crashed`."""
        self._count += 1
        number = self._count
        body = greenlet(lambda: self._body(self._processes[number], work))
        process = Process(number, use_case, body, done)
        self._processes[process.number] = process
        self.after(self.rng.randrange(self.faults.latency_ms + 1), lambda: self._resume(process))

    def call(self, label: str, effect: Callable[[], T], *, longest_ms: int = 400_000, takes_ms: int = 0) -> T:
        """Perform one port call of the running process, with whatever may happen around it.

        Args:
            label: Port and method, for coverage.
            effect: What the call does, at one instant.
            longest_ms: What the port promises: no pause before or after the effect is longer.
            takes_ms: What such a call takes at most on a good day.
        """
        process = self.running
        if process is None:
            return effect()
        pair = process.pair = (process.use_case, label)
        self.coverage.switched.add(pair)
        self.log(process, label)
        self._switch(process, longest_ms, takes_ms)
        self._maybe_crash(pair)
        result = effect()
        self._maybe_crash(pair)
        self._switch(process, longest_ms, 0)
        return result

    def chance(self, probability: float) -> bool:
        """Decide something by the seed."""
        return probability > 0 and self.rng.random() < probability

    def kill_all(self) -> None:
        """End every process at once, as `kill -9` of the whole does."""
        for process in list(self._processes.values()):
            self._kill(process)

    def run(self, until_ms: int) -> None:
        """Run everything that happens up to a time."""
        while self._heap and self._heap[0][0] <= until_ms:
            at_ms, _, step = heapq.heappop(self._heap)
            self.now_ms = at_ms
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise Livelock
            step()
        self.now_ms = max(self.now_ms, until_ms)

    def log(self, process: Process | None, what: str) -> None:
        """Note a step when the run is traced."""
        if self.trace is not None:
            who = f"{process.use_case}#{process.number}" if process else "-"
            self.trace.append(f"{(self.now_ms - START_MS) / 1000:10.3f} {who} {what}")

    def _body(self, process: Process, work: Callable[[], None]) -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:  # noqa: BLE001 - the platform's place
            error = caught
        process.alive = False
        self._processes.pop(process.number, None)
        self.log(process, f"ends {type(error).__name__ if error else 'well'}")
        self.running = None
        process.done(error)

    def _resume(self, process: Process) -> None:
        if not process.alive:
            return
        self.running = process
        process.thread.switch()
        self.running = None

    def _switch(self, process: Process, longest_ms: int, takes_ms: int) -> None:
        delay_ms = self.rng.randrange(self.faults.latency_ms + takes_ms + 1)
        often = process.use_case == self.faults.pause_often
        if self.chance(0.05 if often else self.faults.pause / 2):
            delay_ms = self.rng.choice((900, 8_000, 25_000, 65_000, 75_000, 130_000, 400_000))
        self.after(min(delay_ms, longest_ms), lambda: self._resume(process))
        self._hub.switch()

    def _maybe_crash(self, pair: tuple[str, str]) -> None:
        often = pair[0] == self.faults.crash_often
        if self.chance(0.1 if often else self.faults.crash):
            self.coverage.crashed.add(pair)
            raise Crashed

    def _kill(self, process: Process) -> None:
        if process.thread:
            if process.pair is not None:
                self.coverage.crashed.add(process.pair)
            process.thread.throw(Crashed)
        else:
            process.alive = False
            self._processes.pop(process.number, None)
            process.done(Crashed())
