"""The deployed webhook on a bus that remembers: who calls it, and what it published."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import functions_framework.aio
import httpx
from starlette.types import ASGIApp

from shared.adapters.whatsapp.signature import sign
from shared.app.use_cases import UseCases
from shared.config import settings
from shared.domain.errors import BusUnavailable
from shared.ports.bus import Event
from shared.wiring import container
from shared.wiring.webhook import Webhook, WebhookSettings

Json = Any

MAIN = Path(__file__).parents[2] / "functions" / "webhook" / "main.py"
SECRET = b"app-secret"
TOKEN = "verify-token"
NOW_MS = 1_790_000_000_000
GOOD = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "700",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "metadata": {"phone_number_id": "900"},
                        "contacts": [{"wa_id": "5511988887777"}],
                        "messages": [{"id": "wamid.1", "from": "5511988887777", "type": "text"}],
                    },
                }
            ],
        }
    ],
}


@dataclass
class Published:
    """A bus that remembers, or fails as told."""

    failing: bool = False
    calls: list[tuple[str, list[Event]]] = field(default_factory=list)

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        if self.failing:
            raise BusUnavailable
        self.calls.append((topic, list(events)))

    def events(self) -> list[dict[str, Json]]:
        return [json.loads(event.data) for _, events in self.calls for event in events]


class StoppedClock:
    def now_ms(self) -> int:
        return NOW_MS


@contextmanager
def deployed(bus: Published) -> Iterator[ASGIApp]:
    """The deployed entry point, loaded by the framework as in production."""
    edge = Webhook(WebhookSettings((b"older-secret", SECRET, b""), TOKEN), bus, StoppedClock())
    # The webhook asks for no use case.
    parts = container.Container(settings=settings.load({}), use_cases=cast("UseCases", None), webhook=edge)
    container.install(parts)
    yield functions_framework.aio.create_asgi_app("webhook", str(MAIN))  # type: ignore[no-untyped-call]  # theirs
    container.install(None)


def call(app: ASGIApp, method: str, body: bytes = b"", **options: Json) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://webhook") as client:
            return await client.request(method, "/", content=body, **options)

    return asyncio.run(request())


def post(app: ASGIApp, body: bytes, *, signature: str | None = None) -> int:
    headers = {"X-Hub-Signature-256": signature or sign(body, SECRET)}
    return call(app, "POST", body, headers=headers).status_code


def payload(messages: str) -> bytes:
    """Make a body whose messages are written by hand."""
    value = f'{{"metadata":{{"phone_number_id":"900"}},"messages":{messages}}}'
    return f'{{"entry":[{{"id":"700","changes":[{{"field":"messages","value":{value}}}]}}]}}'.encode()
