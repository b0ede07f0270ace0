"""Worker threads that run items when they are due, fairly between the lanes they wait in.

A lane is a queue or a subscription. Each has a limit on how many of its items run at once and
a rate, so that neither a slow lane nor a long one keeps the others waiting.

One idle worker, the watch, sleeps until the next item is due; the others sleep until they are
called. Whoever takes an item calls the next watch.
"""

import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Lock, Thread

from shared.ports.clock import Clock

logger = logging.getLogger(__name__)

Work = Callable[[str, int], int | None]
"""Runs one item of a lane; returns when to run it again, in milliseconds since 1970, or None."""

_LONGEST_SLEEP_MS = 1_000
_AFTER_A_CRASH_MS = 1_000
_BURST_S = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """How much runs at once.

    Attributes:
        threads: In all lanes together.
        per_lane: In each lane.
    """

    threads: int = 32
    per_lane: int = 12


@dataclass(slots=True)
class _Lane:
    name: str
    waiting: list[tuple[int, int]] = field(default_factory=list)
    running: int = 0
    tokens: float = 1.0
    filled_ms: int = 0

    def ready_ms(self, now_ms: int, per_second: float) -> int:
        """Tell from when on the first waiting item may run, by its time and the rate."""
        room = max(1.0, per_second * _BURST_S)
        passed_ms = max(0, now_ms - self.filled_ms)
        self.tokens = min(room, self.tokens + passed_ms * per_second / 1000)
        self.filled_ms = now_ms
        due_ms = self.waiting[0][0]
        if self.tokens >= 1:
            return due_ms
        return max(due_ms, now_ms + 1 + int((1 - self.tokens) * 1000 / per_second))


class Lanes:
    """Runs what was added, each item by one worker at a time, until `stop`."""

    def __init__(
        self, role: str, *, work: Work, rate: Callable[[str, int], float], clock: Clock, limits: Limits
    ) -> None:
        """Prepare.

        Args:
            role: What the threads are named for.
            work: Runs an item; called in worker threads.
            rate: Tells how many items of a lane may start per second, as of a time; above 0.
            clock: What due times refer to.
            limits: How much runs at once.
        """
        self._work = work
        self._rate = rate
        self._clock = clock
        self._limits = limits
        self._lanes: dict[str, _Lane] = {}
        self._known: set[int] = set()
        self._running = 0
        self._lock = Lock()
        self._watch = Condition(self._lock)
        self._idle = Condition(self._lock)
        self._finished = Condition(self._lock)
        self._watched = False
        self._watched_until_ms = 0
        self._stopping = False
        self._threads = [
            Thread(target=self._serve, name=f"{role}-{number}", daemon=True)
            for number in range(limits.threads)
        ]

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def add(self, lane: str, item: int, *, at_ms: int) -> None:
        """Run an item at its time; one that is already here is left as it is."""
        with self._lock:
            if item not in self._known:
                self._known.add(item)
                self._enqueue(lane, item, at_ms)
                # To wake a thread costs more than to look: not for what the watch comes to in time.
                if not self._watched or at_ms < max(self._watched_until_ms, self._clock.now_ms()):
                    self._call()

    def stop(self, *, within_ms: int) -> bool:
        """Start nothing more and wait for what runs; False when some was left running."""
        with self._lock:
            self._stopping = True
            self._watch.notify_all()
            self._idle.notify_all()
            return self._finished.wait_for(lambda: self._running == 0, timeout=within_ms / 1000)

    def _enqueue(self, name: str, item: int, at_ms: int) -> None:
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane(name, filled_ms=self._clock.now_ms())
        heapq.heappush(lane.waiting, (at_ms, item))

    def _call(self) -> None:
        """Make somebody look again at what is due; when all are busy, the first to finish does."""
        if self._watched:
            self._watch.notify()
        else:
            self._idle.notify()

    def _serve(self) -> None:
        with self._lock:
            while (taken := self._take()) is not None:
                lane, item = taken
                self._lock.release()
                try:
                    again_ms = self._attempt(lane.name, item)
                finally:
                    self._lock.acquire()
                self._put_down(lane, item, again_ms)

    def _put_down(self, lane: _Lane, item: int, again_ms: int | None) -> None:
        lane.running -= 1
        self._running -= 1
        if again_ms is None:
            self._known.discard(item)
        else:
            heapq.heappush(lane.waiting, (again_ms, item))
        if self._running == 0:
            self._finished.notify_all()

    def _attempt(self, lane: str, item: int) -> int | None:
        try:
            return self._work(lane, item)
        except Exception as error:  # noqa: BLE001  a worker outlives whatever its work meets
            if not self._stopping:
                # A traceback would hold the words of the error.
                logger.error("dispatch.crashed", extra={"lane": lane, "item": item, **described(error)})  # noqa: TRY400
            return self._clock.now_ms() + _AFTER_A_CRASH_MS

    def _take(self) -> tuple[_Lane, int] | None:
        """Wait for an item that may run and claim it; None when it is time to stop."""
        while not self._stopping:
            lane, wait_ms = self._choose(self._clock.now_ms())
            if lane is not None:
                _, item = heapq.heappop(lane.waiting)
                lane.running += 1
                lane.tokens -= 1
                self._running += 1
                if any(other.waiting for other in self._lanes.values()):
                    self._call()
                return lane, item
            self._sleep(wait_ms)
        return None

    def _sleep(self, wait_ms: int) -> None:
        until_ms = self._clock.now_ms() + wait_ms
        if self._watched:
            # What just ended may have made an item ready earlier than the watch knows.
            if until_ms < self._watched_until_ms:
                self._watch.notify()
            self._idle.wait()
            return
        self._watched, self._watched_until_ms = True, until_ms
        self._watch.wait(wait_ms / 1000)
        self._watched = False

    def _choose(self, now_ms: int) -> tuple[_Lane | None, int]:
        """Pick the lane with the fewest running among those that may start an item now."""
        chosen: _Lane | None = None
        wait_ms = _LONGEST_SLEEP_MS
        for lane in self._lanes.values():
            if not lane.waiting or lane.running >= self._limits.per_lane:
                continue
            ready_ms = lane.ready_ms(now_ms, self._rate(lane.name, now_ms))
            if ready_ms > now_ms:
                wait_ms = min(wait_ms, ready_ms - now_ms)
            elif chosen is None or (lane.running, lane.waiting[0]) < (chosen.running, chosen.waiting[0]):
                chosen = lane
        return chosen, wait_ms


def described(error: BaseException) -> dict[str, str]:
    """Return what may be logged of an error: its type and place, never its words."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = "" if frame is None else f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
    return {"error": type(error).__name__, "at": place}
