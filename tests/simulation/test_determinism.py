"""The same seed lives the same life, whatever the process that lives it."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from shared.domain.guards import Guards
from shared.simulation.scenario import run_seed
from shared.simulation.scheduler import Coverage

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = range(0, 40, 8)


def fingerprint(seed: int) -> str:
    report = run_seed(seed, Guards(), Coverage(), trace=True)
    assert report.trace
    return hashlib.sha256("\n".join(report.trace).encode()).hexdigest()


def elsewhere(hash_seed: str) -> list[str]:
    """Fingerprint the seeds in a process that hashes differently."""
    program = "from tests.simulation.test_determinism import SEEDS, fingerprint\n"
    program += "print(*[fingerprint(seed) for seed in SEEDS], sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_the_same_seed_lives_the_same_life_in_every_process() -> None:
    assert elsewhere("1") == elsewhere("4000000000")


def test_and_again_in_the_same_process_whatever_was_lived_before() -> None:
    first = fingerprint(3)
    fingerprint(4)
    assert fingerprint(3) == first


def test_watching_does_not_change_what_happens() -> None:
    watched = run_seed(5, Guards(), Coverage(), trace=True)
    coverage, watched_coverage = Coverage(), Coverage()
    run_seed(5, Guards(), coverage)
    run_seed(5, Guards(), watched_coverage, trace=True)
    assert (coverage.switched, coverage.crashed) == (watched_coverage.switched, watched_coverage.crashed)
    assert watched.violations == []


def test_different_seeds_live_different_lives() -> None:
    assert len({fingerprint(seed) for seed in SEEDS}) == len(SEEDS)
