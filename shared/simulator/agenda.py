"""What happens on the customer's phone by itself: receipts, each at its time."""

import heapq

from shared.simulator import payloads
from shared.simulator.records import NEVER_MS, Chat, Message, Step
from shared.simulator.state import State
from shared.simulator.webhook_queue import WebhookQueue

_RANKS = {"accepted": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}
SENT_AFTER_MS = (60, 160)
DELIVERED_AFTER_MS = (150, 400)
READ_WHEN_OPEN_MS = 400
READ_BY_ITSELF_MS = 1500
FAILED_AFTER_MS = 300


class Agenda:
    """Carries out the planned steps of a state when their time comes."""

    def __init__(self, state: State, webhooks: WebhookQueue) -> None:
        """Take over the steps that the state holds; those of the past happen now."""
        self._state = state
        self._webhooks = webhooks
        now_ms = state.now_ms
        self._heap = [(max(step.at_ms, now_ms), step.id) for step in state.steps.values()]
        heapq.heapify(self._heap)

    def next_ms(self) -> int:
        """Return when the next step is due; `NEVER_MS` when there is none."""
        return self._heap[0][0] if self._heap else NEVER_MS

    def plan_delivery(self, message: Message) -> None:
        """Plan the receipts of a message that was accepted."""
        chance = self._state.chance
        sent_ms = self._state.now_ms + chance.randrange(*SENT_AFTER_MS)
        self._plan(message, "sent", sent_ms)
        self._plan(message, "delivered", sent_ms + chance.randrange(*DELIVERED_AFTER_MS))

    def plan_failure(self, message: Message) -> None:
        """Plan the `failed` receipt of a message that was accepted all the same."""
        self._plan(message, "failed", self._state.now_ms + FAILED_AFTER_MS)

    def read_all(self, chat: Chat) -> None:
        """Plan the read receipts of everything that was delivered in this chat."""
        at_ms = self._state.now_ms + READ_WHEN_OPEN_MS
        seen = chat.seen_seq
        for message in reversed(self._state.lines.get(chat.key, [])):
            if message.seq <= seen:
                break
            if message.direction == "out" and message.status == "delivered":
                chat.seen_seq = max(chat.seen_seq, message.seq)
                self._plan(message, "read", at_ms)
        if chat.unread or chat.seen_seq != seen:
            chat.unread = 0
            self._state.touch("chat", chat.key, chat)

    def _plan(self, message: Message, status: str, at_ms: int) -> None:
        step = Step(id=self._state.next_serial(), at_ms=at_ms, message_id=message.id, status=status)
        self._state.steps[str(step.id)] = step
        self._state.touch("step", str(step.id), step)
        heapq.heappush(self._heap, (at_ms, step.id))

    def advance(self, now_ms: int) -> None:
        """Carry out everything that is due."""
        while self._heap and self._heap[0][0] <= now_ms:
            at_ms, number = heapq.heappop(self._heap)
            step = self._state.steps.pop(str(number))
            self._state.touch("step", str(number), None)
            message = self._state.messages.get(step.message_id)
            if message is not None and _RANKS[step.status] > _RANKS[message.status]:
                self._happen(message, step.status, at_ms)

    def _happen(self, message: Message, status: str, at_ms: int) -> None:
        message.status = status
        message.times[status] = at_ms
        self._state.touch("message", message.id, message)
        self._tell(message, status, at_ms)
        if status == "delivered":
            self._arrive(message, at_ms)

    def _arrive(self, message: Message, at_ms: int) -> None:
        chat = self._state.chats[message.chat]
        chat.typing_until_ms = 0
        reads = self._state.customers[chat.customer_id].reads
        if reads == "auto" or (reads == "page" and chat.open_until_ms > at_ms):
            late_ms = READ_BY_ITSELF_MS if reads == "auto" else READ_WHEN_OPEN_MS
            chat.seen_seq = max(chat.seen_seq, message.seq)
            self._plan(message, "read", at_ms + late_ms)
        else:
            chat.unread += 1
        self._state.touch("chat", chat.key, chat)

    def _tell(self, message: Message, status: str, at_ms: int) -> None:
        state = self._state
        faults = state.faults
        lost = status in faults.drop_receipt_kinds and faults.drop_receipts_probability > 0
        if lost and state.chance.random() < faults.drop_receipts_probability:
            return
        chat = state.chats[message.chat]
        number = state.numbers.get(chat.number_id)
        if number is None:
            return
        customer = state.customers[chat.customer_id]
        change = payloads.receipt(number, customer, message, status=status, at_ms=at_ms)
        self._webhooks.enqueue(chat.number_id, change, extra_ms=faults.receipt_delay_ms)
