"""The assistant that works without a model: what the knowledge file says, or nothing at all."""

from collections.abc import Sequence

from shared.adapters.offline import phrases
from shared.adapters.offline.intents import Intent
from shared.adapters.offline.knowledge import Knowledge
from shared.adapters.offline.reading import Reading, read
from shared.ports.assistant import Assistant, Briefing, Decision, Line, NextStep

_EXAMPLES = 3


class OfflineResponder(Assistant):
    """Answers with prepared texts; the same briefing always gets the same decision.

    Each question of the knowledge file that a burst holds is answered verbatim. Everything
    else is met with an honest sentence and the offer of a person. Nothing that a customer
    wrote is repeated, and no figure is given but those in the knowledge file.
    """

    def __init__(self, knowledge: Knowledge | None = None) -> None:
        """Take this knowledge, or that of the file beside the code.

        Raises:
            Misconfigured: The file can't be used.
        """
        self._knowledge = knowledge or Knowledge.load()
        self._examples = phrases.examples([entry.question for entry in self._knowledge.entries[:_EXAMPLES]])

    def decide(self, briefing: Briefing) -> Decision:  # noqa: D102 - see the port
        reading = read(briefing.unanswered, self._knowledge)
        if not reading.anything:
            return Decision(messages=(), reason="nothing to answer")
        if _wants_person(reading, briefing.history):
            return Decision(
                messages=(_join(_handover(reading)),),
                next_step=NextStep.HANDOVER,
                scores=_scores(reading),
                reason="customer asked for a person",
            )
        known = "answered" if _is_covered(reading) else "beyond the knowledge"
        return Decision(messages=(_join(self._reply(reading)),), scores=_scores(reading), reason=known)

    def _reply(self, reading: Reading) -> list[str]:
        facts = [*reading.answers, *_results(reading)]
        remarks = _remarks(reading)
        unknown = self._unknown(reading)
        if not (facts or remarks or unknown):
            return self._courtesy(reading)
        greeting = [phrases.HELLO] if Intent.GREETING in reading.intents else []
        offer = [] if _is_covered(reading) else [phrases.OFFER]
        return [*greeting, *facts, *remarks, *unknown, *offer, *_english(reading, phrases.ENGLISH_OFFER)]

    def _unknown(self, reading: Reading) -> list[str]:
        """Admit what is not known; where nothing else helps, show what may be asked."""
        no_figure = phrases.NO_OTHER_FIGURE if reading.answers else phrases.NO_FIGURE
        parts = [no_figure] if Intent.FIGURE in reading.intents else []
        if Intent.OTHER in reading.intents:
            lonely = not (parts or reading.answers)
            parts += [phrases.NOT_KNOWN, self._examples] if lonely else [phrases.REST_NOT_KNOWN]
        return parts

    def _courtesy(self, reading: Reading) -> list[str]:
        """Answer a burst that only greets, thanks, nods, or says nothing at all."""
        if Intent.THANKS in reading.intents:
            return [phrases.WELCOME]
        if Intent.NOD in reading.intents and Intent.GREETING not in reading.intents:
            return [phrases.NOTED]
        introduction = [phrases.INTRODUCTION, self._examples, phrases.OFFER]
        return [*introduction, *_english(reading, phrases.ENGLISH_OFFER)]


def _handover(reading: Reading) -> list[str]:
    """Answer what is known, then confirm once; the person takes care of the rest."""
    machine = [phrases.MACHINE] if Intent.MACHINE in reading.intents else []
    called = [phrases.PERSON_CALLED, *_english(reading, phrases.ENGLISH_PERSON_CALLED)]
    return [*reading.answers, *_results(reading), *machine, *called]


def _remarks(reading: Reading) -> list[str]:
    """Say what is true of this responder, and what it could not hear, see or use."""
    parts = [phrases.MACHINE] if Intent.MACHINE in reading.intents else []
    if Intent.NO_PERSON in reading.intents:
        parts.append(phrases.PERSON_NOT_WANTED)
    not_read = [phrases.not_read(kind, several=count > 1) for kind, count in reading.not_read.items()]
    if not_read:
        parts.append(" ".join([*dict.fromkeys(not_read), phrases.WRITE_INSTEAD]))
    return parts + [phrases.not_used(kind) for kind in reading.not_used]


def _results(reading: Reading) -> list[str]:
    return [f"{phrases.RESULT} {text}" if text else phrases.RESULT_EMPTY for text in reading.results]


def _english(reading: Reading, line: str) -> list[str]:
    return [line] if reading.english else []


def _wants_person(reading: Reading, history: Sequence[Line]) -> bool:
    """Tell whether a person was asked for, or the offer of one was taken up with a bare yes."""
    if Intent.PERSON in reading.intents:
        return True
    ours = [line for line in history if line.author != "customer"]
    offered = bool(ours) and ours[-1].author == "agent" and phrases.OFFER in ours[-1].text
    only_yes = reading.intents == {Intent.YES, Intent.NOD} and not reading.answers
    return offered and only_yes


def _left_open(reading: Reading) -> int:
    open_intents = reading.intents & {Intent.OTHER, Intent.FIGURE, Intent.MACHINE}
    return len(open_intents) + reading.not_read.total() + len(reading.not_used)


def _is_covered(reading: Reading) -> bool:
    return _left_open(reading) == 0


def _scores(reading: Reading) -> dict[str, float]:
    """Tell which part of what was asked has an answer."""
    asked = len(reading.answers) + _left_open(reading)
    return {"answered": len(reading.answers) / asked if asked else 1.0}


def _join(parts: Sequence[str]) -> str:
    return "\n\n".join(filter(None, parts))
