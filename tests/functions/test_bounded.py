"""The time limit around an assistant."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from shared.domain.errors import AssistantUnavailable
from shared.ports.assistant import Briefing, Decision
from shared.wiring.bounded import BoundedAssistant

BRIEFING = Briefing("default", "c1", "", (), (), 1_790_000_000_000)


@dataclass
class Hanging:
    """Answers only after it was released."""

    release: threading.Event = field(default_factory=threading.Event)

    def decide(self, briefing: Briefing) -> Decision:
        self.release.wait(30)
        return Decision((briefing.conversation,))


class Failing:
    """Breaks in a way that its port does not know."""

    def decide(self, briefing: Briefing) -> Decision:
        raise ZeroDivisionError(briefing.conversation)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    assistant = Hanging()
    yield assistant
    assistant.release.set()


def test_an_answer_in_time_is_passed_on(hanging: Hanging) -> None:
    hanging.release.set()

    assert BoundedAssistant(hanging, limit_s=10).decide(BRIEFING) == Decision(("c1",))


def test_an_assistant_that_hangs_is_given_up(hanging: Hanging) -> None:
    started = time.monotonic()

    with pytest.raises(AssistantUnavailable):
        BoundedAssistant(hanging, limit_s=0.05).decide(BRIEFING)

    assert time.monotonic() - started < 10


def test_calls_that_hang_are_capped_and_places_come_back(hanging: Hanging) -> None:
    bounded = BoundedAssistant(hanging, limit_s=0.05, most=1)
    with pytest.raises(AssistantUnavailable, match="in time"):
        bounded.decide(BRIEFING)

    with pytest.raises(AssistantUnavailable, match="too many"):
        bounded.decide(BRIEFING)

    hanging.release.set()
    assert _eventually(bounded) == Decision(("c1",))


def test_an_assistant_that_breaks_is_unavailable() -> None:
    with pytest.raises(AssistantUnavailable, match="ZeroDivisionError"):
        BoundedAssistant(Failing(), limit_s=10).decide(BRIEFING)


def _eventually(bounded: BoundedAssistant) -> Decision | None:
    for _ in range(200):
        try:
            return bounded.decide(BRIEFING)
        except AssistantUnavailable:
            time.sleep(0.02)
    return None
