"""`doctor`: says what is there and what to do about what is not."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from shared.config.settings import Settings, load
from shared.dev import findings
from shared.dev.environment import REPOSITORY, Environment
from shared.dev.findings import Finding, Level
from shared.domain.errors import Misconfigured


def main(argv: Sequence[str]) -> int:
    """Print every finding; 1 when one of them breaks `run`, 2 when the settings do."""
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev doctor", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="where `run` would listen (8080)")
    parser.add_argument("--data", type=Path, default=Path(".atende"), help="its data folder (.atende)")
    options = parser.parse_args(argv)
    if not 0 <= options.port <= 65535:
        parser.error("argument --port: from 0 to 65535")
    try:
        settings = load(os.environ)
    except Misconfigured as error:
        print(f"atende: {error}", file=sys.stderr)
        return 2
    problems = 0
    for finding in look(settings, port=options.port, data=options.data):
        problems += finding.level is Level.PROBLEM
        print(f"{finding.level:8}{finding.text}" + (f"\n{'':8}-> {finding.advice}" if finding.advice else ""))
    return 1 if problems else 0


def look(settings: Settings, *, port: int, data: Path) -> Iterator[Finding]:
    """Look at everything that `run` depends on, and at what other commands need."""
    yield from findings.interpreter()
    yield from findings.environment(Environment(REPOSITORY))
    yield from findings.settings(settings, os.environ)
    yield from findings.data_folder(data)
    yield from findings.port(port)
    yield from findings.programs()
