"""The implementations that the ports' suites run on; a new family adds itself here."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.store import SqliteStore
from shared.adapters.memory.store import MemoryStore
from shared.ports.store import Store
from tests.contract.ports.services import BusService, EmbeddedBus, EmbeddedTasks, TaskService


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """An open data folder that ends with the test."""
    with closing(DataFolder(tmp_path / "data")) as folder:
        yield folder


@pytest.fixture(params=["memory", "embedded"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store of each family."""
    if request.param == "memory":
        return MemoryStore()
    return SqliteStore(request.getfixturevalue("folder"))


@pytest.fixture(params=["embedded"])
def bus_service(folder: DataFolder) -> Iterator[BusService]:
    """A bus of each family that nobody listens to yet."""
    with closing(EmbeddedBus(folder)) as service:
        yield service


@pytest.fixture(params=["embedded"])
def task_service(folder: DataFolder) -> Iterator[TaskService]:
    """A task queue of each family that nobody listens to yet."""
    with closing(EmbeddedTasks(folder)) as service:
        yield service
