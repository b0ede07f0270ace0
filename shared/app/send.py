"""The sender: claim the first queued message, post it once, store what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.app.kit import Held, Kit, cancel, decide, load, save, to_people
from shared.app.outcomes import Outcomes
from shared.app.settle import Settle
from shared.app.wakeups import wake_sender, wake_settler, wake_turn
from shared.domain import paths
from shared.domain.conversation import Conversation
from shared.domain.delivery import callback_data
from shared.domain.errors import StoreUnavailable
from shared.domain.outbox import AGENT, Inflight, Outgoing
from shared.domain.rules import CLAIM_MS, POST_MS, STOPPED_RETRY_MS
from shared.domain.wire import text_message
from shared.ports.store import Write

TAKEN_OVER = "taken over"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this call, and no other, may post."""

    held: Held
    inflight: Inflight
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SendNext:
    """Handle one task of a business number's `live` queue: one attempt at one message."""

    kit: Kit
    outcomes: Outcomes
    settle: Settle

    def __call__(self, payload: Mapping[str, Any]) -> None:
        """Send the conversation's first queued message, or settle the one in flight; idempotent.

        Raises:
            Retryable: Deliver again. A post that happened is never repeated by that: its
                claim stands in the conversation.
        """
        business, key, wake = (
            str(payload["business"]),
            str(payload["conversation"]),
            payload["wake"],
        )
        claimed = self._claim(business, key, None if wake is None else int(wake))
        if claimed is None:
            return
        if not self._in_time(claimed):
            wake_settler(self.kit, claimed.held)
            return
        outcome = self.kit.ports.graph.send(claimed.inflight.message.number, claimed.body)
        self.outcomes.store(business, key, claimed.inflight, outcome)

    def _in_time(self, claimed: Claimed) -> bool:
        """Tell whether a post would end before the claim does; a late one is settled instead."""
        return self.kit.ports.clock.now_ms() <= claimed.inflight.claimed_ms + POST_MS

    def _claim(self, business: str, key: str, wake: int | None) -> Claimed | None:
        claim = self.kit.ports.ids.new()
        try:
            return decide(lambda: self._try_claim(business, key, wake, claim))
        except StoreUnavailable:
            return self._claimed_after_all(business, key, claim)

    def _claimed_after_all(self, business: str, key: str, claim: str) -> Claimed:
        """A claim whose commit went unanswered is ours if it stands there: nobody else posts."""
        held = load(self.kit.ports.store, business, key)
        inflight = held.conversation.outbox.inflight if held is not None else None
        if held is None or inflight is None or inflight.claim != claim:
            raise StoreUnavailable
        return self._claimed(held, inflight)

    def _try_claim(self, business: str, key: str, wake: int | None, claim: str) -> Claimed | None:
        held = load(self.kit.ports.store, business, key)
        if held is None:
            return None
        box = held.conversation.outbox
        if box.inflight is not None and self.kit.guards.outbox:
            self._look_after(held, box.inflight)
            return None
        if wake != box.wake or held.conversation.merged_into is not None:
            wake_sender(self.kit, held)
            return None
        return self._claim_head(held, box.queued[0], claim) if box.queued else None

    def _look_after(self, held: Held, inflight: Inflight) -> None:
        """Settle what is in flight when its time has come, else see that somebody will."""
        if inflight.over_ms(self.kit.rules.unclear_ms) > self.kit.ports.clock.now_ms():
            wake_settler(self.kit, held)
        elif inflight.unclear_ms is None:
            self.settle.mark_unclear(held, since_ms=inflight.until_ms)
        else:
            self.settle(held)

    def _claim_head(self, held: Held, head: Outgoing, claim: str) -> Claimed | None:
        conversation, now_ms = held.conversation, self.kit.ports.clock.now_ms()
        refused = self._refusal(conversation, head, now_ms)
        if refused is not None:
            self._refuse(held, head, refused)
            return None
        wait_ms = self._not_before(held, head, now_ms)
        if wait_ms > now_ms:
            head.not_before_ms = wait_ms
            self._commit_and_wake(held, [])
            return None
        conversation.chat(head.number).tokens -= 1
        before = conversation.answered
        until_ms = now_ms + CLAIM_MS
        inflight = conversation.outbox.claim(claim, now_ms=now_ms, until_ms=until_ms, answered=before)
        conversation.answered = max(before, head.covers)
        self.kit.ports.store.commit([save(self.kit, held)])
        return self._claimed(held, inflight)

    def _refusal(self, conversation: Conversation, head: Outgoing, now_ms: int) -> str | None:
        """Return why a rule doesn't let the message leave, or None."""
        if self.kit.guards.owner and head.author == AGENT and head.epoch != conversation.epoch:
            return TAKEN_OVER
        if now_ms >= conversation.chat(head.number).window_ms:
            return "window closed"
        if now_ms >= head.deadline_ms:
            return "deadline passed"
        if not conversation.phone and not conversation.bsuid:
            return "no address"
        return None

    def _refuse(self, held: Held, head: Outgoing, reason: str) -> None:
        """Cancel the whole rest of the answer; the conversation goes to the people's queue.

        Not after a takeover: then somebody has the thread, or the agent has it back and
        answers anew.
        """
        conversation, now_ms = held.conversation, self.kit.ports.clock.now_ms()
        if reason == TAKEN_OVER:
            writes = cancel(held, conversation.withdraw(now_ms), reason)
        else:
            writes = cancel(held, conversation.outbox.take_answer(head.answer), reason)
            writes += to_people(self.kit, held, reason)
        self._commit_and_wake(held, writes)
        wake_turn(self.kit, held)

    def _not_before(self, held: Held, head: Outgoing, now_ms: int) -> int:
        """Return when the message may leave: its own wait, the pair's rate, a stopped number."""
        chat = held.conversation.chat(head.number)
        earliest = max(head.not_before_ms, chat.next_token_ms(now_ms))
        if earliest > now_ms:
            return earliest
        state = self.kit.ports.store.get(paths.number(held.business, head.number))
        stopped = state is not None and bool(state.data["stopped"])
        return now_ms + STOPPED_RETRY_MS if stopped else now_ms

    def _commit_and_wake(self, held: Held, writes: list[Write]) -> None:
        held.conversation.outbox.wake_again(self.kit.ports.clock.now_ms())
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        wake_sender(self.kit, held)

    @staticmethod
    def _claimed(held: Held, inflight: Inflight) -> Claimed:
        conversation, message = held.conversation, inflight.message
        body = text_message(
            to=conversation.phone,
            recipient=None if conversation.phone else conversation.bsuid,
            text=message.text,
            callback_data=callback_data(message.id, message.attempt),
        )
        return Claimed(held, inflight, body)
