"""`test`: the checks, the tests and the simulation, and one count over all three."""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from shared.dev.check import run_checks
from shared.dev.environment import REPOSITORY
from shared.dev.tally import Tally, read_report

SEEDS = 3000
FAST_SEEDS = 300


def main(argv: Sequence[str]) -> int:
    """Run everything that decides whether a change is good; 1 when anything failed."""
    options, pytest_arguments = _parse(argv)
    total = Tally(passed=0, failed=0, skipped=Counter())
    for result in run_checks():
        total = total.plus(Tally.of_one(passed=result.passed))
    total = total.plus(_run_tests(pytest_arguments, fast=options.fast))
    total = total.plus(_run_simulation(FAST_SEEDS if options.fast else SEEDS))
    print(f"\n{total.summary()}", flush=True)
    return 1 if total.failed else 0


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    own, separator, passed_on = list(argv), "--", []
    if separator in own:
        at = own.index(separator)
        own, passed_on = own[:at], own[at + 1 :]
    parser = argparse.ArgumentParser(
        prog="python3 -m shared.dev test",
        description=__doc__,
        epilog="What follows `--` goes to pytest: `test --fast -- -k window -x`.",
    )
    parser.add_argument("--fast", action="store_true", help="leave out slow tests, fewer seeds")
    return parser.parse_args(own), passed_on


def _run_tests(arguments: Sequence[str], *, fast: bool) -> Tally:
    chosen = ["-m", "not slow"] if fast else []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            f"--junit-xml={report}",
            *chosen,
            *arguments,
        ]
        code = subprocess.run(command, cwd=REPOSITORY, check=False).returncode
        tally = read_report(report)
    if code == 0 or tally.failed:
        return tally
    print(f"FAIL  pytest itself ended with {code}", flush=True)
    return tally.plus(Tally.of_one(passed=False))


def _run_simulation(seeds: int) -> Tally:
    """Count the simulation as one test; its own last line tells the seeds."""
    print(f"\nsimulation, {seeds} seeds", flush=True)
    command = [sys.executable, "-m", "shared.dev", "simulate", "--seeds", str(seeds)]
    code = subprocess.run(command, cwd=REPOSITORY, check=False).returncode
    return Tally.of_one(passed=code == 0)
