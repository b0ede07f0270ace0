"""How many messages a second go all the way, and how long one takes from webhook to Graph."""

import asyncio
import os
import platform
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.store import SqliteStore
from shared.dev.benchmarks.turns_load import Load, Phase
from shared.dev.benchmarks.turns_payloads import NUMBERS
from shared.dev.benchmarks.webhook_servers import NotMeasurable
from shared.dev.environment import REPOSITORY
from shared.domain import paths
from shared.domain.delivery import state_of
from shared.ports.store import Document, Query

RATES = (30, 100)
PHASE_S = {30: 20.0, 100: 30.0}
WARM_UP_S = 4.0
DRAINED_WITHIN_S = 30.0
RECEIPTS_HANDLED_WITHIN_S = 2.0
QUIET_MS = 3_000
LATE_MS = 500
SUSTAINED_LATE_MS = 2_000
"""A backlog that grows makes somebody wait longer than this beyond the quiet period."""

_SECRET = "benchmark-app-secret"  # noqa: S105 - opens nothing
_PAGE = 1_000


def run(json: bool) -> dict[str, Any]:
    """Measure and return the figures; print a table unless `json`.

    Takes about a minute and a half. System, Graph and load share the machine.

    Raises:
        NotMeasurable: The system does not start, or refuses webhooks.
    """
    with tempfile.TemporaryDirectory(prefix="atende-bench-") as folder:
        data = Path(folder) / "data"
        figures = asyncio.run(_measure(data))
        figures["states"] = _states(data)
    figures["targets"] = _targets(figures)
    if not json:
        print(_table(figures))
    return figures


async def _measure(data: Path) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    load = Load(reader, writer, secret=_SECRET.encode())
    system = _start(data, theirs, graph_port=await load.graph.start())
    theirs.close()
    try:
        async with asyncio.timeout(30):
            await load.used()
        await load.phase(rate=RATES[0], seconds=WARM_UP_S, within_s=DRAINED_WITHIN_S)
        load_before = os.getloadavg()[0]
        rows = [await _phase(load, rate) for rate in RATES]
        facts = (await load.used())["facts"]
        await asyncio.sleep(RECEIPTS_HANDLED_WITHIN_S)
    except (TimeoutError, IndexError, ConnectionError) as error:
        raise NotMeasurable("the system does not start or died") from error
    finally:
        await load.close()
        _end(system)
    if set(load.statuses) != {"200"}:
        raise NotMeasurable(f"the webhook answered {dict(load.statuses)}")
    return {
        "machine": {
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
            "load_before": load_before,
            "load_after": os.getloadavg()[0],
        },
        "rows": rows,
        "messages": load.messages,
        "webhooks": load.statuses.total(),
        "read_receipts": load.graph.read_receipts,
        "logged": facts,
    }


def _start(data: Path, wire: socket.socket, *, graph_port: int) -> "subprocess.Popen[bytes]":
    environment = {
        "PYTHONPATH": str(REPOSITORY),
        "META_APP_SECRET": _SECRET,
        "GRAPH_API_URL": f"http://127.0.0.1:{graph_port}",
        "WHATSAPP_PHONE_NUMBER_ID": ",".join(NUMBERS),
        "TURN_QUIET_SECONDS": str(QUIET_MS / 1000),
    }
    module = [sys.executable, "-m", "shared.dev.benchmarks.turns_system", str(data), str(wire.fileno())]
    return subprocess.Popen(
        module, cwd=REPOSITORY, env={**os.environ, **environment}, pass_fds=(wire.fileno(),)
    )


def _end(system: "subprocess.Popen[bytes]") -> None:
    try:
        system.wait(15)
    except subprocess.TimeoutExpired:
        system.kill()
        system.wait()


async def _phase(load: Load, rate: int) -> dict[str, Any]:
    before = await load.used()
    phase = await load.phase(rate=rate, seconds=PHASE_S[rate], within_s=DRAINED_WITHIN_S)
    after = await load.used()
    return _row(rate, phase, cpu_s=after["cpu_s"] - before["cpu_s"])


def _row(rate: int, phase: Phase, *, cpu_s: float) -> dict[str, Any]:
    taken = sorted(waited for _, waited in phase.waited) or [0.0]
    sent = len(phase.due)
    return {
        "rate": rate,
        "seconds": PHASE_S[rate],
        "sent": sent,
        "answered_once": sum(1 for phone in phase.due if phase.answered[phone] == 1),
        "answered_twice": sum(1 for count in phase.answered.values() if count > 1),
        "unanswered": sum(1 for phone in phase.due if not phase.answered[phone]),
        "p50_ms": taken[len(taken) // 2] * 1000,
        "p95_ms": taken[len(taken) * 95 // 100] * 1000,
        "p99_ms": taken[len(taken) * 99 // 100] * 1000,
        "max_ms": taken[-1] * 1000,
        "cpu_ms_per_message": cpu_s / sent * 1000,
        "backlog": phase.backlog,
        "drained_s": max((due + took for due, took in phase.waited), default=0.0) - PHASE_S[rate],
    }


def _states(data: Path) -> dict[str, int]:
    """Count the answers in the store by the state that their receipts left them in."""
    folder = DataFolder(data)
    try:
        store, counted = SqliteStore(folder), dict[str, int]()
        page: list[Document] = []
        while not counted or len(page) == _PAGE:
            query = Query(paths.collection("default", "messages"), (), (), _PAGE, page[-1] if page else None)
            page = store.query(query)
            for document in page:
                if document.data["direction"] == "out":
                    state = state_of(document.data)
                    counted[state] = counted.get(state, 0) + 1
            if not page:
                break
        return counted
    finally:
        folder.close()


def _targets(figures: dict[str, Any]) -> list[dict[str, Any]]:
    slow, fast = figures["rows"]
    sent = sum(row["sent"] for row in figures["rows"])
    once = sum(row["answered_once"] for row in figures["rows"])
    read = figures["states"].get("read", 0)
    return [
        _target(
            f"at {fast['rate']}/s, longest wait ms", fast["max_ms"], at_most=QUIET_MS + SUSTAINED_LATE_MS
        ),
        _target("answered exactly once, of all", once / sent, at_least=1.0),
        _target("answers that receipts made read", read / figures["messages"], at_least=1.0),
        _target(f"at {slow['rate']}/s, p95 ms to Graph", slow["p95_ms"], at_most=QUIET_MS + LATE_MS),
    ]


def _target(
    what: str, got: float, *, at_least: float | None = None, at_most: float | None = None
) -> dict[str, Any]:
    reached = got >= at_least if at_least is not None else at_most is not None and got <= at_most
    return {"what": what, "got": got, "at_least": at_least, "at_most": at_most, "reached": reached}


def _table(figures: dict[str, Any]) -> str:
    machine = figures["machine"]
    lines = [
        f"{len(NUMBERS)} numbers, one turn and three receipts per message, quiet period {QUIET_MS} ms.",
        f"Python {machine['python']}, {machine['cpus']} CPUs for system, Graph and load; load average "
        f"{machine['load_before']:.1f} before, {machine['load_after']:.1f} after.",
        "",
        f"{'per s':>6} {'sent':>6} {'once':>6} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'max ms':>8}"
        f" {'CPU ms':>7}  unanswered, by second",
    ]
    for row in figures["rows"]:
        lines.append(
            f"{row['rate']:6} {row['sent']:6} {row['answered_once']:6} {row['p50_ms']:8.0f}"
            f" {row['p95_ms']:8.0f} {row['p99_ms']:8.0f} {row['max_ms']:8.0f}"
            f" {row['cpu_ms_per_message']:7.2f}"
            f"  {' '.join(map(str, row['backlog'][:: max(1, len(row['backlog']) // 10)]))}"
        )
    lines.append("")
    for target in figures["targets"]:
        want = f">= {target['at_least']:g}" if target["at_least"] is not None else f"<= {target['at_most']:g}"
        verdict = "reached" if target["reached"] else "MISSED"
        lines.append(f"{target['what']:48} {target['got']:8.2f}  wanted {want:8} {verdict}")
    if figures["logged"]:
        lines.append(f"logged: {figures['logged']}")
    return "\n".join(lines)
