"""Checkers that don't know the switch notice that a guard is missing."""

import sys

import pytest

from shared.domain.guards import Guards
from shared.simulation.scenario import Report, run_seed
from shared.simulation.scheduler import Coverage

SEEDS = 1_000


def first_failure(guards: Guards) -> Report | None:
    for seed in range(SEEDS):
        report = run_seed(seed, guards, Coverage())
        if report.violations:
            return report
    return None


@pytest.mark.parametrize("guard", ["dedup", "lease", "owner", "outbox"])
def test_a_missing_guard_is_caught(guard: str) -> None:
    report = first_failure(Guards(**{guard: False}))
    assert report is not None, f"{SEEDS} seeds without {guard} and nobody noticed"
    sys.stdout.write(f"without {guard}: seed {report.seed}: {report.violations[0]}\n")


@pytest.mark.parametrize("seed", range(20))
def test_with_every_guard_on_the_promises_hold(seed: int) -> None:
    assert run_seed(seed, Guards(), Coverage()).violations == []
