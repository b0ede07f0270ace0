"""Delivers events as Pub/Sub's push subscriptions do: until a 2xx, in no promised order."""

import logging
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.adapters.embedded.bus import Delivery, SqliteBus, Waiting
from shared.adapters.embedded.lanes import Lanes, Limits, described
from shared.adapters.embedded.retries import Retries
from shared.adapters.embedded.upkeep import Upkeep
from shared.ports.clock import Clock, Ids

logger = logging.getLogger(__name__)

Deliver = Callable[[str, dict[str, Any]], int]
"""Posts the push envelope to a subscription's function; returns the HTTP status."""

LIMITS = Limits(threads=24, per_lane=12)
RETRIES = Retries()
STOPPED_WITHIN_MS = 1_900
_OK = range(200, 300)


class BusDispatcher:
    """Delivers in worker threads.

    An event that fails waits for its retry beside the others, never in front of them. What
    was being delivered when the process died, or waited for a retry, is delivered again at
    once at the next start.
    """

    def __init__(
        self,
        bus: SqliteBus,
        deliver: Deliver,
        *,
        clock: Clock,
        ids: Ids,
        limits: Limits = LIMITS,
        retries: Retries = RETRIES,
    ) -> None:
        """Prepare; nothing is delivered before `start`.

        Args:
            bus: Where the events and the subscriptions are.
            deliver: Makes one delivery; any exception counts as a failure.
            clock: Time.
            ids: Jitter of the retries.
            limits: How many deliveries run at once.
            retries: How failures are tried again.
        """
        self._bus = bus
        self._deliver = deliver
        self._clock = clock
        self._ids = ids
        self._retries = retries
        self._lanes = Lanes("bus-dispatch", work=self._attempt, rate=_unlimited, clock=clock, limits=limits)
        self._upkeep = Upkeep("bus-upkeep", self._keep_up)

    def start(self) -> None:
        """Start delivering what waits and what is published."""
        self._bus.resume()
        self._bus.listen(self._add)
        self._add(self._bus.waiting())
        self._lanes.start()
        self._upkeep.start()

    def stop(self) -> bool:
        """Start no delivery any more; within 2 s, False when some were abandoned."""
        self._bus.listen(None)
        self._upkeep.stop()
        return self._lanes.stop(within_ms=STOPPED_WITHIN_MS)

    def _add(self, deliveries: Sequence[Waiting]) -> None:
        for waiting in deliveries:
            self._lanes.add(waiting.subscription, waiting.id, at_ms=waiting.next_ms)

    def _keep_up(self) -> None:
        """Pick up what no notice came for, and forget what the archive need not hold."""
        self._add(self._bus.waiting())
        self._bus.purge()

    def _attempt(self, subscription: str, delivery_id: int) -> int | None:
        delivery = self._bus.load(delivery_id)
        if delivery is None:
            return None
        if self._succeeds(delivery):
            self._bus.acknowledge(delivery_id)
            return None
        wait_ms = self._retries.wait_ms(delivery.attempts + 1, self._ids.jitter())
        if wait_ms is None:
            self._bus.bury(delivery_id)
            logger.error("delivery.dead", extra={"subscription": subscription, "event": delivery.archived.id})
            return None
        next_ms = self._clock.now_ms() + wait_ms
        self._bus.retry(delivery_id, next_ms=next_ms)
        return next_ms

    def _succeeds(self, delivery: Delivery) -> bool:
        told = {
            "subscription": delivery.subscription,
            "event": delivery.archived.id,
            "attempt": delivery.attempts + 1,
        }
        try:
            status = self._deliver(delivery.subscription, envelope_of(delivery))
        except Exception as error:  # noqa: BLE001  whatever it is, the event is delivered again
            logger.warning("delivery.raised", extra={**told, **described(error)})
            return False
        if status not in _OK:
            logger.warning("delivery.refused", extra={**told, "status": status})
        return status in _OK


def envelope_of(delivery: Delivery) -> dict[str, Any]:
    """Return the body of a Pub/Sub push request."""
    archived = delivery.archived
    published = datetime.fromtimestamp(archived.published_ms / 1000, UTC)
    return {
        "subscription": delivery.subscription,
        "message": {
            "data": b64encode(archived.event.data).decode(),
            "messageId": str(archived.id),
            "publishTime": published.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "attributes": dict(archived.event.attributes),
        },
        "deliveryAttempt": delivery.attempts + 1,
    }


def _unlimited(_subscription: str, _now_ms: int) -> float:
    return 1e9
