"""`bench`: measurements, side by side in one run; what they found stands in docs/benchmarks.md."""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from typing import Any

from shared.dev.benchmarks.webhook_servers import NotMeasurable

HERE = ("webhook", "turns", "growth")
LATER = ("cold", "bill", "media")


def main(argv: Sequence[str]) -> int:
    """Run the named benchmark, or each that there is; 1 when something could not be measured.

    A missed target is a finding, shown beside what was wanted, not a failure: machines differ.
    """
    options = _parse(argv)
    names = [options.name] if options.name else list(HERE)
    figures: dict[str, Any] = {}
    for name in names:
        try:
            figures[name] = _run(name, quiet=options.json)
        except NotMeasurable as reason:
            print(f"bench {name}: {reason}", file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps(figures[options.name] if options.name else figures, indent=2))
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev bench", description=__doc__)
    parser.add_argument("name", nargs="?", help=f"{', '.join(HERE)}; without one, all of them")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, nothing else")
    options = parser.parse_args(argv)
    if options.name in LATER:
        parser.error(f"{options.name} measures what is not built yet")
    if options.name and options.name not in HERE:
        parser.error(f"there is no benchmark {options.name!r}; there are {', '.join(HERE)}")
    return options


def _run(name: str, *, quiet: bool) -> dict[str, Any]:
    module = importlib.import_module(f"shared.dev.benchmarks.{name}")
    figures: dict[str, Any] = module.run(quiet)
    return figures
