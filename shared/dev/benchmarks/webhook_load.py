"""A load generator: one process, many kept-alive connections, requests rendered beforehand.

It is given as `python -m shared.dev.benchmarks.webhook_load '<plan as JSON>'` and prints
what it measured as JSON.
"""

import asyncio
import contextlib
import json
import re
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

_DRAINS_WITHIN_S = 5
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to send: `request` holds the raw bytes of one HTTP/1.1 request, as Latin-1.

    Without `rate` each connection sends its next request when it has its answer (closed
    loop). With it, `rate` requests per second fall due evenly, answered or not (open
    loop), and a latency counts from when its request fell due, waiting for a free
    connection included.
    """

    port: int
    request: str
    connections: int
    seconds: float
    rate: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Answers per second, answers by status, and latencies in milliseconds.

    `busy` is the share of one processor that the generator itself took: near 1 it, and not
    the server, was what held the rate down.
    """

    per_second: float
    busy: float
    statuses: dict[str, int]
    p50_ms: float
    p99_ms: float
    max_ms: float
    unanswered: int


class _Connection(asyncio.Protocol):
    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._received = b""
        self._due = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, due: float) -> None:
        self._due = due
        if self._transport is not None:
            self._transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, head + 2) if head >= 0 else None
        if length is None or len(self._received) < head + 4 + int(length[1]):
            return
        status = self._received[9:12].decode()
        self._received = b""
        self._load.answered(self, self._due, status)


class _Load:
    def __init__(self, plan: Plan, loop: asyncio.AbstractEventLoop) -> None:
        self.request = plan.request.encode("latin-1")
        self._plan = plan
        self._loop = loop
        self._latencies: list[float] = []
        self._statuses: Counter[str] = Counter()
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[float] = deque()
        self._end = 0.0
        self._under_way = 0
        self._idling = asyncio.Event()

    async def run(self) -> Measured:
        connections = [
            (await self._loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._plan.port))[1]
            for _ in range(self._plan.connections)
        ]
        start, own_start = time.perf_counter(), time.process_time()
        self._end = start + self._plan.seconds
        if self._plan.rate:
            self._idle.extend(connections)
            await self._send_on_time(start)
        else:
            for connection in connections:
                self._send(connection, time.perf_counter())
        await asyncio.sleep(max(0.0, self._end - time.perf_counter()))
        took = time.perf_counter() - start
        busy = (time.process_time() - own_start) / took
        answered = len(self._latencies)
        await self._drain()
        return self._measured(answered / took, busy)

    async def _drain(self) -> None:
        if self._under_way or self._waiting:
            self._idling.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idling.wait(), _DRAINS_WITHIN_S)

    def _send(self, connection: _Connection, due: float) -> None:
        self._under_way += 1
        connection.send(due)

    async def _send_on_time(self, start: float) -> None:
        for number in range(int(self._plan.seconds * self._plan.rate)):
            due = start + number / self._plan.rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if self._idle:
                # A timer may be early by part of a millisecond: that is no head start.
                self._send(self._idle.popleft(), min(due, time.perf_counter()))
            else:
                self._waiting.append(due)

    def answered(self, connection: _Connection, due: float, status: str) -> None:
        now = time.perf_counter()
        self._under_way -= 1
        self._latencies.append(now - due)
        self._statuses[status] += 1
        if self._plan.rate:
            self._idle.append(connection)
            if self._waiting:
                self._send(self._idle.popleft(), self._waiting.popleft())
        elif now < self._end:
            self._send(connection, now)
        if not self._under_way:
            self._idling.set()

    def _measured(self, per_second: float, busy: float) -> Measured:
        ranked = sorted(self._latencies) or [0.0]
        return Measured(
            per_second=per_second,
            busy=busy,
            statuses=dict(self._statuses),
            p50_ms=ranked[len(ranked) // 2] * 1000,
            p99_ms=ranked[len(ranked) * 99 // 100] * 1000,
            max_ms=ranked[-1] * 1000,
            unanswered=self._under_way + len(self._waiting),
        )


async def _main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    measured = await _Load(plan, asyncio.get_running_loop()).run()
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main())
