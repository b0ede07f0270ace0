"""A load generator: one process, many kept-alive connections, requests rendered beforehand.

It is given as `python -m shared.dev.benchmarks.webhook_load '<plan as JSON>'` and prints
what it measured as JSON.
"""

import asyncio
import json
import re
import sys
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import cast

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
    """Answers per second by status over all, and latencies in milliseconds."""

    per_second: float
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

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost()


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
        self._lost = 0

    async def run(self) -> Measured:
        connections = [
            (await self._loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._plan.port))[1]
            for _ in range(self._plan.connections)
        ]
        start = self._loop.time()
        self._end = start + self._plan.seconds
        if self._plan.rate:
            self._idle.extend(connections)
            await self._send_on_time(start)
        else:
            for connection in connections:
                connection.send(self._loop.time())
        await asyncio.sleep(max(0.0, self._end - self._loop.time()))
        took = self._loop.time() - start
        answered = len(self._latencies)
        await asyncio.sleep(0.5)
        return self._measured(answered / took)

    async def _send_on_time(self, start: float) -> None:
        for number in range(int(self._plan.seconds * self._plan.rate)):
            due = start + number / self._plan.rate
            if (early := due - self._loop.time()) > 0:
                await asyncio.sleep(early)
            if self._idle:
                self._idle.popleft().send(due)
            else:
                self._waiting.append(due)

    def answered(self, connection: _Connection, due: float, status: str) -> None:
        now = self._loop.time()
        self._latencies.append(now - due)
        self._statuses[status] += 1
        if not self._plan.rate:
            if now < self._end:
                connection.send(now)
        elif self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle.append(connection)

    def lost(self) -> None:
        self._lost += 1

    def _measured(self, per_second: float) -> Measured:
        ranked = sorted(self._latencies) or [0.0]
        sent = int(self._plan.seconds * self._plan.rate)
        return Measured(
            per_second=per_second,
            statuses=dict(self._statuses),
            p50_ms=ranked[len(ranked) // 2] * 1000,
            p99_ms=ranked[len(ranked) * 99 // 100] * 1000,
            max_ms=ranked[-1] * 1000,
            unanswered=max(self._lost, sent - len(self._latencies)),
        )


async def _main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    measured = await _Load(plan, asyncio.get_running_loop()).run()
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    asyncio.run(_main())
