"""A process for the crash tests: works until it is killed, telling each thing it was promised.

Run as `python -m tests.embedded.dying <role> <folder>`; every line on standard output names
one write that returned, or one delivery that began.
"""

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from shared.adapters.embedded.bus import SqliteBus
from shared.adapters.embedded.bus_async import AsyncSqliteBus
from shared.adapters.embedded.bus_dispatcher import BusDispatcher
from shared.adapters.embedded.clock import RandomIds, SystemClock
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.store import SqliteStore
from shared.adapters.embedded.task_dispatcher import TaskDispatcher
from shared.adapters.embedded.tasks import SqliteTasks
from shared.ports.bus import Event
from shared.ports.store import Create, Update

LINES = 20_000
SUBSCRIPTIONS = {"t": ["s"]}


def tell(line: object) -> None:
    """Write a line that a kill cannot tear."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def commit(folder: DataFolder) -> None:
    """Create a document and raise two counters with it, again and again."""
    store = SqliteStore(folder)
    store.commit([Create("counters/a", {"n": 0}), Create("counters/b", {"n": 0})])
    for number in range(1, LINES):
        store.commit(
            [
                Update("counters/a", {"n": number}),
                Create(f"things/{number}", {"text": "x" * 500}),
                Update("counters/b", {"n": number}),
            ]
        )
        tell(number)


def publish(folder: DataFolder) -> None:
    """Publish from many tasks of one loop."""
    bus = AsyncSqliteBus(SqliteBus(folder, clock=SystemClock(), subscriptions=SUBSCRIPTIONS))

    async def publisher(lane: int) -> None:
        for number in range(LINES):
            name = f"{lane}-{number}"
            await bus.publish("t", [Event(name.encode())])
            tell(name)

    async def run() -> None:
        await asyncio.gather(*(publisher(lane) for lane in range(8)))

    asyncio.run(run())


def create(folder: DataFolder) -> None:
    """Create tasks that are due later."""
    tasks = SqliteTasks(folder, clock=SystemClock())
    for number in range(LINES):
        tasks.create("turns", f"t{number}", {"n": number}, at_ms=0)
        tell(f"t{number}")


def deliver(folder: DataFolder) -> None:
    """Begin deliveries that never end."""
    bus = SqliteBus(folder, clock=SystemClock(), subscriptions=SUBSCRIPTIONS)

    def receive(_: str, envelope: dict[str, dict[str, str]]) -> int:
        tell(envelope["message"]["messageId"])
        threading.Event().wait()
        return 200

    BusDispatcher(bus, receive, clock=SystemClock(), ids=RandomIds()).start()
    for _ in range(6):
        bus.publish("t", [Event(b"x")])
    threading.Event().wait()


def dispatch(folder: DataFolder) -> None:
    """Begin some dispatches that never end, fail some, and finish others."""
    tasks = SqliteTasks(folder, clock=SystemClock())

    def handle(_: str, headers: dict[str, str], payload: bytes) -> int:
        tell(headers["X-CloudTasks-TaskName"])
        number = json.loads(payload)["n"]
        if number % 3 == 0:
            threading.Event().wait()
        return 500 if number % 3 == 1 else 200

    TaskDispatcher(tasks, handle, clock=SystemClock(), ids=RandomIds()).start()
    for number in range(9):
        tasks.create("turns", f"t{number}", {"n": number}, at_ms=0)
    threading.Event().wait()


ROLES: dict[str, Callable[[DataFolder], None]] = {
    "commit": commit,
    "publish": publish,
    "create": create,
    "deliver": deliver,
    "dispatch": dispatch,
}

if __name__ == "__main__":
    ROLES[sys.argv[1]](DataFolder(Path(sys.argv[2])))
