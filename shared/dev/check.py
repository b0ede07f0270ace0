"""`check`: lint, format, types and import contracts, each with its own result."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.dev.environment import REPOSITORY

CODE = ("functions", "shared", "tests")


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of the development lock and what it is called with."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool found: `output` is its own report, both streams."""

    name: str
    passed: bool
    seconds: float
    output: str


def tools() -> tuple[Tool, ...]:
    """Return the tools in the order in which they run, the quickest first."""
    python = sys.executable
    contracts = str(Path(python).with_name("lint-imports"))
    return (
        Tool("ruff check", (python, "-m", "ruff", "check", "--quiet", *CODE)),
        Tool("ruff format", (python, "-m", "ruff", "format", "--check", *CODE)),
        Tool("import contracts", (contracts,)),
        Tool("mypy", (python, "-m", "mypy", "--strict", *CODE)),
    )


def run_checks() -> list[Result]:
    """Run every tool, printing each result as it comes and the report of each that failed."""
    results = []
    for tool in tools():
        result = run_tool(tool, REPOSITORY)
        results.append(result)
        print(f"{'ok  ' if result.passed else 'FAIL'}  {result.name} ({result.seconds:.1f} s)", flush=True)
        if not result.passed:
            print(result.output.rstrip(), flush=True)
    return results


def run_tool(tool: Tool, folder: Path) -> Result:
    """Run one tool in `folder`; a tool that can't be started counts as failed."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            tool.command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        return Result(tool.name, passed=False, seconds=0.0, output=str(error))
    seconds = time.monotonic() - started
    return Result(tool.name, passed=done.returncode == 0, seconds=seconds, output=done.stdout)


def main(argv: Sequence[str]) -> int:
    """Run the checks; 1 when one of them fails."""
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev check", description=__doc__)
    parser.parse_args(argv)
    return 0 if all(result.passed for result in run_checks()) else 1
