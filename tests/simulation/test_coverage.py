"""Every port call of every use case is switched at, and crashed at."""

import re
from pathlib import Path

import pytest

from shared.domain.guards import Guards
from shared.simulation.scenario import run_seed
from shared.simulation.scheduler import Coverage
from tests.simulation.test_command import simulate

PAIRS = Path(__file__).with_name("pairs.txt")
SEEDS = 60
CRASH_SEEDS = 2_000


def listed() -> set[tuple[str, str]]:
    """Read the committed pairs of use case and port call."""
    rows = [line.split() for line in PAIRS.read_text(encoding="utf-8").splitlines() if line]
    return {(use_case, call) for use_case, call in rows}


def test_every_pair_is_switched_at_and_every_new_one_is_listed() -> None:
    coverage = Coverage()
    for seed in range(SEEDS):
        run_seed(seed, Guards(), coverage)
    assert coverage.switched == listed(), "a port call came or went: look at it, then change pairs.txt"


@pytest.mark.slow
def test_every_pair_is_crashed_at() -> None:
    code, lines = simulate("--seeds", str(CRASH_SEEDS))
    never = [line for line in lines if line.startswith("never crashed at")]
    assert never == []
    assert code == 0, lines
    assert re.search(r"coverage=1\.000$", lines[-1])
