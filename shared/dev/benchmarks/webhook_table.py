"""Prints what the webhook benchmark measured, for people."""

from typing import Any

_MEANINGS = {
    "instant": "our function, instant bus, 16 in flight",
    "bare": 'async handler that returns "ok", 16 in flight',
    "flask": "pywa on Flask, 8 threads, 16 in flight",
    "fastapi": "pywa on FastAPI, 16 in flight",
    "starlette": "pywa on Starlette, 16 in flight",
    "fastapi-async": "pywa_async on FastAPI, 16 in flight",
    "starlette-async": "pywa_async on Starlette, 16 in flight",
    "slow": "our function, bus of 15 ms, 80 in flight",
    "embedded": "our function, embedded bus, open loop at 500/s",
}


def table(figures: dict[str, Any]) -> str:
    """Return the figures of a run as a table, a line per server, then one per target."""
    extent, machine = figures["extent"], figures["machine"]
    lines = [
        "One signed message per request, one worker per server, the framework's production servers;",
        f"medians of {extent['rounds']} interleaved rounds of {extent['round_s']:g} s.",
        f"Python {machine['python']}, {machine['cpus']} CPUs, {machine['http']} on {machine['loop']}, "
        f"load average {machine['load']:.1f} before the run.",
        "",
        f"{'':52} {'per s':>8} {'cpu us':>8} {'p50 ms':>8} {'p99 ms':>8}",
    ]
    lines += [_row(meaning, figures["rows"][name]) for name, meaning in _MEANINGS.items()]
    return "\n".join([*lines, "", *(_target(target) for target in figures["targets"])])


def _row(meaning: str, row: dict[str, Any]) -> str:
    cpu = f"{row['cpu_us']:8.0f}" if row["cpu_us"] is not None else f"{'-':>8}"
    return f"{meaning:52} {row['per_second']:8.0f} {cpu} {row['p50_ms']:8.1f} {row['p99_ms']:8.1f}"


def _target(target: dict[str, Any]) -> str:
    want = f">= {target['at_least']:g}" if target["at_least"] is not None else f"< {target['below']:g}"
    line = f"{target['what']:52} {target['got']:8.2f}  wanted {want:8} "
    line += "reached" if target["reached"] else "MISSED "
    if "lowest" in target:
        line += f"  rounds {target['lowest']:.2f} to {target['highest']:.2f}"
    if target.get("by_cpu") is not None:
        line += f", by processor time {target['by_cpu']:.2f}"
    return line
