"""Meta and its customers: an open loop of messages, and three receipts for every answer."""

import asyncio
import json
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.whatsapp.signature import sign
from shared.dev.benchmarks.turns_graph import Graph, Sent
from shared.dev.benchmarks.turns_payloads import (
    LENGTH_BYTES,
    NUMBERS,
    RECEIPTS,
    message,
    phone_of,
    receipt,
)

RECEIPTS_AFTER_S = dict(zip(RECEIPTS, (0.05, 0.2, 0.5), strict=True))

_SETTLE_STEP_S = 0.05


@dataclass(slots=True)
class Phase:
    """What one phase of load did; times on the monotonic clock, in seconds.

    `answered` counts the answers by customer; `waited` holds, for each first answer, when
    its message fell due and how long it took from then to Graph.
    """

    begun: float
    due: dict[str, float] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    waited: list[tuple[float, float]] = field(default_factory=list)
    backlog: list[int] = field(default_factory=list)
    """Unanswered messages, once a second."""


class Load:
    """Writes webhooks to the system and hears what it posts."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, secret: bytes) -> None:
        """Speak through this connection and sign with this secret."""
        self.graph = Graph(self._heard)
        self.messages = 0
        self.statuses: Counter[str] = Counter()
        self._reader = reader
        self._writer = writer
        self._secret = secret
        self._unanswered_webhooks = 0
        self._receipts_to_come = 0
        self._phase = Phase(time.monotonic())
        self._told: deque[asyncio.Future[dict[str, Any]]] = deque()
        self._listener = asyncio.create_task(self._listen())

    async def phase(self, *, rate: float, seconds: float, within_s: float) -> Phase:
        """Send `rate` messages a second, each of a customer of its own, and wait for the rest.

        Returns when every message is answered and every receipt taken, or after `within_s`.
        """
        phase = self._phase = Phase(time.monotonic())
        for number in range(int(rate * seconds)):
            due = phase.begun + number / rate
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            if number % int(rate) == 0:
                phase.backlog.append(len(phase.due) - len(phase.waited))
            self._write_message(due)
        end = time.monotonic() + within_s
        while time.monotonic() < end and not self._quiet():
            await asyncio.sleep(_SETTLE_STEP_S)
        return phase

    async def used(self) -> dict[str, Any]:
        """Ask the system what it has used so far.

        Raises:
            ConnectionError: It is gone.
        """
        if self._listener.done():
            raise ConnectionError("the system has gone")
        told: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._told.append(told)
        self._writer.write(bytes(LENGTH_BYTES))
        return await told

    async def close(self) -> None:
        """Say good-bye to the system."""
        self._listener.cancel()
        self._writer.close()
        self.graph.close()

    def _quiet(self) -> bool:
        unanswered = len(self._phase.due) - len(self._phase.waited)
        return not (unanswered or self._receipts_to_come or self._unanswered_webhooks)

    async def _listen(self) -> None:
        while line := await self._reader.readline():
            if line.startswith(b"{"):
                self._told.popleft().set_result(json.loads(line))
            else:
                self._unanswered_webhooks -= 1
                self.statuses[line.decode().strip()] += 1
        while self._told:
            self._told.popleft().set_exception(ConnectionError("the system has gone"))

    def _heard(self, sent: Sent) -> None:
        phase, now = self._phase, time.monotonic()
        phase.answered[sent.to] += 1
        if phase.answered[sent.to] == 1 and sent.to in phase.due:
            due = phase.due[sent.to]
            phase.waited.append((due - phase.begun, now - due))
        loop = asyncio.get_running_loop()
        for name, after_s in RECEIPTS_AFTER_S.items():
            self._receipts_to_come += 1
            loop.call_later(after_s, self._write_receipt, sent, name)

    def _write_message(self, due: float) -> None:
        self.messages += 1
        customer = self.messages
        self._phase.due[phone_of(customer)] = due
        number, wamid = NUMBERS[customer % len(NUMBERS)], f"wamid.in{customer:08}"
        self._write(message(customer, number=number, wamid=wamid, at_s=int(time.time())))

    def _write_receipt(self, sent: Sent, name: str) -> None:
        self._receipts_to_come -= 1
        at_s = int(time.time())
        self._write(
            receipt(name, number=sent.number, wamid=sent.wamid, callback=sent.callback, to=sent.to, at_s=at_s)
        )

    def _write(self, payload: dict[str, Any]) -> None:
        body = json.dumps(payload).encode()
        frame = sign(body, self._secret).encode() + body
        self._unanswered_webhooks += 1
        self._writer.write(len(frame).to_bytes(LENGTH_BYTES, "big") + frame)
