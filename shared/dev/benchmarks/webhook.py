"""What one core of the webhook takes, beside a bare handler and beside pywa's webhook."""

import json as jsonlib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared.adapters.whatsapp.signature import HEADER, sign
from shared.dev.benchmarks.webhook_load import Plan
from shared.dev.benchmarks.webhook_pywa import VARIANTS
from shared.dev.benchmarks.webhook_servers import SECRET, NotMeasurable, Server, check, running
from shared.dev.environment import REPOSITORY

ROUNDS = 7
ROUND_S = 1.5
CONNECTIONS = 16
SLOW_CONNECTIONS = 80
SLOW_ROUNDS = 3
OPEN_RATE = 500
OPEN_S = 10.0

Measured = dict[str, Any]
"""What the load generator printed: the fields of `webhook_load.Measured`."""


def run(json: bool) -> dict[str, Any]:
    """Measure everything side by side and return the figures; print a table unless `json`.

    Takes about two minutes. Load and servers share the machine, so the figures are
    those of one busy core; the ratios are what compares.

    Raises:
        NotMeasurable: A server does not verify, handle or answer as it should.
    """
    with (
        tempfile.TemporaryDirectory(prefix="atende-bench-") as folder,
        running(Path(folder) / "data", VARIANTS) as servers,
    ):
        figures = _measure(servers)
    if not json:
        print(_table(figures))
    return figures


def _measure(servers: dict[str, Server]) -> dict[str, Any]:
    body = _body()
    for name in ("instant", "slow", "embedded"):
        check(servers[name], body, refusal=401)
    for name in VARIANTS:
        check(servers[name], body, refusal=403)
    compared = ("instant", "bare", *VARIANTS)
    rounds = _interleaved([servers[name] for name in compared], body, times=ROUNDS)
    for name in VARIANTS:
        _check_handled(servers[name], rounds[name])
    slow = _interleaved([servers["slow"]], body, times=SLOW_ROUNDS, connections=SLOW_CONNECTIONS)["slow"]
    embedded = _load(servers["embedded"], body, connections=64, seconds=OPEN_S, rate=OPEN_RATE)
    rows = {name: _median(rounds[name]) for name in compared} | {"slow": _median(slow), "embedded": embedded}
    return {"machine": _machine(), "rows": rows, "targets": _targets(rows, rounds)}


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
    servers: Sequence[Server], body: bytes, *, times: int, connections: int = CONNECTIONS
) -> dict[str, list[Measured]]:
    """Warm the servers up, then measure them in turn, so that a disturbance meets all of them."""
    rounds: dict[str, list[Measured]] = {server.name: [] for server in servers}
    for number in range(times + 1):
        for server in servers:
            measured = _load(server, body, connections=connections, seconds=ROUND_S)
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
    printed = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured: Measured = jsonlib.loads(printed)
    if set(measured["statuses"]) != {"200"} or measured["unanswered"]:
        raise NotMeasurable(f"{server.name}: {measured['statuses']}, {measured['unanswered']} unanswered")
    return measured


def _check_handled(server: Server, rounds: list[Measured]) -> None:
    answered = sum(measured["statuses"]["200"] for measured in rounds) + 1
    handled = int(server.get("/handled"))
    if handled != answered:
        raise NotMeasurable(f"{server.name} handled {handled} of {answered} messages")


def _median(rounds: list[Measured]) -> Measured:
    counted = [measured for measured in rounds if not measured["warm_up"]]
    names = ("per_second", "p50_ms", "p99_ms", "max_ms")
    return {name: statistics.median(measured[name] for measured in counted) for name in names}


def _targets(rows: dict[str, Measured], rounds: dict[str, list[Measured]]) -> list[dict[str, Any]]:
    fastest = max(VARIANTS, key=lambda name: float(rows[name]["per_second"]))
    return [
        _target("instant bus / bare handler", _ratio(rounds, "bare"), at_least=0.6),
        _target(f"instant bus / pywa, fastest: {fastest}", _ratio(rounds, fastest), at_least=2.5),
        _target("15 ms bus, per second", rows["slow"]["per_second"], at_least=2000),
        _target("15 ms bus, p99 ms", rows["slow"]["p99_ms"], below=100),
        _target(f"embedded bus at {OPEN_RATE}/s, p99 ms", rows["embedded"]["p99_ms"], below=50),
    ]


def _ratio(rounds: dict[str, list[Measured]], other: str) -> float:
    """Return the median of the rounds' ratios: what disturbs a round disturbs both sides of it."""
    pairs = zip(rounds["instant"], rounds[other], strict=True)
    return statistics.median(float(a["per_second"] / b["per_second"]) for a, b in pairs if not a["warm_up"])


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
        "workers": 1,
    }


_MEANINGS = {
    "instant": f"our function, instant bus, {CONNECTIONS} in flight",
    "bare": f'async handler that returns "ok", {CONNECTIONS} in flight',
    "flask": f"pywa on Flask, {CONNECTIONS} in flight",
    "starlette": f"pywa on Starlette, {CONNECTIONS} in flight",
    "starlette-async": f"pywa_async on Starlette, {CONNECTIONS} in flight",
    "slow": f"our function, bus of 15 ms, {SLOW_CONNECTIONS} in flight",
    "embedded": f"our function, embedded bus, open loop at {OPEN_RATE}/s",
}


def _table(figures: dict[str, Any]) -> str:
    machine = figures["machine"]
    lines = [
        "One signed message per request, one worker per server, the framework's production servers;",
        f"medians of {ROUNDS} interleaved rounds of {ROUND_S:g} s. "
        f"Python {machine['python']}, {machine['cpus']} CPUs, {machine['http']} on {machine['loop']}.",
        "",
        f"{'':48} {'per s':>8} {'p50 ms':>8} {'p99 ms':>8}",
    ]
    for name, meaning in _MEANINGS.items():
        row = figures["rows"][name]
        lines.append(f"{meaning:48} {row['per_second']:8.0f} {row['p50_ms']:8.1f} {row['p99_ms']:8.1f}")
    lines.append("")
    for target in figures["targets"]:
        want = f">= {target['at_least']:g}" if target["at_least"] is not None else f"< {target['below']:g}"
        verdict = "reached" if target["reached"] else "MISSED"
        lines.append(f"{target['what']:48} {target['got']:8.2f}  wanted {want:8} {verdict}")
    return "\n".join(lines)
