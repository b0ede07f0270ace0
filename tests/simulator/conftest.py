"""Fixtures of the simulator's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.rig import Bench, Running, bench, running


@pytest.fixture
def desk() -> Bench:
    """A core on a clock that stands still."""
    return bench()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Running]:
    """A running simulator, served on loopback, with a callback of its own."""
    with running(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running simulator for tests that leave nothing behind in it."""
    with running(tmp_path_factory.mktemp("standing")) as found:
        yield found
