"""`simulate`: live through seeds, check the promises, print what replays a failure."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields

from shared.domain.guards import Guards
from shared.simulation.scenario import run_seed
from shared.simulation.scheduler import Coverage

_CHUNK = 25
_SHOWN = 20

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What some seeds found."""

    failures: list[tuple[int, str, str]]
    switched: frozenset[Pair]
    crashed: frozenset[Pair]


def main(argv: list[str]) -> int:
    """Run the command; returns 0 when every promise held, else 1."""
    arguments = _parser().parse_args(argv)
    if arguments.trace:
        return _trace(arguments.seed or 0, _guards(arguments.without))
    started = time.perf_counter()
    failed: set[int] = set()
    coverage = Coverage()
    for chunk in _chunks(arguments):
        coverage.switched |= chunk.switched
        coverage.crashed |= chunk.crashed
        for seed, promise, what in chunk.failures:
            if seed not in failed and len(failed) < _SHOWN:
                _say(_failure(seed, promise, what, arguments.without))
            failed.add(seed)
    rate = arguments.seeds / max(time.perf_counter() - started, 1e-9)
    for pair in sorted(coverage.switched - coverage.crashed):
        _say(f"never crashed at: {pair[0]} {pair[1]}")
    share = len(coverage.crashed) / max(len(coverage.switched), 1)
    _say(f"seeds={arguments.seeds} failed={len(failed)} rate={rate:.1f}/s coverage={share:.3f}")
    return 1 if failed else 0


def live(first: int, count: int, without: str | None) -> Chunk:
    """Live through some seeds, in whatever process this is."""
    logging.disable()
    coverage, guards = Coverage(), _guards(without)
    failures = [
        (seed, violation.promise, violation.what)
        for seed in range(first, first + count)
        for violation in run_seed(seed, guards, coverage).violations
    ]
    return Chunk(failures, frozenset(coverage.switched), frozenset(coverage.crashed))


def _chunks(arguments: argparse.Namespace) -> Iterator[Chunk]:
    first = arguments.seed or 0
    starts = range(first, first + arguments.seeds, _CHUNK)
    counts = [min(_CHUNK, first + arguments.seeds - start) for start in starts]
    if arguments.seeds <= _CHUNK:
        yield live(first, arguments.seeds, arguments.without)
        return
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(live, starts, counts, [arguments.without] * len(counts))


def _guards(without: str | None) -> Guards:
    return Guards(**{without: False}) if without else Guards()


def _failure(seed: int, promise: str, what: str, without: str | None) -> str:
    replay = f"python3 -m shared.dev simulate --seeds 1 --seed {seed} --trace"
    replay += f" --without {without}" if without else ""
    return f"seed {seed}: promise {promise}: {what}; replay: {replay}"


def _trace(seed: int, guards: Guards) -> int:
    logging.disable()
    report = run_seed(seed, guards, Coverage(), trace=True)
    for line in report.trace:
        _say(line)
    for violation in report.violations:
        _say(f"seed {seed}: promise {violation.promise}: {violation.what}")
    _say(f"seeds=1 failed={int(bool(report.violations))} rate=0.0/s coverage=0.000")
    return 1 if report.violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulate", description=main.__doc__)
    parser.add_argument("--seeds", type=_count, default=1_000, help="how many seeds")
    parser.add_argument("--seed", type=_count, default=0, help="the first seed")
    parser.add_argument("--trace", action="store_true", help="print every step of --seed")
    names = [field.name for field in fields(Guards)]
    parser.add_argument("--without", choices=names, help="live without a guard")
    return parser


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"takes a whole number from 0, not {text!r}")
    return number


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
