"""The deployed webhook function, on the bus that `BENCH_BUS` names, for the framework to load.

`instant` forgets, `slow` blocks a thread for 15 ms per publish, `embedded` writes to the
SQLite bus in the folder `BENCH_DATA`. `BENCH_SECRET` is the app secret.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from shared.adapters.embedded.bus import SqliteBus
from shared.adapters.embedded.bus_async import AsyncSqliteBus
from shared.adapters.embedded.clock import SystemClock
from shared.adapters.embedded.data_folder import DataFolder
from shared.app.use_cases import UseCases
from shared.config import settings
from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS, AsyncEventBus, Event
from shared.wiring import container
from shared.wiring.async_bus import ThreadedBus
from shared.wiring.webhook import Webhook, WebhookSettings

SLOW_S = 0.015
SLOW_WORKERS = 80


class InstantBus:
    """Forgets every event at once: what is left is the webhook's own cost."""

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Do nothing."""


class SlowBus:
    """Takes as long as a publish to the cloud, in a thread that can do nothing else meanwhile."""

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Wait."""
        time.sleep(SLOW_S)


class _MadeAtFirstPublish:
    """Makes the bus in the server's worker: threads made before it forks would be lost."""

    def __init__(self, make: Callable[[], AsyncEventBus]) -> None:
        self._make = make
        self._bus: AsyncEventBus | None = None

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        self._bus = self._bus or self._make()
        await self._bus.publish(topic, events)


def _embedded() -> AsyncEventBus:
    folder = DataFolder(Path(os.environ["BENCH_DATA"]))
    subscriptions = {INBOUND_MESSAGE: ("text",), INBOUND_STATUS: ("status",)}
    return AsyncSqliteBus(SqliteBus(folder, clock=SystemClock(), subscriptions=subscriptions))


_BUSES: dict[str, Callable[[], AsyncEventBus]] = {
    "instant": InstantBus,
    "slow": lambda: _MadeAtFirstPublish(lambda: ThreadedBus(SlowBus(), workers=SLOW_WORKERS)),
    "embedded": lambda: _MadeAtFirstPublish(_embedded),
}

_known = WebhookSettings((os.environ["BENCH_SECRET"].encode(),), "unused")
_edge = Webhook(_known, _BUSES[os.environ["BENCH_BUS"]](), SystemClock())
# The webhook asks for no use case.
_no_use_cases = cast("UseCases", None)
container.install(container.Container(settings=settings.load({}), use_cases=_no_use_cases, webhook=_edge))

from functions.webhook.main import webhook  # noqa: E402, F401 - what the framework looks for in this file
