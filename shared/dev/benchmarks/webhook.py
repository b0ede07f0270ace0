"""What one core of the webhook takes, beside a bare handler and beside pywa's webhook."""

import json as jsonlib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared.adapters.whatsapp.signature import HEADER, sign
from shared.dev.benchmarks.webhook_load import Plan
from shared.dev.benchmarks.webhook_pywa import ASYNC, SYNC, VARIANTS
from shared.dev.benchmarks.webhook_servers import SECRET, NotMeasurable, Server, check, running
from shared.dev.benchmarks.webhook_table import table
from shared.dev.environment import REPOSITORY

CONNECTIONS = 16
SLOW_CONNECTIONS = 80
OPEN_CONNECTIONS = 64
OPEN_RATE = 500

Measured = dict[str, Any]
"""What the load generator printed, the fields of `webhook_load.Measured`, and the server's `cpu_us`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How often and how long, in seconds, each part is measured; rounds after one to warm up."""

    rounds: int = 11
    round_s: float = 0.6
    slow_rounds: int = 3
    slow_s: float = 1.5
    open_s: float = 10.0


WHOLE = Extent()


def run(json: bool, extent: Extent = WHOLE) -> dict[str, Any]:
    """Measure everything side by side and return the figures; print a table unless `json`.

    Takes about two minutes. Load and servers share the machine: a rate is that of one
    core that others may disturb. The processor time per request is steadier, and ratios
    are what compares: each is the median over rounds of what both sides did in one round.

    Raises:
        NotMeasurable: A server does not verify, handle or answer as it should.
    """
    conditions = {"machine": _machine(), "extent": asdict(extent)}
    with (
        tempfile.TemporaryDirectory(prefix="atende-bench-") as folder,
        running(Path(folder) / "data", VARIANTS) as servers,
    ):
        figures = conditions | _measure(servers, extent)
    if not json:
        print(table(figures))
    return figures


def _measure(servers: dict[str, Server], extent: Extent) -> dict[str, Any]:
    body = _body()
    for name in ("instant", "slow", "embedded"):
        check(servers[name], body, refusal=401)
    for name in VARIANTS:
        check(servers[name], body, refusal=403)
    compared = ("instant", "bare", *VARIANTS)
    rounds = _interleaved(
        [servers[name] for name in compared], body, times=extent.rounds, seconds=extent.round_s
    )
    for name in VARIANTS:
        _check_handled(servers[name], rounds[name])
    slow = _interleaved(
        [servers["slow"]],
        body,
        times=extent.slow_rounds,
        seconds=extent.slow_s,
        connections=SLOW_CONNECTIONS,
    )["slow"]
    embedded = _load(
        servers["embedded"], body, connections=OPEN_CONNECTIONS, seconds=extent.open_s, rate=OPEN_RATE
    )
    rows = {name: _median(rounds[name]) for name in compared} | {"slow": _median(slow), "embedded": embedded}
    return {"rows": rows, "targets": _targets(rows, rounds)}


def _body() -> bytes:
    """Return one text message as Meta sends it."""
    message = {
        "from": "5511988887777",
        "from_user_id": "BR.13491208655302741918",
        "id": "wamid.HBgNNTUxMTk4ODg4Nzc3NxUCABIYFDNBNEE2NTk5QUVFMDM4MTAxNDRGAA==",
        "timestamp": "1790000000",
        "text": {"body": "Oi! Vocês abrem no sábado?"},
        "type": "text",
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551130000000", "phone_number_id": "106540352242922"},
        "contacts": [
            {"profile": {"name": "Ana"}, "wa_id": "5511988887777", "user_id": "BR.13491208655302741918"}
        ],
        "messages": [message],
    }
    entry = {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}
    return jsonlib.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def _interleaved(
    servers: Sequence[Server], body: bytes, *, times: int, seconds: float, connections: int = CONNECTIONS
) -> dict[str, list[Measured]]:
    """Warm the servers up, then measure them in turn, so that a disturbance meets all of them."""
    rounds: dict[str, list[Measured]] = {server.name: [] for server in servers}
    for number in range(times + 1):
        for server in servers:
            measured = _load(server, body, connections=connections, seconds=seconds)
            measured["warm_up"] = number == 0
            rounds[server.name].append(measured)
    return rounds


def _load(server: Server, body: bytes, *, connections: int, seconds: float, rate: float = 0.0) -> Measured:
    head = [
        "POST / HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: facebookexternalua",
        "Accept: */*",
        "Content-Type: application/json",
        f"{HEADER}: {sign(body, SECRET)}",
        f"Content-Length: {len(body)}",
    ]
    request = "\r\n".join([*head, "", ""]) + body.decode("latin-1")
    plan = Plan(port=server.port, request=request, connections=connections, seconds=seconds, rate=rate)
    command = [sys.executable, "-m", "shared.dev.benchmarks.webhook_load", jsonlib.dumps(asdict(plan))]
    before = server.processor_s()
    printed = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = server.processor_s()
    measured: Measured = jsonlib.loads(printed)
    if set(measured["statuses"]) != {"200"} or measured["unanswered"]:
        raise NotMeasurable(f"{server.name}: {measured['statuses']}, {measured['unanswered']} unanswered")
    took_s = after - before if before is not None and after is not None else None
    measured["cpu_us"] = None if took_s is None else took_s / measured["statuses"]["200"] * 1e6
    return measured


def _check_handled(server: Server, rounds: list[Measured]) -> None:
    answered = sum(measured["statuses"]["200"] for measured in rounds) + 1
    handled = int(server.get("/handled"))
    if handled != answered:
        raise NotMeasurable(f"{server.name} handled {handled} of {answered} messages")


def _median(rounds: list[Measured]) -> Measured:
    names = ("per_second", "p50_ms", "p99_ms", "max_ms", "cpu_us", "busy")
    return {
        name: _middle([measured[name] for measured in rounds if not measured["warm_up"]]) for name in names
    }


def _middle(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _targets(rows: dict[str, Measured], rounds: dict[str, list[Measured]]) -> list[dict[str, Any]]:
    def fastest(variants: Sequence[str]) -> str:
        return max(variants, key=lambda name: float(rows[name]["per_second"]))

    sync, other = fastest(SYNC), fastest(ASYNC)
    return [
        _compared("instant bus / bare handler", rounds, "bare", at_least=0.6),
        _compared(f"instant bus / pywa, fastest: {sync}", rounds, sync, at_least=2.5),
        _compared(f"instant bus / pywa_async, fastest: {other}", rounds, other, at_least=2.5),
        _target("15 ms bus, per second", rows["slow"]["per_second"], at_least=2000),
        _target("15 ms bus, p99 ms", rows["slow"]["p99_ms"], below=100),
        _target(f"embedded bus at {OPEN_RATE}/s, p99 ms", rows["embedded"]["p99_ms"], below=50),
    ]


def _compared(what: str, rounds: dict[str, list[Measured]], other: str, *, at_least: float) -> dict[str, Any]:
    """Return the target with the median of the rounds' ratios: a disturbance meets both sides of a round."""
    pairs = [pair for pair in zip(rounds["instant"], rounds[other], strict=True) if not pair[0]["warm_up"]]
    rates = [float(ours["per_second"] / theirs["per_second"]) for ours, theirs in pairs]
    costs = [
        theirs["cpu_us"] / ours["cpu_us"] for ours, theirs in pairs if theirs["cpu_us"] and ours["cpu_us"]
    ]
    ratio = _target(what, statistics.median(rates), at_least=at_least)
    return ratio | {"lowest": min(rates), "highest": max(rates), "by_cpu": _middle(costs)}


def _target(
    what: str, got: float, *, at_least: float | None = None, below: float | None = None
) -> dict[str, Any]:
    reached = got >= at_least if at_least is not None else below is not None and got < below
    return {"what": what, "got": got, "at_least": at_least, "below": below, "reached": reached}


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "http": "httptools" if find_spec("httptools") else "h11",
        "loop": "uvloop" if find_spec("uvloop") else "asyncio",
        "load": os.getloadavg()[0],
        "workers": 1,
    }
