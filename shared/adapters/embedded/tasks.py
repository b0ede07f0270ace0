"""The task queue in one SQLite file. `TaskDispatcher` carries the tasks out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import orjson

from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.database import Schema
from shared.adapters.embedded.retries import DAY_MS, HOUR_MS
from shared.domain.errors import TasksUnavailable
from shared.ports.clock import Clock

SCHEMA = Schema(
    file="tasks.sqlite3",
    application_id=0x4174544B,
    steps=(
        (
            "CREATE TABLE tasks ("
            " id INTEGER PRIMARY KEY AUTOINCREMENT,"
            " queue TEXT NOT NULL,"
            " name TEXT NOT NULL,"
            " payload BLOB NOT NULL,"
            " at_ms INTEGER NOT NULL,"
            " attempts INTEGER NOT NULL DEFAULT 0,"
            " state TEXT NOT NULL DEFAULT 'pending',"
            " ended_ms INTEGER,"
            " UNIQUE (queue, name))",
            "CREATE INDEX tasks_by_at_ms ON tasks (at_ms) WHERE state = 'pending'",
            "CREATE INDEX tasks_by_ended_ms ON tasks (state, ended_ms) WHERE state <> 'pending'",
            "CREATE TABLE slowdowns"
            " (queue TEXT PRIMARY KEY, factor REAL NOT NULL, until_ms INTEGER NOT NULL)",
        ),
    ),
)

NAME_KEPT_MS = HOUR_MS
DEAD_KEPT_MS = 31 * DAY_MS
MAX_PAYLOAD_BYTES = 1_000_000

_NAME = re.compile(r"[A-Za-z0-9_-]{1,500}")
_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_PURGE_BATCH = 500
_INSERT = "INSERT INTO tasks (queue, name, payload, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_TASK = "SELECT id, queue, name, payload, at_ms, attempts FROM tasks"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is stored; `attempts` counts the dispatches that failed."""

    id: int
    queue: str
    name: str
    payload: bytes
    at_ms: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Due:
    """When a task is to be dispatched."""

    id: int
    queue: str
    at_ms: int


class SqliteTasks:
    """A `TaskQueue`: a task that `create` confirmed survives the death of the process.

    A finished task's name stays taken for `NAME_KEPT_MS`; one that failed for good is kept
    for `DEAD_KEPT_MS`, and its name with it.
    """

    def __init__(self, folder: DataFolder, *, clock: Clock) -> None:
        """Open the folder's tasks.

        Raises:
            Misconfigured: The file is not ours, damaged, or newer than this program.
        """
        self._database = folder.database(SCHEMA)
        self._clock = clock
        self._listener: Callable[[Due], None] | None = None
        with self._database.read(TasksUnavailable) as connection:
            rows = connection.execute("SELECT queue, factor, until_ms FROM slowdowns").fetchall()
        self._slowdowns: dict[str, tuple[float, int]] = {row[0]: (row[1], row[2]) for row in rows}
        self._slowdowns_lock = Lock()

    def create(self, queue: str, name: str, payload: Mapping[str, Any], *, at_ms: int) -> bool:
        """Store a task durably; False when the name was used in this queue before.

        Raises:
            ValueError: The name is not one, or the payload is over `MAX_PAYLOAD_BYTES`.
            TypeError: The payload is not JSON.
            TasksUnavailable: The task may exist.
        """
        if not _NAME.fullmatch(name) or not _QUEUE.fullmatch(queue):
            raise ValueError("a task's or queue's name is letters, digits, `-` and `_`")
        body = orjson.dumps(dict(payload))
        if len(body) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a task's payload is at most {MAX_PAYLOAD_BYTES} bytes")
        row = (queue, name, body, at_ms)
        made = self._database.change(TasksUnavailable, _INSERT, row).made
        made = made or self._create_under_old_name(row)
        if made and self._listener is not None:
            self._listener(Due(made, queue, at_ms))
        return made > 0

    def slow_down(self, queue: str, *, factor: float, until_ms: int) -> None:
        """Dispatch the queue at `factor` of its configured rate until then; the latest call counts.

        Raises:
            ValueError: The factor is not above 0 and at most 1: a queue is never stopped.
            TasksUnavailable: The rate may have changed.
        """
        if not 0 < factor <= 1:
            raise ValueError("a queue is slowed to more than nothing and at most its rate")
        with self._slowdowns_lock:
            with self._database.write(TasksUnavailable) as connection:
                connection.execute(
                    "INSERT INTO slowdowns (queue, factor, until_ms) VALUES (?, ?, ?)"
                    " ON CONFLICT (queue) DO UPDATE"
                    " SET factor = excluded.factor, until_ms = excluded.until_ms",
                    (queue, factor, until_ms),
                )
            self._slowdowns[queue] = (factor, until_ms)

    def factor(self, queue: str, now_ms: int) -> float:
        """Tell what part of its rate the queue is dispatched at."""
        factor, until_ms = self._slowdowns.get(queue, (1.0, 0))
        return factor if now_ms < until_ms else 1.0

    def listen(self, listener: Callable[[Due], None] | None) -> None:
        """Call the listener for each task from now on, after its commit; one listener at most."""
        self._listener = listener

    def resume(self) -> None:
        """Let what waits for a retry wait no longer: a restart may have mended the cause."""
        now_ms = self._clock.now_ms()
        self._database.change(
            TasksUnavailable,
            "UPDATE tasks SET at_ms = ? WHERE state = 'pending' AND attempts > 0 AND at_ms > ?",
            (now_ms, now_ms),
        )

    def pending(self, *, before_ms: int | None = None) -> list[Due]:
        """Return what is still to be dispatched, earliest first."""
        until_ms = 2**63 - 1 if before_ms is None else before_ms
        with self._database.read(TasksUnavailable) as connection:
            rows = connection.execute(
                "SELECT id, queue, at_ms FROM tasks"
                " WHERE state = 'pending' AND at_ms <= ? ORDER BY at_ms, id",
                (until_ms,),
            ).fetchall()
        return [Due(*row) for row in rows]

    def load(self, task_id: int) -> Task | None:
        """Return a task that is still to be dispatched."""
        with self._database.read(TasksUnavailable) as connection:
            row = connection.execute(f"{_TASK} WHERE id = ? AND state = 'pending'", (task_id,)).fetchone()
        return None if row is None else Task(*row)

    def finish(self, task_id: int) -> None:
        """Keep only the name of a task that succeeded."""
        self._end(task_id, "UPDATE tasks SET state = 'done', payload = x'', ended_ms = ? WHERE id = ?")

    def bury(self, task_id: int) -> None:
        """Give a task up; it stays visible in `dead`."""
        self._end(
            task_id, "UPDATE tasks SET state = 'dead', attempts = attempts + 1, ended_ms = ? WHERE id = ?"
        )

    def retry(self, task_id: int, *, at_ms: int) -> None:
        """Count a failed dispatch and try again at that time."""
        self._database.change(
            TasksUnavailable,
            "UPDATE tasks SET attempts = attempts + 1, at_ms = ? WHERE id = ?",
            (at_ms, task_id),
        )

    def dead(self, *, limit: int = 100) -> list[Task]:
        """Return the tasks that were given up, latest first."""
        with self._database.read(TasksUnavailable) as connection:
            rows = connection.execute(
                f"{_TASK} WHERE state = 'dead' ORDER BY ended_ms DESC, id DESC LIMIT ?", (limit,)
            ).fetchall()
        return [Task(*row) for row in rows]

    def replay(self, task_id: int) -> bool:
        """Dispatch a dead task again from its first attempt; False when there is none."""
        now_ms = self._clock.now_ms()
        found = self._database.change(
            TasksUnavailable,
            "UPDATE tasks SET state = 'pending', attempts = 0, at_ms = ?, ended_ms = NULL"
            " WHERE id = ? AND state = 'dead'",
            (now_ms, task_id),
        ).rows
        task = self.load(task_id) if found else None
        if task is not None and self._listener is not None:
            self._listener(Due(task.id, task.queue, task.at_ms))
        return found == 1

    def purge(self, *, limit: int = 20_000) -> int:
        """Forget names and dead tasks whose time is over, at most `limit`; return how many."""
        purged = 0
        for state, kept_ms in (("done", NAME_KEPT_MS), ("dead", DEAD_KEPT_MS)):
            batch = _PURGE_BATCH
            while batch == _PURGE_BATCH and purged < limit:
                batch = self._purge(state, self._clock.now_ms() - kept_ms, min(_PURGE_BATCH, limit - purged))
                purged += batch
        return purged

    def _create_under_old_name(self, row: tuple[str, str, bytes, int]) -> int:
        """Create a task whose name is taken, if it is free again: not every one is purged in time."""
        expired_ms = self._clock.now_ms() - NAME_KEPT_MS
        with self._database.write(TasksUnavailable) as connection:
            connection.execute(
                "DELETE FROM tasks WHERE queue = ? AND name = ? AND state = 'done' AND ended_ms <= ?",
                (*row[:2], expired_ms),
            )
            done = connection.execute(_INSERT, row)
            return (done.lastrowid or 0) if done.rowcount == 1 else 0

    def _purge(self, state: str, ended_ms: int, limit: int) -> int:
        return self._database.change(
            TasksUnavailable,
            "DELETE FROM tasks WHERE id IN"
            " (SELECT id FROM tasks WHERE state = ? AND state <> 'pending' AND ended_ms <= ? LIMIT ?)",
            (state, ended_ms, limit),
        ).rows

    def _end(self, task_id: int, statement: str) -> None:
        self._database.change(TasksUnavailable, statement, (self._clock.now_ms(), task_id))
