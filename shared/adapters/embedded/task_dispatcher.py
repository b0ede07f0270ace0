"""Carries tasks out as Cloud Tasks does: on time, at each queue's rate, until a 2xx."""

import logging
from collections.abc import Callable, Mapping

from shared.adapters.embedded.lanes import Lanes, Limits, described
from shared.adapters.embedded.retries import Retries
from shared.adapters.embedded.tasks import Due, SqliteTasks, Task
from shared.adapters.embedded.upkeep import EVERY_MS, Upkeep
from shared.ports.clock import Clock, Ids

logger = logging.getLogger(__name__)

Dispatch = Callable[[str, dict[str, str], bytes], int]
"""Posts a task to its function: queue, headers, JSON body; returns the HTTP status."""

DEFAULT_RATE = 500.0
"""Dispatches per second of a queue that no rate is configured for."""

LIMITS = Limits(threads=48, per_lane=16)
RETRIES = Retries()
STOPPED_WITHIN_MS = 1_900
_OK = range(200, 300)


class TaskDispatcher:
    """Dispatches due tasks in worker threads.

    A task whose dispatch was under way when the process died, or that waited for a retry, is
    dispatched again at once at the next start. A dispatch is never cut short: the deadline of
    the function that it calls is the function's own matter, and one that never returns holds
    one of its queue's `limits.per_lane` places.
    """

    def __init__(
        self,
        tasks: SqliteTasks,
        dispatch: Dispatch,
        *,
        clock: Clock,
        ids: Ids,
        rates: Mapping[str, float] | None = None,
        limits: Limits = LIMITS,
        retries: Retries = RETRIES,
    ) -> None:
        """Prepare; nothing is dispatched before `start`.

        Args:
            tasks: Where the tasks are.
            dispatch: Carries one out; any exception counts as a failure.
            clock: Time.
            ids: Jitter of the retries.
            rates: Dispatches per second by queue, or by a prefix of queues (`live-`); the
                longest that fits counts.
            limits: How many dispatches run at once.
            retries: How failures are tried again.
        """
        self._tasks = tasks
        self._dispatch = dispatch
        self._clock = clock
        self._ids = ids
        self._rates = sorted((rates or {}).items(), key=lambda rate: len(rate[0]), reverse=True)
        self._retries = retries
        self._lanes = Lanes("task-dispatch", work=self._attempt, rate=self._rate, clock=clock, limits=limits)
        self._upkeep = Upkeep("task-upkeep", self._keep_up)

    def start(self) -> None:
        """Start dispatching what is due and what becomes due."""
        self._tasks.resume()
        self._tasks.listen(self._add)
        for due in self._tasks.pending():
            self._add(due)
        self._lanes.start()
        self._upkeep.start()

    def stop(self) -> bool:
        """Start no dispatch any more; within 2 s, False when some were abandoned."""
        self._tasks.listen(None)
        self._upkeep.stop()
        return self._lanes.stop(within_ms=STOPPED_WITHIN_MS)

    def _add(self, due: Due) -> None:
        self._lanes.add(due.queue, due.id, at_ms=due.at_ms)

    def _keep_up(self) -> None:
        """Pick up what no notice came for, and forget old names."""
        for due in self._tasks.pending(before_ms=self._clock.now_ms() + EVERY_MS):
            self._add(due)
        self._tasks.purge()

    def _rate(self, queue: str, now_ms: int) -> float:
        configured = next((rate for start, rate in self._rates if queue.startswith(start)), DEFAULT_RATE)
        return configured * self._tasks.factor(queue, now_ms)

    def _attempt(self, queue: str, task_id: int) -> int | None:
        task = self._tasks.load(task_id)
        if task is None:
            return None
        if self._succeeds(task):
            self._tasks.finish(task_id)
            return None
        wait_ms = self._retries.wait_ms(task.attempts + 1, self._ids.jitter())
        if wait_ms is None:
            self._tasks.bury(task_id)
            logger.error("task.dead", extra={"queue": queue, "task": task.name})
            return None
        at_ms = self._clock.now_ms() + wait_ms
        self._tasks.retry(task_id, at_ms=at_ms)
        return at_ms

    def _succeeds(self, task: Task) -> bool:
        told = {"queue": task.queue, "task": task.name, "attempt": task.attempts + 1}
        try:
            status = self._dispatch(task.queue, headers_of(task), task.payload)
        except Exception as error:  # noqa: BLE001  whatever it is, the task is tried again
            logger.warning("task.raised", extra={**told, **described(error)})
            return False
        if status not in _OK:
            logger.warning("task.refused", extra={**told, "status": status})
        return status in _OK


def headers_of(task: Task) -> dict[str, str]:
    """Return what Cloud Tasks tells a function about the task."""
    return {
        "Content-Type": "application/json",
        "X-CloudTasks-QueueName": task.queue,
        "X-CloudTasks-TaskName": task.name,
        "X-CloudTasks-TaskRetryCount": str(task.attempts),
        "X-CloudTasks-TaskExecutionCount": str(task.attempts),
        "X-CloudTasks-TaskETA": f"{task.at_ms // 1000}.{task.at_ms % 1000:03}",
    }
