"""Asking the offline responder."""

import json

from shared.adapters.offline.knowledge import DEFAULT_PATH
from shared.adapters.offline.responder import OfflineResponder
from shared.ports.assistant import Briefing, Decision, Line, NextStep

ENTRIES: list[dict[str, str]] = json.loads(DEFAULT_PATH.read_text(encoding="utf-8"))
RESPONDER = OfflineResponder()


def line(text: str = "", *, kind: str = "text", author: str = "customer", understood: bool = True) -> Line:
    return Line(id="m", author=author, kind=kind, text=text, understood=understood, at_ms=0)


def voice() -> Line:
    return line(kind="audio", understood=False)


def decide(*burst: str | Line, history: tuple[Line, ...] = (), name: str = "") -> Decision:
    lines = tuple(line(one) if isinstance(one, str) else one for one in burst)
    return RESPONDER.decide(Briefing("b", "c", name, lines, history, 0))


def reply(*burst: str | Line) -> str:
    decision = decide(*burst)
    assert len(decision.messages) == 1
    assert decision.next_step is NextStep.WAIT
    return decision.messages[0]


def answers_in(text: str) -> list[str]:
    """List the questions answered verbatim, by where the answers stand."""
    found = [(text.index(entry["answer"]), entry["question"]) for entry in ENTRIES if entry["answer"] in text]
    return [question for _, question in sorted(found)]
