"""Meta and its customers: an open loop of messages, and three receipts for every answer."""

import asyncio
import json
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.whatsapp.signature import sign
from shared.dev.benchmarks.turns_graph import Graph, Sent
from shared.dev.benchmarks.turns_system import LENGTH_BYTES

NUMBERS = tuple(str(106540352242922 + index) for index in range(10))
RECEIPTS_AFTER_S = (("sent", 0.05), ("delivered", 0.2), ("read", 0.5))

_ACCOUNT = "102290129340398"
_QUESTIONS = (
    "Oi! Qual é o horário de atendimento?",
    "Bom dia, onde fica a loja?",
    "Olá. Quanto custa o plano completo?",
    "Vocês atendem motos?",
)
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
        self.statuses: Counter[str] = Counter()
        self._reader = reader
        self._writer = writer
        self._secret = secret
        self._customers = 0
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
        """Ask the system what it has used so far."""
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

    def _heard(self, sent: Sent) -> None:
        phase, now = self._phase, time.monotonic()
        phase.answered[sent.to] += 1
        if phase.answered[sent.to] == 1 and sent.to in phase.due:
            due = phase.due[sent.to]
            phase.waited.append((due - phase.begun, now - due))
        loop = asyncio.get_running_loop()
        for name, after_s in RECEIPTS_AFTER_S:
            self._receipts_to_come += 1
            loop.call_later(after_s, self._write_receipt, sent, name)

    def _write_message(self, due: float) -> None:
        self._customers += 1
        phone = f"55119{80000000 + self._customers}"
        self._phase.due[phone] = due
        user = f"BR.{13491208655302741000 + self._customers}"
        message = {
            "from": phone,
            "from_user_id": user,
            "id": f"wamid.in{self._customers:08}",
            "timestamp": str(int(time.time())),
            "text": {"body": _QUESTIONS[self._customers % len(_QUESTIONS)]},
            "type": "text",
        }
        contact = {"profile": {"name": "Ana"}, "wa_id": phone, "user_id": user}
        number = NUMBERS[self._customers % len(NUMBERS)]
        self._write(number, {"contacts": [contact], "messages": [message]})

    def _write_receipt(self, sent: Sent, name: str) -> None:
        self._receipts_to_come -= 1
        status = {
            "id": sent.wamid,
            "status": name,
            "timestamp": str(int(time.time())),
            "recipient_id": sent.to,
            "biz_opaque_callback_data": sent.callback,
            "pricing": {"billable": False, "pricing_model": "PMP", "type": "free_customer_service"},
        }
        self._write(sent.number, {"statuses": [status]})

    def _write(self, number: str, value: dict[str, Any]) -> None:
        metadata = {"display_phone_number": "551130000000", "phone_number_id": number}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata} | value}
        entry = {"id": _ACCOUNT, "changes": [change]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        frame = sign(body, self._secret).encode() + body
        self._unanswered_webhooks += 1
        self._writer.write(len(frame).to_bytes(LENGTH_BYTES, "big") + frame)
