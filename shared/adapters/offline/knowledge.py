"""The knowledge file: questions with their only answers, found by their words."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.adapters.offline.words import words
from shared.domain.errors import Misconfigured

DEFAULT_PATH = Path(__file__).parents[2] / "knowledge" / "pt-BR.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One question and the answer that is given verbatim."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Found:
    """A question that stands in a row of words, from `start` up to `end`."""

    entry: Entry
    start: int
    end: int


class Knowledge:
    """What may be stated as a fact."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Index the entries; a question without a single word is never found."""
        self.entries = tuple(entries)
        self._by_first_word: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
        for entry in entries:
            asked = words(entry.question)
            if asked:
                self._by_first_word.setdefault(asked[0], []).append((asked, entry))

    @classmethod
    def load(cls, path: Path = DEFAULT_PATH) -> "Knowledge":
        """Read a JSON list of `{"question", "answer"}`.

        Raises:
            Misconfigured: The file is missing or not such a list.
        """
        try:
            return cls([_entry(item) for item in json.loads(path.read_text(encoding="utf-8"))])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Misconfigured(f"{path.name} is not a list of questions and answers") from error

    def find(self, row: Sequence[str]) -> Iterator[Found]:
        """Find every question whose words stand in `row` one after another, by appearance."""
        for start, word in enumerate(row):
            for asked, entry in self._by_first_word.get(word, ()):
                if tuple(row[start : start + len(asked)]) == asked:
                    yield Found(entry, start, start + len(asked))


def _entry(item: dict[str, Any]) -> Entry:
    question, answer = item["question"], item["answer"]
    if not (isinstance(question, str) and isinstance(answer, str) and answer.strip()):
        raise TypeError("a question and an answer are texts")
    return Entry(question, answer.strip())
