"""Copies of `shared` with a fault planted in their source, lived through in a process of their own."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
NOT_LIVED_THROUGH = ("__pycache__", "dev", "runtime", "simulator", "wiring", "embedded", "offline")

_FIRST_FAILURE = """
import logging, sys
logging.disable()
from shared.domain.guards import Guards
from shared.simulation.scenario import run_seed
from shared.simulation.scheduler import Coverage
for seed in range(int(sys.argv[1])):
    found = run_seed(seed, Guards(), Coverage()).violations
    if found:
        print(seed, found[0].promise, found[0].what, sep="\\t")
        break
"""


@dataclass(frozen=True)
class Fault:
    """A piece of one file's text, and what a careless change would make of it."""

    name: str
    file: str
    text: str
    instead: str


@dataclass(frozen=True)
class Finding:
    """The first seed that broke a promise."""

    seed: int
    promise: str
    what: str


def copy_with(fault: Fault | None, folder: Path) -> Path:
    """Copy what the simulation needs, with the fault in it; returns the copy's root."""
    shutil.copytree(PROJECT / "shared", folder / "shared", ignore=shutil.ignore_patterns(*NOT_LIVED_THROUGH))
    if fault is not None:
        path = folder / "shared" / fault.file
        source = path.read_text(encoding="utf-8")
        assert source.count(fault.text) == 1, f"{fault.name}: {fault.file} has changed, plant it anew"
        path.write_text(source.replace(fault.text, fault.instead), encoding="utf-8")
    return folder


def first_failure(fault: Fault | None, folder: Path, *, seeds: int) -> Finding | None:
    """Live through seeds until one breaks a promise; None when none does."""
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_FAILURE, str(seeds)],
        cwd=copy_with(fault, folder),
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if not done.stdout:
        return None
    seed, promise, what = done.stdout.rstrip("\n").split("\t")
    return Finding(int(seed), promise, what)
