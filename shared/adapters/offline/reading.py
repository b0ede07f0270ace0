"""Reading a burst: which of its questions are known, and what else it asks of us."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.adapters.offline.intents import Intent, content_words, intents_of, wishes_of
from shared.adapters.offline.knowledge import Found, Knowledge
from shared.adapters.offline.phrases import UNUSED_KINDS
from shared.adapters.offline.words import clauses, words
from shared.ports.assistant import Line

_SILENT_KINDS = frozenset({"reaction", "revoke", "system", "request_welcome"})
_MANY = 2
_ABOUT_PERSONS = frozenset({Intent.PERSON, Intent.NO_PERSON, Intent.MACHINE})
_ENGLISH = frozenset(
    words(
        """the is are you what how hello please want can could speak talk does your have my need much where
        when there thanks thank it this that an open hours english i we someone person human"""
    )
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a burst holds.

    `answers` are those of the questions found, once each, by appearance. `intents` leaves out
    what those questions cover. `not_read` counts, by kind, what can't be read yet; `not_used`
    names the kinds that can be read but not served. `results` are outcomes of actions.
    """

    answers: tuple[str, ...]
    intents: frozenset[Intent]
    not_read: Counter[str]
    not_used: tuple[str, ...]
    results: tuple[str, ...]
    english: bool
    anything: bool


@dataclass(slots=True)
class _Clause:
    """A clause's place in the burst's row of words."""

    start: int
    end: int
    classified: bool


def read(lines: Iterable[Line], knowledge: Knowledge) -> Reading:
    """Read the burst's lines, in order; a question may run over several messages."""
    lines = tuple(lines)
    told = [line for line in lines if line.author == "customer" and line.kind not in _SILENT_KINDS]
    row, parts = _lay_out(told)
    found = list(knowledge.find(row))
    return Reading(
        answers=tuple(dict.fromkeys(one.entry.answer for one in found)),
        intents=_intents(row, parts, found),
        not_read=Counter(line.kind for line in told if not line.understood),
        not_used=tuple(
            dict.fromkeys(line.kind for line in told if line.understood and line.kind in UNUSED_KINDS)
        ),
        results=tuple(line.text.strip() for line in lines if line.author == "action"),
        english=_is_english(row),
        anything=bool(told) or any(line.author == "action" for line in lines),
    )


def _lay_out(lines: Sequence[Line]) -> tuple[list[str], list[_Clause]]:
    """Put all words in one row, so that a question may run over a message's end."""
    row: list[str] = []
    parts: list[_Clause] = []
    for line in lines:
        for clause in clauses(line.text):
            parts.append(_Clause(len(row), len(row) + len(clause), line.kind not in UNUSED_KINDS))
            row.extend(clause)
    return row, parts


def _intents(row: Sequence[str], parts: Iterable[_Clause], found: Iterable[Found]) -> frozenset[Intent]:
    covered: set[int] = set()
    for one in found:
        covered.update(range(one.start, one.end))
    intents: set[Intent] = set()
    for part in parts:
        if part.classified:
            intents |= _of_clause(row, part, covered)
    if not intents & _ABOUT_PERSONS:
        intents |= wishes_of(row)  # a wish may run over a message's end, too
    return frozenset(intents)


def _of_clause(row: Sequence[str], part: _Clause, covered: set[int]) -> frozenset[Intent]:
    """Classify what a clause says beside the questions in it; a stray word there is no matter."""
    places = range(part.start, part.end)
    rest = ["|" if place in covered else row[place] for place in places]
    intents = intents_of(rest)
    beside_a_question = any(place in covered for place in places)
    if beside_a_question and content_words(rest) < _MANY:
        return intents - {Intent.OTHER}
    return intents


def _is_english(row: Sequence[str]) -> bool:
    hits = sum(word in _ENGLISH for word in row)
    return hits >= _MANY and hits * 3 >= len(row)
