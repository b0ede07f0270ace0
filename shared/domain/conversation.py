"""A conversation: who owns it, what is unanswered, whose turn it is.

Everything that decides lies in this one document, and every claim, commit and takeover
writes it, so that two of them can't miss each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.chat import Chat
from shared.domain.flat import flat, names_of
from shared.domain.outbox import AGENT, Inflight, Outbox, Outgoing
from shared.domain.rules import HOUR, LEASE_MS, RECENT_LINES, RECENT_TEXT, SWEEP_GRACE_MS, Rules

QUEUE = "queue"
PAUSED = "paused"

_STRICTNESS = {AGENT: 0, QUEUE: 1, PAUSED: 2}


def is_owner(owner: str) -> bool:
    """Tell whether a text names an owner: agent, queue, paused or person:NAME."""
    return owner in _STRICTNESS or (owner.startswith("person:") and len(owner) > len("person:"))


def stricter(one: str, other: str) -> str:
    """Return the owner that leaves the agent less room."""
    return max(one, other, key=lambda owner: _STRICTNESS.get(owner, 3))


@dataclass(slots=True)
class Lease:
    """The right to commit one turn, fenced by a token that only grows."""

    token: int
    until_ms: int
    covers: int


@dataclass(slots=True)
class Turn:
    """When the next turn is due, and who has it."""

    wake: int = 0
    """Number of the newest turn task; an older one just leaves."""
    due_ms: int | None = None
    first_ms: int = 0
    """When the first message of the burst was received."""
    lease: Lease | None = None
    token: int = 0
    """The newest lease's token, of past leases too."""
    begun_ms: list[int] = field(default_factory=list)
    """The turns of the last hour."""


@dataclass(slots=True)
class Conversation:
    """One person's conversation with the business, over all of its numbers."""

    id: str
    person: str
    name: str = ""
    phone: str | None = None
    """The phone exactly as the newest message spelt it; None when there is none to use."""
    phone_ms: int = 0
    """When Meta last told the phone, so that an older message doesn't bring back an older one."""
    bsuid: str | None = None
    """The newest business-scoped user id, or the parent id of a person who has shown no other."""
    bsuid_ms: int = 0
    owner: str = AGENT
    reason: str = ""
    """Why it stands in the people's queue."""
    epoch: int = 0
    seq: int = 0
    opening: int = 0
    """Sequence of the newest message that wants an answer."""
    opening_ms: int = 0
    covered: int = 0
    """Everything up to here is covered by a committed answer."""
    answered: int = 0
    """Everything up to here is covered by an answer claimed for sending, or a person wrote."""
    reply_number: str = ""
    turn: Turn = field(default_factory=Turn)
    outbox: Outbox = field(default_factory=Outbox)
    chats: dict[str, Chat] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    """Actions that were asked for and are not finished."""
    recent: list[dict[str, Any]] = field(default_factory=list)
    opted_out: bool = False
    merged_into: str | None = None
    merged_from: list[str] = field(default_factory=list)
    created_ms: int = 0
    updated_ms: int = 0

    def chat(self, number: str) -> Chat:
        """Return the chat with a number, made when there is none."""
        return self.chats.setdefault(number, Chat())

    def next_seq(self) -> int:
        """Number one more entry of the timeline."""
        self.seq += 1
        return self.seq

    def unanswered(self) -> bool:
        """Tell whether a message waits for a turn of the agent."""
        return self.opening > self.covered

    def remember(self, line: dict[str, Any]) -> None:
        """Keep a shortened entry at hand, so that a turn needs no read for its history."""
        self.recent.append({**line, "text": str(line["text"])[:RECENT_TEXT]})
        del self.recent[:-RECENT_LINES]

    def forget(self, ids: set[str]) -> None:
        """Drop entries from what is kept at hand."""
        self.recent = [line for line in self.recent if line["id"] not in ids]

    # What opens and schedules a turn

    def open_turn(self, *, at_ms: int, received_ms: int, now_ms: int, rules: Rules) -> None:
        """Count the newest entry as one that wants an answer; set when, if it's the agent's."""
        self.opening = self.seq
        self.opening_ms = max(self.opening_ms, at_ms)
        if self.owner == AGENT:
            self.make_due(received_ms, now_ms, rules)

    def make_due(self, received_ms: int, now_ms: int, rules: Rules) -> None:
        """Move the due time by the quiet period, up to the longest wait of this burst.

        A turn that is being written sees the message at its commit, or its task comes
        again: no new task then, nor while one is waiting already.
        """
        turn = self.turn
        if turn.lease is not None and turn.lease.until_ms > now_ms:
            return
        waiting = turn.due_ms is not None
        if not waiting:
            turn.first_ms = received_ms
            turn.wake += 1
        turn.lease = None
        due = min(received_ms + rules.quiet_ms, turn.first_ms + rules.max_wait_ms)
        turn.due_ms = max(due, turn.due_ms or 0) if waiting else due

    def make_due_at(self, due_ms: int) -> None:
        """Want a turn at a given time, with a task of its own."""
        self.turn.due_ms = self.turn.first_ms = due_ms
        self.turn.lease = None
        self.turn.wake += 1

    def rest(self) -> None:
        """Want no turn."""
        self.turn.due_ms = None
        self.turn.lease = None

    def take_lease(self, now_ms: int) -> Lease:
        """Give the turn to the caller, who holds everything up to the newest message."""
        self.turn.token += 1
        self.turn.lease = Lease(self.turn.token, now_ms + LEASE_MS, self.opening)
        self.turn.due_ms = None
        return self.turn.lease

    def turns_in_last_hour(self, now_ms: int) -> int:
        """Count, and forget older ones."""
        self.turn.begun_ms = [t for t in self.turn.begun_ms if t > now_ms - HOUR]
        return len(self.turn.begun_ms)

    # Who owns it

    def give_to(self, owner: str, *, now_ms: int, reason: str = "") -> list[Outgoing]:
        """Change the owner; return the agent's queued messages, which are cancelled by it.

        The epoch moves: a draft of before is refused at its commit, and what is in flight
        when it would be posted again. What nobody answered is due at once when the agent
        gets it.
        """
        self.owner = owner
        self.reason = reason
        self.epoch += 1
        self.turn.due_ms = None
        return self.withdraw(now_ms)

    def withdraw(self, now_ms: int) -> list[Outgoing]:
        """Take back everything that the agent has queued; what it answers is open again.

        If the thread is the agent's, that is due at once.
        """
        withdrawn = self.outbox.take_authored(AGENT)
        self.covered = self.answered
        if self.owner == AGENT and self.unanswered():
            self.make_due_at(now_ms)
        return withdrawn

    def hand_over(self, reason: str) -> None:
        """Let the agent itself ask for a person: what it has committed still leaves."""
        self.owner = QUEUE
        self.reason = reason
        self.move_epoch(self.epoch + 1)

    def move_epoch(self, epoch: int) -> None:
        """Move the epoch without a takeover: what may leave now may leave then."""
        for message in self.outbox.leaving():
            if message.epoch == self.epoch:
                message.epoch = epoch
        self.epoch = epoch

    def answered_by_person(self, seq: int) -> None:
        """Count everything up to `seq` as answered: a person wrote after it."""
        self.answered = max(self.answered, seq)
        self.covered = max(self.covered, seq)

    def nothing_was_sent(self, inflight: Inflight) -> None:
        """Take the answered mark back: the claim that moved it sent nothing after all."""
        if self.answered == inflight.message.covers:
            self.answered = min(self.answered, inflight.answered_before)
        if self.owner != AGENT:
            self.covered = self.answered

    # What is under way

    def busy(self) -> bool:
        """Tell whether a process holds a lease or a claim."""
        return self.turn.lease is not None or self.outbox.inflight is not None

    def check_after_ms(self, rules: Rules) -> int | None:
        """Return when the sweeper should look, if nothing happens before; None for never."""
        if self.merged_into and not self.busy():
            return None
        times = [self._outbox_check(rules)]
        if self.turn.lease is not None:
            times.append(self.turn.lease.until_ms)
        if self.turn.due_ms is not None:
            times.append(self.turn.due_ms)
        if self.actions:
            times.append(self.updated_ms)
        wanted = [t for t in times if t is not None]
        return min(wanted) + SWEEP_GRACE_MS if wanted else None

    def _outbox_check(self, rules: Rules) -> int | None:
        box = self.outbox
        if box.inflight is not None:
            return max(box.inflight.over_ms(rules.unclear_ms), box.woken_ms)
        return max(box.queued[0].not_before_ms, box.woken_ms) if box.queued else None

    # As a document

    def to_data(self, rules: Rules) -> dict[str, Any]:
        """Return the JSON object that `from_data` reads, with what the queries need."""
        lease = self.turn.lease
        data = flat(self)
        data["turn"] = {**flat(self.turn), "lease": None if lease is None else flat(lease)}
        data["outbox"] = self.outbox.to_data()
        data["chats"] = {number: flat(chat) for number, chat in self.chats.items()}
        data["check_after_ms"] = self.check_after_ms(rules)
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Conversation":
        """Read what `to_data` wrote."""
        values = {name: data[name] for name in names_of(cls)}
        turn = dict(data["turn"])
        if turn["lease"] is not None:
            turn["lease"] = Lease(**turn["lease"])
        values["turn"] = Turn(**turn)
        values["outbox"] = Outbox.from_data(data["outbox"])
        values["chats"] = {number: Chat(**chat) for number, chat in data["chats"].items()}
        return cls(**values)
