"""Text as words that compare equal however they were typed."""

import re
import unicodedata

_CLAUSE_END = re.compile(r"[.!?…;:\n]+|(?<=\bnão)\s*,|(?<=\bnao)\s*,", re.IGNORECASE)
_NOT_A_WORD = re.compile(r"[\W_]+")


def words(text: str) -> tuple[str, ...]:
    """Return the words of `text` without case, accents, punctuation or invisible signs."""
    plain = "".join(filter(None, map(_plain, unicodedata.normalize("NFKD", text))))
    return tuple(_NOT_A_WORD.sub(" ", plain.casefold()).split())


def clauses(text: str) -> tuple[tuple[str, ...], ...]:
    """Cut `text` where a thought may end, and return each part's words; "não, quero" is two."""
    return tuple(filter(None, map(words, _CLAUSE_END.split(unicodedata.normalize("NFC", text)))))


def _plain(sign: str) -> str:
    """Drop accents and format signs; a zero-width space still parts words."""
    if sign == "\u200b":
        return " "
    return "" if unicodedata.category(sign) in {"Mn", "Me", "Cf"} else sign
