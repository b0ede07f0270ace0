"""A process that is killed at any moment takes nothing with it that it was promised."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from shared.adapters.embedded.bus import SqliteBus
from shared.adapters.embedded.bus_dispatcher import BusDispatcher
from shared.adapters.embedded.clock import RandomIds, SystemClock
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.store import SqliteStore
from shared.adapters.embedded.task_dispatcher import TaskDispatcher
from shared.adapters.embedded.tasks import SqliteTasks
from tests.contract.ports.services import Calls

ROOT = Path(__file__).parents[2]
CLOCK = SystemClock()
IDS = RandomIds()

pytestmark = pytest.mark.slow


def killed_after(role: str, folder: Path, *, lines: int) -> list[str]:
    """Run a role, kill it once it has told so many lines, and return all that it told."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.embedded.dying", role, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        told += process.stdout.readlines()
    # What a kill tore off is a write that nobody was told of.
    return [line.strip() for line in told if line.endswith("\n")]


@pytest.mark.parametrize("lines", [1, 37, 500, 1700])
def test_commits_survive_whole_or_not_at_all(tmp_path: Path, lines: int) -> None:
    last = int(killed_after("commit", tmp_path, lines=lines)[-1])
    with closing(DataFolder(tmp_path)) as folder:
        store = SqliteStore(folder)
        counters = [
            document and document.data["n"] for document in store.get_many(["counters/a", "counters/b"])
        ]
        assert counters[0] == counters[1]
        # One more may have been committed than was told.
        assert counters[0] in (last, last + 1)
        found = store.get_many([f"things/{number}" for number in range(1, last + 3)])
        present = [document is not None for document in found]
        assert present == [number <= counters[0] for number in range(1, last + 3)]


@pytest.mark.parametrize("lines", [1, 300, 3000])
def test_published_events_survive_and_are_delivered(tmp_path: Path, lines: int) -> None:
    told = killed_after("publish", tmp_path, lines=lines)
    with closing(DataFolder(tmp_path)) as folder:
        bus = SqliteBus(folder, clock=CLOCK, subscriptions={"t": ["s"]})
        archived = {item.event.data.decode() for item in bus.archive(limit=100_000)}
        assert set(told) <= archived
        calls = Calls()
        dispatcher = BusDispatcher(bus, lambda _, envelope: calls.add(envelope), clock=CLOCK, ids=IDS)
        dispatcher.start()
        calls.wait(len(archived), within_s=30)
        assert dispatcher.stop()
        assert bus.waiting() == []


@pytest.mark.parametrize("lines", [1, 1000])
def test_created_tasks_survive_with_their_names(tmp_path: Path, lines: int) -> None:
    told = killed_after("create", tmp_path, lines=lines)
    with closing(DataFolder(tmp_path)) as folder:
        tasks = SqliteTasks(folder, clock=CLOCK)
        assert len(tasks.pending()) in (len(told), len(told) + 1)
        assert not any(tasks.create("turns", name, {}, at_ms=0) for name in told)


def test_deliveries_under_way_are_made_again_at_once(tmp_path: Path) -> None:
    begun = killed_after("deliver", tmp_path, lines=6)
    assert len(set(begun)) == 6
    with closing(DataFolder(tmp_path)) as folder:
        bus = SqliteBus(folder, clock=CLOCK, subscriptions={"t": ["s"]})
        calls = Calls()
        dispatcher = BusDispatcher(
            bus, lambda _, envelope: calls.add(envelope["message"]["messageId"]), clock=CLOCK, ids=IDS
        )
        dispatcher.start()
        assert set(calls.wait(6, within_s=0.9)) == set(begun)
        assert dispatcher.stop()


def test_dispatches_under_way_and_retries_are_made_again_at_once(tmp_path: Path) -> None:
    """Nine tasks: three hang, three fail and wait for their retry, three succeed."""
    begun = killed_after("dispatch", tmp_path, lines=9)
    assert set(begun) == {f"t{number}" for number in range(9)}
    with closing(DataFolder(tmp_path)) as folder:
        tasks = SqliteTasks(folder, clock=CLOCK)
        calls = Calls()

        def handle(_: str, headers: dict[str, str], __: bytes) -> int:
            return calls.add(headers["X-CloudTasks-TaskName"])

        dispatcher = TaskDispatcher(tasks, handle, clock=CLOCK, ids=IDS)
        dispatcher.start()
        # One that told us of itself may have died before it was known to have succeeded.
        unfinished = {"t0", "t1", "t3", "t4", "t6", "t7"}
        with calls.changed:
            assert calls.changed.wait_for(lambda: unfinished <= set(calls.made), timeout=0.9)
        assert dispatcher.stop()
        assert tasks.pending() == []
