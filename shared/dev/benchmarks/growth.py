"""What one message costs in long conversations and among many, beside short ones and few."""

import gc
import os
import platform
import random
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from shared.dev.benchmarks.growth_rig import Operations, Rig
from shared.dev.benchmarks.growth_seed import copy, template

MOST = 1.3
ROUNDS = 400
WARM_UP = 20

SHORT, LONG = 10, 10_000
LONG_CONVERSATIONS = 10
FEW, MANY = 100, 100_000

_SEED = 7


@dataclass(frozen=True, slots=True)
class Side:
    """One of two installations or conversations to compare, and who writes in which round."""

    name: str
    rig: Rig
    customers: list[int]


def run(json: bool) -> dict[str, Any]:
    """Measure both ratios, each interleaved in one run; print a table unless `json`.

    Takes about two minutes, most of it to write a hundred thousand conversations. The cost
    is processor time, so that other load on the machine matters little.

    Raises:
        NotMeasurable: A message is not answered as it should be.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atende-bench-")))
        begun, load = monotonic(), os.getloadavg()[0]
        length = _compare(stack.enter_context(_lengths(folder)))
        number = _compare(stack.enter_context(_numbers(folder)))
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "load_before": load}
    figures: dict[str, Any] = {
        "machine": {**machine, "load_after": os.getloadavg()[0], "seconds": monotonic() - begun},
        "length": length,
        "number": number,
        "targets": [
            _target(f"cost with {LONG:,} / {SHORT} earlier messages", length["ratio"]),
            _target(f"cost with {MANY:,} / {FEW} conversations", number["ratio"]),
        ],
    }
    if not json:
        print(_table(figures))
    return figures


@contextmanager
def _lengths(folder: Path) -> Iterator[tuple[Side, Side]]:
    """Long and short conversations in one store; each short one is used once."""
    rounds = ROUNDS + WARM_UP
    rig = Rig(folder / "lengths")
    original = template(rig, exchanges=SHORT // 2)
    short = range(1, rounds + 1)
    long = range(rounds + 1, rounds + 1 + LONG_CONVERSATIONS)
    copy(rig, original, short)
    copy(rig, original, long, earlier=LONG)
    rig = _reopened(rig, folder / "lengths")
    turns = [long[index % len(long)] for index in range(rounds)]
    yield Side(f"{SHORT} earlier", rig, list(short)), Side(f"{LONG:,} earlier", rig, turns)
    rig.close()


@contextmanager
def _numbers(folder: Path) -> Iterator[tuple[Side, Side]]:
    """Two installations of equal conversations, written to by customers at random."""
    sides: list[Side] = []
    for count in (FEW, MANY):
        path = folder / f"of-{count}"
        rig = Rig(path)
        copy(rig, template(rig, exchanges=1), range(1, count))
        chance = random.Random(_SEED)  # noqa: S311 - which customer writes hides nothing
        customers = [chance.randrange(count) for _ in range(ROUNDS + WARM_UP)]
        sides.append(Side(f"{count:,} conversations", _reopened(rig, path), customers))
    yield sides[0], sides[1]
    for side in sides:
        side.rig.close()


def _reopened(rig: Rig, path: Path) -> Rig:
    """Start again, as after a night: nothing is in the process's memory, the log is folded in."""
    rig.close()
    return Rig(path, from_ms=rig.clock.now)


def _compare(sides: tuple[Side, Side]) -> dict[str, Any]:
    """Let both sides take turns, the first one changing, so that a disturbance meets both."""
    for index in range(WARM_UP):
        for side in sides:
            side.rig.exchange(side.customers[index])
    costs: dict[str, list[float]] = {side.name: [] for side in sides}
    operations = {side.name: Operations() for side in sides}
    gc.collect()
    gc.disable()
    try:
        for index in range(WARM_UP, WARM_UP + ROUNDS):
            for side in sides if index % 2 else sides[::-1]:
                side.rig.store.counted = operations[side.name]
                costs[side.name].append(side.rig.exchange(side.customers[index]))
    finally:
        gc.enable()
    rows = [_row(side.name, costs[side.name], operations[side.name]) for side in sides]
    return {"rows": rows, "ratio": rows[1]["mean_ms"] / rows[0]["mean_ms"]}


def _row(name: str, costs: list[float], operations: Operations) -> dict[str, Any]:
    counted = {key: value / len(costs) for key, value in asdict(operations).items()}
    return {
        "name": name,
        "messages": len(costs),
        "mean_ms": statistics.fmean(costs),
        "median_ms": statistics.median(costs),
        **counted,
    }


def _target(what: str, got: float) -> dict[str, Any]:
    return {"what": what, "got": got, "at_most": MOST, "reached": got <= MOST}


def _table(figures: dict[str, Any]) -> str:
    machine = figures["machine"]
    lines = [
        "Processor time per message through record, turn, send and three receipts; store calls with it.",
        f"Means of {ROUNDS} interleaved messages. Python {machine['python']}, {machine['cpus']} CPUs; load "
        f"average {machine['load_before']:.1f} before, {machine['load_after']:.1f} after;"
        f" took {machine['seconds']:.0f} s.",
        "",
        f"{'':24} {'mean ms':>8} {'median':>7} {'reads':>6} {'queries':>8} {'commits':>8}"
        f" {'docs read':>10} {'written':>8}",
    ]
    for row in [*figures["length"]["rows"], *figures["number"]["rows"]]:
        lines.append(
            f"{row['name']:24} {row['mean_ms']:8.2f} {row['median_ms']:7.2f} {row['reads']:6.1f}"
            f" {row['queries']:8.1f} {row['commits']:8.1f} {row['documents_read']:10.1f}"
            f" {row['documents_written']:8.1f}"
        )
    lines.append("")
    for target in figures["targets"]:
        verdict = "reached" if target["reached"] else "MISSED"
        lines.append(f"{target['what']:48} {target['got']:8.2f}  wanted <= {target['at_most']:g} {verdict}")
    return "\n".join(lines)
