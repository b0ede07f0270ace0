"""Cutting a reply that is too long for one message into as few balloons as possible.

Meta counts "characters" without saying of which kind. We count UTF-16 code units, the largest
of the plausible readings: a text that fits so counted fits however Meta counts.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, takewhile

TEXT_LIMIT = 4096
"""The most that one text message may hold."""

_SPACE = re.compile(r"[^\S\u00a0\u2007\u202f]+")  # a no-break space holds "R$" and its figure together
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_JOINERS = "\u200d\u20e3"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_LONGEST_SIGN = 64

# How well a text reads when it is cut there, from bad to good.
_INSIDE_WORD, _SPACE_CUT, _LINE_END, _SENTENCE, _PARAGRAPH = range(5)


def split_text(text: str, limit: int = TEXT_LIMIT) -> tuple[str, ...]:
    """Cut `text` into pieces of at most `limit` UTF-16 code units.

    There are as few pieces as cuts between words allow; among those, cuts fall at the ends of
    paragraphs, else of sentences, else of lines, else between words. A word longer than `limit`
    is cut inside, never within what is seen as one sign unless that alone is longer. Nothing is
    lost but the white space at cuts and at both ends; a blank text gives no piece. `limit` is
    at least 2, the size of the widest sign.
    """
    text = text.strip()
    if not text:
        return ()
    return tuple(_pieces(_Cutter(text, limit)))


def _pieces(cutter: "_Cutter") -> Iterator[str]:
    start = 0
    left = cutter.needed(start)
    while left > 1:
        end, following = cutter.best_cut(start, left=left)
        yield cutter.text[start:end]
        start, left = following, cutter.needed(following)
    yield cutter.text[start:]


class _Cutter:
    """The places where one text may be cut."""

    def __init__(self, text: str, limit: int) -> None:
        self.text = text
        self._limit = limit
        self._units = [0, *accumulate(1 + (sign > "\uffff") for sign in text)]

    def needed(self, start: int) -> int:
        """Count the pieces for the text from `start`: cutting as late as possible needs fewest."""
        count = 1
        while self._reach(start) < len(self.text):
            _, start = next(self._cuts(start))[1:]
            count += 1
        return count

    def best_cut(self, start: int, *, left: int) -> tuple[int, int]:
        """Choose where the piece from `start` ends and the next begins, with `left` to go.

        Of each kind of cut only the last is worth a look: an earlier one leaves more behind.
        """
        last_of_kind: dict[int, tuple[int, int]] = {}
        for kind, end, following in self._cuts(start):
            last_of_kind.setdefault(kind, (end, following))
        best_first = sorted(last_of_kind.items(), reverse=True)
        return next(cut for _, cut in best_first if self.needed(cut[1]) < left)

    def _cuts(self, start: int) -> Iterator[tuple[int, int, int]]:
        """Yield (kind, end, beginning of the next) of the cuts within reach, latest first."""
        reach = self._reach(start)
        spaces = self._spaces(start, reach)
        word = spaces[-1].end() if spaces else start
        if word < reach and self._units[self._word_end(word)] - self._units[word] > self._limit:
            cut = self._between_signs(word, reach)
            yield _INSIDE_WORD, cut, cut
        for space in reversed(spaces):
            yield self._kind(space), space.start(), space.end()

    def _spaces(self, start: int, reach: int) -> list[re.Match[str]]:
        return list(takewhile(lambda space: space.start() <= reach, _SPACE.finditer(self.text, start)))

    def _reach(self, start: int) -> int:
        """Find how far a piece from `start` may go."""
        return bisect_right(self._units, self._units[start] + self._limit) - 1

    def _word_end(self, position: int) -> int:
        found = _SPACE.search(self.text, position)
        return found.start() if found else len(self.text)

    def _kind(self, space: re.Match[str]) -> int:
        if space.group().count("\n") > 1:
            return _PARAGRAPH
        if _SENTENCE_END.search(self.text, max(0, space.start() - 4), space.start()):
            return _SENTENCE
        return _LINE_END if "\n" in space.group() else _SPACE_CUT

    def _between_signs(self, start: int, position: int) -> int:
        """Move a cut inside a word back to where no sign is torn apart."""
        for cut in range(position, max(start, position - _LONGEST_SIGN), -1):
            if not self._tears(cut):
                return cut
        return position

    def _tears(self, position: int) -> bool:
        before, after = self.text[position - 1], self.text[position]
        if before == "\u200d" or after in _JOINERS or unicodedata.category(after).startswith("M"):
            return True
        if ord(after) in _SKIN_TONES or ord(after) in _TAGS:
            return True
        return ord(after) in _FLAG_LETTERS and self._flag_letters_before(position) % 2 == 1

    def _flag_letters_before(self, position: int) -> int:
        count = 0
        while count < position and ord(self.text[position - 1 - count]) in _FLAG_LETTERS:
            count += 1
        return count
