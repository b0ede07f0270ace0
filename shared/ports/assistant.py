"""The assistant: reads a conversation, decides the next step. Shaped for models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the conversation as the assistant sees it.

    `author` is `customer`, `agent`, `person` or `action` (the result of an action that
    an earlier decision asked for, in `text`). `kind` is Meta's message type. `text` is
    what is readable: the body, a caption, a button's title; empty when the message is
    not understood (yet), which `understood` tells.
    """

    id: str
    author: str
    kind: str
    text: str
    understood: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Briefing:
    """What one turn gives the assistant: the burst to answer and what came before.

    `unanswered` is the whole burst in timeline order, never cut; `history` holds the
    latest earlier entries, oldest first. `customer_name` may be empty.
    """

    business: str
    conversation: str
    customer_name: str
    unanswered: tuple[Line, ...]
    history: tuple[Line, ...]
    now_ms: int


class NextStep(StrEnum):
    """What happens to the conversation after the reply."""

    WAIT = "wait"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that changes the world outside, asked for with the reply.

    It is stored in the commit that stores the reply and attempted only after it.
    """

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The assistant's structured answer.

    `messages` are the reply's texts, in order, of any length; they may be empty (nothing
    to say). `scores` are named confidences in [0, 1]. `reason` says, for supervisors,
    why: it becomes the queue's reason on a handover.
    """

    messages: tuple[str, ...]
    next_step: NextStep = NextStep.WAIT
    actions: tuple[Action, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


class Assistant(Protocol):
    """Decides one turn. It changes nothing: while it writes, only reading tools run."""

    def decide(self, briefing: Briefing) -> Decision:
        """Answer the whole burst; may be called again for a draft that was dropped.

        It states no price, discount, date or promise that a tool or the knowledge did
        not give it.

        Raises:
            AssistantUnavailable: No decision within the assistant's own time limit.
        """
        ...
