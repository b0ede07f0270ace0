"""Actions: what an agent may change in the business's systems, after the commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Done:
    """The provider carried it out; `result` is told to the assistant in a new turn."""

    result: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Certain: the provider did not carry it out."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The attempt's outcome is unclear."""

    reason: str


ActionOutcome = Done | Declined | Unknown


class Actions(Protocol):
    """Carries out actions; one attempt per call."""

    def repeatable(self, kind: str) -> bool:
        """Tell whether this kind's provider takes our idempotency key."""
        ...

    def perform(self, kind: str, arguments: Mapping[str, Any], *, key: str) -> ActionOutcome:
        """Attempt the action once, under our idempotency key.

        An unknown kind is `Declined`. Never raises for what a provider answers.
        """
        ...
