"""One turn of the agent: lease, draft, and one commit that closes it and stores the reply."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from shared.app.actions import new_action
from shared.app.history import unanswered_lines
from shared.app.kit import Held, Kit, cancel, decide, load, save
from shared.app.reply import store_reply
from shared.app.wakeups import wake_actions, wake_all, wake_sender, wake_turn
from shared.domain.conversation import QUEUE, Conversation
from shared.domain.errors import AssistantUnavailable, Retryable
from shared.domain.outbox import AGENT
from shared.domain.rules import REDRAFTS
from shared.ports.assistant import Briefing, Decision, Line, NextStep
from shared.ports.store import Write

FALLBACK = Decision(
    messages=(
        "Desculpe, tive um problema para responder agora. "
        "Já pedi a uma pessoa da equipe que veja a sua mensagem.",
    ),
    next_step=NextStep.HANDOVER,
    reason="assistant failed",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the holder of a lease may commit: fenced by token and epoch, for what it covers."""

    business: str
    conversation: str
    token: int
    epoch: int
    covers: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn that was begun: its draft, and the conversation that the assistant is told of."""

    draft: Draft
    held: Held


@dataclass(frozen=True, slots=True)
class TakeTurn:
    """Handle one task of the queue `turns`."""

    kit: Kit

    def __call__(self, payload: Mapping[str, Any]) -> None:
        """Answer what is unanswered, if the turn is due and nobody else has it; idempotent.

        A draft that new messages overtake is written again, at most twice; then what it
        covers is answered and the rest is the next turn.

        Raises:
            Retryable: The turn is still due, or committed with its tasks to be asked for.
        """
        business, key = str(payload["business"]), str(payload["conversation"])
        begun = decide(lambda: self._begin(business, key, int(payload["wake"])))
        if begun is None:
            return
        self._show_typing(begun.held.conversation)
        try:
            self._write(begun)
        except Retryable:
            self._release(begun.draft)
            raise

    # Taking the lease

    def _begin(self, business: str, key: str, wake: int) -> Begun | None:
        held = load(self.kit.ports.store, business, key)
        if held is None or held.conversation.merged_into is not None:
            return None
        conversation, now_ms = held.conversation, self.kit.ports.clock.now_ms()
        turn = conversation.turn
        if wake != turn.wake or (turn.due_ms is None and turn.lease is None):
            wake_all(self.kit, held)
            return None
        if self._someone_has_it(conversation, now_ms):
            self._later(held, turn.lease.until_ms if turn.lease else now_ms)
            return None
        if turn.due_ms is not None and turn.due_ms > now_ms:
            self._later(held, turn.due_ms)
            return None
        refused = self._refusal(conversation, now_ms)
        if refused is not None:
            self._close(held, refused)
            return None
        lease = conversation.take_lease(now_ms)
        self.kit.ports.store.commit([save(self.kit, held)])
        draft = Draft(business, key, lease.token, conversation.epoch, lease.covers)
        return Begun(draft, held)

    def _someone_has_it(self, conversation: Conversation, now_ms: int) -> bool:
        lease = conversation.turn.lease
        return self.kit.guards.lease and lease is not None and lease.until_ms > now_ms

    def _later(self, held: Held, at_ms: int) -> None:
        """Look again at `at_ms`, by a new task; what is being written goes on."""
        turn = held.conversation.turn
        turn.wake += 1
        if turn.lease is None:
            turn.due_ms = at_ms
        self.kit.ports.store.commit([save(self.kit, held)])
        wake_turn(self.kit, held, at_ms=at_ms)

    def _refusal(self, conversation: Conversation, now_ms: int) -> str | None:
        """Tell why there is no turn now: empty for nothing to do, else the queue's reason."""
        if self.kit.guards.owner and conversation.owner != AGENT:
            return ""
        if not conversation.unanswered():
            return ""
        if conversation.chat(conversation.reply_number).window_ms <= now_ms:
            return "window closed"
        if conversation.turns_in_last_hour(now_ms) >= self.kit.rules.turns_per_hour:
            return "too many turns"
        return None

    def _close(self, held: Held, reason: str) -> None:
        conversation = held.conversation
        conversation.rest()
        writes: list[Write] = []
        if reason:
            now_ms = self.kit.ports.clock.now_ms()
            cancelled = conversation.give_to(QUEUE, now_ms=now_ms, reason=reason)
            writes = cancel(held, cancelled, reason)
        self.kit.ports.store.commit([save(self.kit, held), *writes])

    def _show_typing(self, conversation: Conversation) -> None:
        number = conversation.reply_number
        wamid = conversation.chat(number).newest_wamid
        if wamid:
            self.kit.ports.graph.mark_read(number, wamid)

    # Writing

    def _write(self, begun: Begun) -> None:
        draft, held = begun.draft, begun.held
        for redrafts_left in range(REDRAFTS, -1, -1):
            decision = self._ask(held, draft)
            seen = decide(partial(self._commit, draft, decision, final=redrafts_left == 0))
            if seen is None:
                return
            held = seen
            draft = replace(draft, covers=seen.conversation.opening)

    def _ask(self, held: Held, draft: Draft) -> Decision:
        unanswered = unanswered_lines(self.kit.ports.store, held, up_to=draft.covers)
        known = {line.id for line in unanswered}
        history = tuple(Line(**line) for line in held.conversation.recent if line["id"] not in known)
        briefing = Briefing(
            business=held.business,
            conversation=held.conversation.id,
            customer_name=held.conversation.name,
            unanswered=unanswered,
            history=history,
            now_ms=self.kit.ports.clock.now_ms(),
        )
        try:
            return self.kit.ports.assistant.decide(briefing)
        except AssistantUnavailable:
            return FALLBACK

    def _commit(self, draft: Draft, decision: Decision, *, final: bool) -> Held | None:
        """Close the turn, or return the conversation as it is now when it must be redrafted."""
        held = load(self.kit.ports.store, draft.business, draft.conversation)
        if held is None or not self._holds_lease(draft, held.conversation):
            self._lapse(held, draft)
            return None
        if self.kit.guards.owner and held.conversation.epoch != draft.epoch:
            self._yield(held)
            return None
        conversation, now_ms = held.conversation, self.kit.ports.clock.now_ms()
        if conversation.opening > draft.covers and not final:
            return held
        writes = self._apply(held, draft, decision, now_ms)
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        wake_turn(self.kit, held)
        wake_actions(self.kit, held)
        wake_sender(self.kit, held)
        return None

    def _lapse(self, held: Held | None, draft: Draft) -> None:
        """Want another turn when ours took too long and nobody has taken it over."""
        lease = held.conversation.turn.lease if held is not None else None
        if held is None or lease is None or lease.token != draft.token:
            return
        held.conversation.make_due_at(self.kit.ports.clock.now_ms())
        self.kit.ports.store.commit([save(self.kit, held)])
        wake_turn(self.kit, held)

    def _yield(self, held: Held) -> None:
        """Drop the draft: the owner changed while it was written."""
        held.conversation.turn.lease = None
        self.kit.ports.store.commit([save(self.kit, held)])

    def _holds_lease(self, draft: Draft, conversation: Conversation) -> bool:
        """Refuse a lease that lapsed, or passed to another."""
        now_ms, lease = self.kit.ports.clock.now_ms(), conversation.turn.lease
        if conversation.merged_into is not None:
            return False
        if not self.kit.guards.lease:
            return True
        return lease is not None and lease.token == draft.token and lease.until_ms > now_ms

    def _apply(self, held: Held, draft: Draft, decision: Decision, now_ms: int) -> list[Write]:
        conversation = held.conversation
        conversation.rest()
        conversation.covered = max(conversation.covered, draft.covers)
        conversation.turn.begun_ms.append(now_ms)
        writes: list[Write] = []
        for action in decision.actions:
            key = self.kit.ports.ids.new()
            conversation.actions.append(key)
            writes.append(new_action(held.business, key, conversation.id, action, now_ms=now_ms))
        if decision.next_step is NextStep.HANDOVER:
            conversation.hand_over(decision.reason or "asked for a person")
        writes += store_reply(self.kit, held, decision.messages, covers=draft.covers)
        if conversation.owner == AGENT and conversation.unanswered():
            conversation.make_due_at(now_ms + self.kit.rules.quiet_ms)
        return writes

    def _release(self, draft: Draft) -> None:
        """Give the lease back after a failure, so that the task's retry need not wait for it."""
        try:
            decide(lambda: self._try_release(draft))
        except Retryable:
            return

    def _try_release(self, draft: Draft) -> None:
        held = load(self.kit.ports.store, draft.business, draft.conversation)
        if held is None or held.conversation.turn.lease is None:
            return
        turn = held.conversation.turn
        if turn.lease is None or turn.lease.token != draft.token:
            return
        turn.lease, turn.due_ms = None, self.kit.ports.clock.now_ms()
        self.kit.ports.store.commit([save(self.kit, held)])
