"""What a conversation has to send: a queue in the order in which it was written, and one in flight."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.flat import flat

AGENT = "agent"


@dataclass(slots=True)
class Outgoing:
    """A message that waits to leave, complete enough to be sent without another read."""

    id: str
    number: str
    author: str
    text: str
    epoch: int
    """The owner epoch under which it was written; the sender refuses another."""
    answer: str
    """The answer that it is a part of; its rest is cancelled when one part fails."""
    covers: int
    """The newest customer message that the answer covers, by sequence."""
    created_ms: int
    deadline_ms: int
    attempt: int = 1
    refusals: int = 0
    reposted: bool = False
    not_before_ms: int = 0


@dataclass(slots=True)
class Inflight:
    """The claimed message: being posted, or posted with an unclear outcome."""

    message: Outgoing
    claim: str
    claimed_ms: int
    until_ms: int
    answered_before: int
    """The answered mark before this claim moved it, to go back to when nothing was sent."""
    unclear_ms: int | None = None
    """Since when the outcome counts as unclear; evidence must be younger."""

    def over_ms(self, unclear_period_ms: int) -> int:
        """Return when somebody has to look after it."""
        return self.until_ms if self.unclear_ms is None else self.unclear_ms + unclear_period_ms


@dataclass(slots=True)
class Outbox:
    """One queue for all numbers, so that the answered mark moves in order."""

    queued: list[Outgoing] = field(default_factory=list)
    inflight: Inflight | None = None
    wake: int = 0
    """Number of the newest sender task; an older one just leaves."""
    woken_ms: int = 0
    """When that task was asked for."""

    def wake_again(self, now_ms: int) -> None:
        """Number a new sender task."""
        self.wake += 1
        self.woken_ms = now_ms

    def claim(self, claim: str, *, now_ms: int, until_ms: int, answered: int) -> Inflight:
        """Move the first queued message in flight."""
        self.inflight = Inflight(self.queued.pop(0), claim, now_ms, until_ms, answered)
        return self.inflight

    def land(self, now_ms: int) -> Outgoing:
        """Take what is in flight out; whatever waits behind it gets a new task."""
        assert self.inflight is not None  # noqa: S101 - callers have looked
        message = self.inflight.message
        self.inflight = None
        self.wake_again(now_ms)
        return message

    def put_back(self, now_ms: int) -> Outgoing:
        """Move what is in flight back to the head, as its next attempt."""
        message = self.land(now_ms)
        message.attempt += 1
        self.queued.insert(0, message)
        return message

    def take_answer(self, answer: str) -> list[Outgoing]:
        """Remove and return what is still queued of an answer."""
        taken = [m for m in self.queued if m.answer == answer]
        self.queued = [m for m in self.queued if m.answer != answer]
        return taken

    def take_authored(self, author: str) -> list[Outgoing]:
        """Remove and return what an author still has queued."""
        taken = [m for m in self.queued if m.author == author]
        self.queued = [m for m in self.queued if m.author != author]
        return taken

    def leaving(self) -> list[Outgoing]:
        """Return every message that is queued or in flight."""
        return self.queued + ([self.inflight.message] if self.inflight else [])

    def to_data(self) -> dict[str, Any]:
        """Return the JSON object that `from_data` reads."""
        box = self.inflight
        return {
            "queued": [flat(message) for message in self.queued],
            "inflight": None if box is None else {**flat(box), "message": flat(box.message)},
            "wake": self.wake,
            "woken_ms": self.woken_ms,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Outbox":
        """Read what `to_data` wrote."""
        inflight = None
        if data["inflight"] is not None:
            fields = dict(data["inflight"])
            inflight = Inflight(**{**fields, "message": Outgoing(**fields["message"])})
        queued = [Outgoing(**m) for m in data["queued"]]
        return cls(queued, inflight, data["wake"], data["woken_ms"])
