"""What came of a post: accepted, refused with a ruling, or unclear."""

from dataclasses import dataclass

from shared.app.kit import Held, Kit, cancel, decide, load, save, to_people
from shared.app.numbers import Numbers
from shared.app.wakeups import wake_sender, wake_settler, wake_turn
from shared.domain import paths
from shared.domain.chat import Chat
from shared.domain.errors import StoreUnavailable
from shared.domain.graph_errors import PAIR_RATE, THROUGHPUT, ErrorClass, Ruling, classify
from shared.domain.outbox import Inflight, Outgoing
from shared.domain.rules import MINUTE, SECOND, STOPPED_RETRY_MS
from shared.ports.graph import Accepted, Refused, SendOutcome, Unclear
from shared.ports.store import Update, Write

_LONGEST_RETRY_MS = MINUTE
_HARDEST_PAIR_WAIT = 8
"""4^8 s is 18 hours: longer than any answer's deadline."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Stores the outcome of a claimed post."""

    kit: Kit
    numbers: Numbers

    def store(self, business: str, key: str, inflight: Inflight, outcome: SendOutcome) -> None:
        """Settle the claim by what is certain.

        Raises:
            Retryable: The claim still stands, and is settled as unclear when it has run out.
        """
        held = decide(lambda: self._attempt(business, key, inflight, outcome), also=StoreUnavailable)
        if isinstance(outcome, Refused):
            self._tell_number(business, inflight.message, outcome)
        if held is None:
            return
        wake_turn(self.kit, held)
        wake_sender(self.kit, held)
        wake_settler(self.kit, held)

    def _attempt(self, business: str, key: str, inflight: Inflight, outcome: SendOutcome) -> Held | None:
        held = load(self.kit.ports.store, business, key)
        if held is None or not _has(held, inflight):
            self._too_late(business, inflight, outcome)
            return held
        writes = self._settle(held, outcome)
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        return held

    def _tell_number(self, business: str, message: Outgoing, outcome: Refused) -> None:
        """Slow the whole number down, or stop it, where the refusal is about it."""
        ruling = classify(outcome.code, outcome.http_status)
        if ruling.error_class is ErrorClass.OPERATOR:
            self.numbers.stop(business, message.number, ruling.reason)
        elif outcome.code == THROUGHPUT:
            self.numbers.slow_down(business, message.number)

    def _settle(self, held: Held, outcome: SendOutcome) -> list[Write]:
        inflight = held.conversation.outbox.inflight
        assert inflight is not None  # noqa: S101 - `_has` has looked
        match outcome:
            case Accepted():
                return self._accepted(held, inflight, outcome)
            case Unclear():
                return self._unclear(held, inflight, outcome)
            case Refused():
                return self._refused(held, inflight, outcome)

    def _too_late(self, business: str, inflight: Inflight, outcome: SendOutcome) -> None:
        """The claim was settled without us; Meta's id is still worth keeping."""
        if isinstance(outcome, Accepted):
            message = inflight.message
            fields = {f"wamids.a{message.attempt}": outcome.wamid}
            self.kit.ports.store.commit([Update(paths.message(business, message.id), fields)])

    def _accepted(self, held: Held, inflight: Inflight, outcome: Accepted) -> list[Write]:
        conversation, now_ms = held.conversation, self.kit.ports.clock.now_ms()
        message = conversation.outbox.land(now_ms)
        conversation.chat(message.number).pair_waits = 0
        fields = {
            "state": "accepted",
            "reason": "",
            "wamid": outcome.wamid,
            "attempt": message.attempt,
            "posted_ms": inflight.claimed_ms,
        }
        return [Update(paths.message(held.business, message.id), fields)]

    def _unclear(self, held: Held, inflight: Inflight, outcome: Unclear) -> list[Write]:
        message = inflight.message
        inflight.unclear_ms = inflight.unclear_ms or self.kit.ports.clock.now_ms()
        fields = {
            "state": "unclear",
            "reason": outcome.details[:200],
            "attempt": message.attempt,
            "posted_ms": inflight.claimed_ms,
        }
        return [Update(paths.message(held.business, message.id), fields)]

    def _refused(self, held: Held, inflight: Inflight, outcome: Refused) -> list[Write]:
        message = inflight.message
        chat = held.conversation.chat(message.number)
        ruling = classify(outcome.code, outcome.http_status, attempt=message.refusals)
        match ruling.error_class:
            case ErrorClass.RETRY:
                wait_ms = self._backoff_ms(message)
            case ErrorClass.WAIT:
                wait_ms = self._pair_wait_ms(chat) if outcome.code == PAIR_RATE else ruling.wait_ms or 0
            case ErrorClass.OPERATOR:
                wait_ms = STOPPED_RETRY_MS
            case _:
                return self._failed(held, inflight, ruling)
        return self._again(held, inflight, ruling, wait_ms)

    def _again(self, held: Held, inflight: Inflight, ruling: Ruling, wait_ms: int) -> list[Write]:
        """Put it back as the next attempt, unless its deadline or window is over by then."""
        conversation, now_ms = held.conversation, self.kit.ports.clock.now_ms()
        chat = conversation.chat(inflight.message.number)
        if now_ms + wait_ms >= min(inflight.message.deadline_ms, chat.window_ms):
            return self._failed(held, inflight, ruling)
        conversation.nothing_was_sent(inflight)
        message = conversation.outbox.put_back(now_ms)
        message.refusals += 1
        message.not_before_ms = now_ms + wait_ms
        chat.tokens += 1
        fields = {"state": "queued", "reason": ruling.reason, "attempt": message.attempt}
        return [Update(paths.message(held.business, message.id), fields)]

    def _failed(self, held: Held, inflight: Inflight, ruling: Ruling) -> list[Write]:
        """Give the rest of the answer up; the conversation goes to the people's queue."""
        conversation = held.conversation
        message = conversation.outbox.land(self.kit.ports.clock.now_ms())
        conversation.nothing_was_sent(inflight)
        conversation.covered = min(conversation.covered, conversation.answered)
        if ruling.error_class is ErrorClass.SUPPRESS:
            conversation.opted_out = True
        fields = {"state": "failed", "reason": ruling.reason, "attempt": message.attempt}
        writes: list[Write] = [Update(paths.message(held.business, message.id), fields)]
        rest = conversation.outbox.take_answer(message.answer)
        writes += cancel(held, rest, ruling.reason)
        return writes + to_people(self.kit, held, ruling.reason)

    def _backoff_ms(self, message: Outgoing) -> int:
        doubled: int = SECOND * 2 ** min(message.refusals, 10)
        return min(int(doubled * (1 + 0.25 * self.kit.ports.ids.jitter())), _LONGEST_RETRY_MS)

    def _pair_wait_ms(self, chat: Chat) -> int:
        chat.empty_bucket(self.kit.ports.clock.now_ms())
        exponent = min(chat.pair_waits, _HARDEST_PAIR_WAIT)
        chat.pair_waits += 1
        wait_ms: int = SECOND * 4**exponent
        return wait_ms


def _has(held: Held, inflight: Inflight) -> bool:
    current = held.conversation.outbox.inflight
    return current is not None and current.claim == inflight.claim
