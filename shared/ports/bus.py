"""The event bus: durable, at least once, in no order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

INBOUND_MESSAGE = "inbound-message"
INBOUND_STATUS = "inbound-status"


@dataclass(frozen=True, slots=True)
class Event:
    """One published fact: its bytes and a few short attributes to route and trace by."""

    data: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)


class EventBus(Protocol):
    """Takes events for a topic; each subscription delivers them until it gets a 2xx."""

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Store the events durably, all of them when this returns.

        One request, split only where the service's limits (1,000 messages, 10 MB)
        force it. Delivery is at least once, in any order. Every published event is also
        kept in the archive for 90 days.

        Raises:
            BusUnavailable: Some may have been stored and will be delivered all the same.
        """
        ...


class AsyncEventBus(Protocol):
    """The same promise for the one caller that lives on an event loop, the webhook."""

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Promise what `EventBus.publish` promises, without blocking the loop."""
        ...
