"""Webhooks on their way: when each is due, retries with growing waits, faults, batches."""

import heapq
import json
from collections.abc import Sequence

from shared.simulator import payloads
from shared.simulator.records import NEVER_MS, Delivery, Dispatch, Json
from shared.simulator.state import State

KEPT_MS = 7 * 24 * 60 * 60 * 1000
LONGEST_WAIT_MS = 60 * 60 * 1000


def wait_ms(attempts: int) -> int:
    """Return how long to wait after that many failed attempts: at once, 1 s, 2 s, 4 s, … 1 h."""
    if attempts <= 1:
        return 0
    return min(1000 << min(attempts - 2, 30), LONGEST_WAIT_MS)


class WebhookQueue:
    """Orders the pending deliveries of a state by due time."""

    def __init__(self, state: State, *, default_url: str) -> None:
        """Queue what the state holds; what failed before is due at once."""
        self._state = state
        self._default_url = default_url
        self._flying: set[int] = set()
        self._heap: list[tuple[int, int]] = []
        self.retry_all()

    def retry_all(self) -> None:
        """Make every delivery that is waiting for another attempt due now."""
        now_ms = self._state.now_ms
        for delivery in self._state.deliveries.values():
            if delivery.attempts:
                delivery.at_ms = min(delivery.at_ms, now_ms)
                self._state.touch("delivery", str(delivery.id), delivery)
        self._heap = [
            (delivery.at_ms, delivery.id)
            for delivery in self._state.deliveries.values()
            if delivery.id not in self._flying
        ]
        heapq.heapify(self._heap)

    def enqueue(
        self, number_id: str, change: Json, *, messages: Sequence[str] = (), extra_ms: int = 0
    ) -> None:
        """Queue one change, as delayed, shuffled and doubled as the faults want it."""
        faults, chance = self._state.faults, self._state.chance
        copies = 1
        if faults.duplicate_probability > 0 and chance.random() < faults.duplicate_probability:
            copies = 2
        for copy in range(copies):
            late_ms = extra_ms + faults.webhook_delay_ms
            if faults.reorder_ms:
                late_ms += chance.randrange(faults.reorder_ms + 1)
            if copy:
                late_ms += chance.randrange(1000)
            self._add(number_id, late_ms, change=change, messages=list(messages))

    def enqueue_body(self, body: object) -> None:
        """Queue a whole body, whatever it is; it is signed and retried like the others."""
        self._add("", 0, body=body)

    def _add(
        self,
        number_id: str,
        late_ms: int,
        *,
        change: Json | None = None,
        body: object = None,
        messages: list[str] | None = None,
    ) -> None:
        now_ms = self._state.now_ms
        delivery = Delivery(
            id=self._state.next_serial(),
            number_id=number_id,
            at_ms=now_ms + late_ms,
            first_ms=now_ms,
            change=change,
            body=body,
            messages=messages or [],
        )
        self._state.deliveries[str(delivery.id)] = delivery
        self._state.touch("delivery", str(delivery.id), delivery)
        heapq.heappush(self._heap, (delivery.at_ms, delivery.id))

    def next_ms(self) -> int:
        """Return when the next webhook is due; `NEVER_MS` when there is none."""
        if not self._heap or self._state.faults.hold_webhooks:
            return NEVER_MS
        return self._heap[0][0]

    def take(self, now_ms: int) -> Dispatch | None:
        """Return the next webhook to send, or None; it is in flight until its result."""
        if self.next_ms() > now_ms:
            return None
        first = self._pop()
        taken = [first]
        while first.change is not None and len(taken) < self._state.faults.batch:
            if not self._joins(first, now_ms):
                break
            taken.append(self._pop())
        self._flying.update(delivery.id for delivery in taken)
        return Dispatch(
            ids=tuple(delivery.id for delivery in taken),
            url=self._url(first.number_id),
            body=self._body(taken),
        )

    def _pop(self) -> Delivery:
        return self._state.deliveries[str(heapq.heappop(self._heap)[1])]

    def _joins(self, first: Delivery, now_ms: int) -> bool:
        if not self._heap or self._heap[0][0] > now_ms:
            return False
        following = self._state.deliveries[str(self._heap[0][1])]
        return following.change is not None and following.number_id == first.number_id

    def _body(self, taken: Sequence[Delivery]) -> bytes:
        if taken[0].change is None:
            body = taken[0].body
        else:
            changes = [delivery.change for delivery in taken if delivery.change is not None]
            body = payloads.envelope(self._state.account_id, changes)
        return json.dumps(body, separators=(",", ":")).encode()

    def _url(self, number_id: str) -> str:
        for key in (number_id, self._state.account_id):
            callback = self._state.callbacks.get(key)
            if callback is not None:
                return callback.url
        return self._default_url

    def result(self, ids: Sequence[int], *, accepted: bool) -> None:
        """Settle webhooks that were taken: done, or again later, or given up after 7 days."""
        now_ms = self._state.now_ms
        for one in ids:
            self._flying.discard(one)
            delivery = self._state.deliveries.get(str(one))
            if delivery is None:
                continue
            delivery.attempts += 1
            delivery.at_ms = now_ms + wait_ms(delivery.attempts)
            if accepted or delivery.at_ms - delivery.first_ms > KEPT_MS:
                del self._state.deliveries[str(one)]
                self._state.touch("delivery", str(one), None)
            else:
                self._state.touch("delivery", str(one), delivery)
                heapq.heappush(self._heap, (delivery.at_ms, one))
            if accepted:
                self._received(delivery)

    def _received(self, delivery: Delivery) -> None:
        for wamid in delivery.messages:
            message = self._state.messages.get(wamid)
            if message is not None and message.status == "sent":
                message.status = "delivered"
                message.times["delivered"] = self._state.now_ms
                self._state.touch("message", wamid, message)
