"""Settle a post whose outcome is unclear: by its receipt, by evidence, or by a person."""

from dataclasses import dataclass

from shared.app.kit import Held, Kit, cancel, every, save, to_people
from shared.app.wakeups import wake_sender, wake_settler
from shared.domain import paths
from shared.domain.delivery import RANKS, reached, receipt_rank
from shared.domain.outbox import AGENT, Inflight
from shared.ports.store import Query, Update, Write

_EVIDENCE_PAGE = 50


@dataclass(frozen=True, slots=True)
class Settle:
    """Decides once, when the unclear seconds are over; runs inside the caller's retries."""

    kit: Kit

    def mark_unclear(self, held: Held, *, since_ms: int) -> None:
        """Count a claim whose sender is gone as unclear since then, and come back later."""
        inflight = held.conversation.outbox.inflight
        assert inflight is not None  # noqa: S101 - the caller has looked
        inflight.unclear_ms = since_ms
        writes = [unclear_write(held.business, inflight)]
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        wake_settler(self.kit, held)

    def __call__(self, held: Held) -> None:
        """Take what is in flight for sent, post it once more, or give it to a person.

        A receipt that comes between reading and deciding makes the commit fail, so that
        it is decided anew.

        Raises:
            Conflict: Something changed meanwhile; read again.
        """
        box, now_ms = held.conversation.outbox, self.kit.ports.clock.now_ms()
        inflight = box.inflight
        assert inflight is not None  # noqa: S101 - the caller has looked
        message = inflight.message
        document = self.kit.ports.store.get(paths.message(held.business, message.id))
        if document is None:
            return
        if reached(document.data) or receipt_rank(document.data, message.attempt) >= RANKS["sent"]:
            fields: dict[str, object] = {"state": "accepted", "reason": ""}
            box.land(now_ms)
            writes: list[Write] = []
        elif self._may_repost(held, inflight) and self._evidence(held, inflight):
            fields = {
                "state": "queued",
                "reason": "lost, posted once more",
                "attempt": message.attempt + 1,
            }
            message.reposted = True
            held.conversation.nothing_was_sent(inflight)
            box.put_back(now_ms)
            writes = []
        else:
            fields = {"state": "unclear", "reason": "unclear send"}
            box.land(now_ms)
            writes = cancel(held, box.take_answer(message.answer), "unclear send")
            writes += to_people(self.kit, held, "unclear send")
        writes.append(Update(document.path, fields, if_version=document.version))
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        wake_sender(self.kit, held)

    def _may_repost(self, held: Held, inflight: Inflight) -> bool:
        """Only an answer in a live conversation, and only once."""
        conversation, message = held.conversation, inflight.message
        chat = conversation.chat(message.number)
        now_ms = self.kit.ports.clock.now_ms()
        return (
            message.author == AGENT
            and not message.reposted
            and message.epoch == conversation.epoch
            and conversation.owner == AGENT
            and now_ms < min(message.deadline_ms, chat.window_ms)
        )

    def _evidence(self, held: Held, inflight: Inflight) -> bool:
        """Tell whether receipts for something posted later came, and for this none."""
        query = Query(
            paths.collection(held.business, "messages"),
            (
                ("number", "==", inflight.message.number),
                ("receipt_ms", ">", inflight.unclear_ms),
            ),
            ("-receipt_ms",),
            _EVIDENCE_PAGE,
        )
        later = every(self.kit.ports.store, query)
        return any(int(d.data.get("posted_ms") or 0) > inflight.claimed_ms for d in later)


def unclear_write(business: str, inflight: Inflight) -> Write:
    """Return the write that shows a claim without an answer as unclear."""
    fields = {
        "state": "unclear",
        "reason": "no answer",
        "attempt": inflight.message.attempt,
        "posted_ms": inflight.claimed_ms,
    }
    return Update(paths.message(business, inflight.message.id), fields)
