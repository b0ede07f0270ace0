"""Find what got stuck: lost tasks, dead leases, dead claims."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from shared.app.kit import Held, Kit, decide, every, load, save
from shared.app.settle import unclear_write
from shared.app.wakeups import wake_action, wake_all
from shared.domain import paths
from shared.domain.rules import SWEEP_GRACE_MS
from shared.ports.store import Document, Query, Write

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """Looks, every minute, at what should have moved by now."""

    kit: Kit
    businesses: tuple[str, ...]

    def __call__(self) -> int:
        """Wake what is stuck, at most one task per thing and 100 conversations per business.

        What it finds it claims by moving the time of its next check in the same write.
        Returns how many conversations it woke.

        Raises:
            Retryable: The next run finds the rest.
        """
        return sum(self._business(business) for business in self.businesses)

    def _business(self, business: str) -> int:
        now_ms = self.kit.ports.clock.now_ms()
        page = self.kit.ports.store.query(
            Query(
                paths.collection(business, "conversations"),
                (("check_after_ms", "<=", now_ms),),
                ("check_after_ms",),
                _PAGE,
            )
        )
        woken = 0
        for document in page:
            held = decide(partial(self._unstick, business, document.name, now_ms))
            if held is not None:
                wake_all(self.kit, held)
                self._actions(held, now_ms)
                woken += 1
        return woken

    def _unstick(self, business: str, key: str, now_ms: int) -> Held | None:
        held = load(self.kit.ports.store, business, key)
        if held is None:
            return None
        check_ms = held.conversation.check_after_ms(self.kit.rules)
        if check_ms is None or check_ms > now_ms:
            return None
        writes = renew(held, now_ms)
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        return held

    def _actions(self, held: Held, now_ms: int) -> None:
        for action in held.conversation.actions:
            attempt = f"sweep {now_ms // SWEEP_GRACE_MS}"
            wake_action(self.kit, held.business, action, attempt=attempt, at_ms=now_ms)


@dataclass(frozen=True, slots=True)
class Recover:
    """The start of an installation that runs in one process: the one before is dead."""

    kit: Kit
    businesses: tuple[str, ...]

    def __call__(self) -> int:
        """Void every lease, count every claim as unclear from now on, wake all that waits.

        Only for an installation whose every function lives in the calling process.
        Returns how many conversations waited for something.
        """
        count = 0
        for business in self.businesses:
            for key in [document.name for document in self._pending(business)]:
                held = decide(partial(self._revive, business, key))
                if held is not None:
                    wake_all(self.kit, held)
                    count += 1
        return count

    def _pending(self, business: str) -> Iterator[Document]:
        collection = paths.collection(business, "conversations")
        waiting = Query(collection, (("check_after_ms", ">", 0),), ("check_after_ms",), _PAGE)
        return every(self.kit.ports.store, waiting)

    def _revive(self, business: str, key: str) -> Held | None:
        held = load(self.kit.ports.store, business, key)
        if held is None or not held.conversation.busy():
            return held
        now_ms = self.kit.ports.clock.now_ms()
        conversation = held.conversation
        writes: list[Write] = []
        if conversation.turn.lease is not None:
            conversation.make_due_at(now_ms)
        box = conversation.outbox
        if box.inflight is not None:
            box.wake_again(now_ms)
            box.inflight.unclear_ms = now_ms
            writes.append(unclear_write(business, box.inflight))
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        return held


def renew(held: Held, now_ms: int) -> list[Write]:
    """Number new tasks for what is overdue; return the writes of claims found dead."""
    conversation = held.conversation
    turn, writes = conversation.turn, list[Write]()
    lapsed = turn.lease is not None and turn.lease.until_ms <= now_ms
    if lapsed or (turn.due_ms is not None and turn.due_ms <= now_ms):
        conversation.make_due_at(now_ms)
    box = conversation.outbox
    inflight = box.inflight
    if inflight is not None and inflight.unclear_ms is None and inflight.until_ms <= now_ms:
        inflight.unclear_ms = inflight.until_ms
        writes.append(unclear_write(held.business, inflight))
    if inflight is not None or box.queued:
        box.wake_again(now_ms)
    return writes
