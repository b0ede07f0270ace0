"""How a reply that is too long is cut."""

import random
import re
from functools import cache

import pytest

from shared.domain.text import TEXT_LIMIT, split_text


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def without_space(text: str) -> str:
    return "".join(text.split())


def fewest_pieces(text: str, limit: int) -> int:
    """Count by trying every cut between words: the slow, plain answer."""
    words = [found.span() for found in re.finditer(r"\S+", text)]

    @cache
    def fewest(first: int) -> int:
        if first == len(words):
            return 0
        begins = words[first][0]
        fitting = [last for last in range(first, len(words)) if units(text[begins : words[last][1]]) <= limit]
        return 1 + min(fewest(last + 1) for last in fitting)

    return fewest(0)


def test_a_text_that_fits_stays_whole() -> None:
    text = "Um.\n\nDois. " + "x" * (TEXT_LIMIT - 11)
    assert units(text) == TEXT_LIMIT
    assert split_text(text) == (text,)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u00a0\t"])
def test_a_blank_text_gives_no_piece(text: str) -> None:
    assert split_text(text) == ()


def test_one_sign_over_the_limit_cuts_at_the_last_sentence_end() -> None:
    most = ("Uma frase. " + "palavra " * 600)[: TEXT_LIMIT - 11] + "."
    assert units(most + " Fim aqui.") == TEXT_LIMIT
    assert split_text(most + " Fim aqui!!") == (most, "Fim aqui!!")


def test_a_paragraph_end_is_better_than_a_later_sentence_end() -> None:
    assert split_text("Abc def.\n\nGhi jkl. Mno pqr. Stu.", 28) == ("Abc def.", "Ghi jkl. Mno pqr. Stu.")


def test_a_line_end_is_better_than_a_later_space() -> None:
    assert split_text("um dois\ntres quatro cinco", 20) == ("um dois", "tres quatro cinco")


def test_a_closing_quote_belongs_to_its_sentence() -> None:
    assert split_text('Ele disse "vamos." Depois saiu de casa', 24) == (
        'Ele disse "vamos."',
        "Depois saiu de casa",
    )


def test_a_figure_keeps_its_sign() -> None:
    assert split_text("o plano custa R$\u00a039,90 hoje", 18) == ("o plano custa", "R$\u00a039,90 hoje")


def test_a_later_cut_wins_when_a_prettier_one_would_cost_a_balloon() -> None:
    sentences = "a" * 29 + ". " + "b" * 14 + " " + "c" * 14 + ". " + "d" * 18 + "."
    pieces = split_text(sentences, 46)
    assert len(pieces) == 2
    assert pieces[0].endswith("b")


def test_a_word_longer_than_the_limit_is_cut_inside() -> None:
    assert split_text("x" * 25, 10) == ("x" * 10, "x" * 10, "x" * 5)


def test_the_room_before_a_word_that_must_be_cut_is_used() -> None:
    assert split_text("ab " + "x" * 17, 10) == ("ab xxxxxxx", "x" * 10)


@pytest.mark.parametrize(
    "sign",
    [
        "👩\u200d👩\u200d👧",
        "👍🏽",
        "🇧🇷",
        "e\u0301",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e007f",
    ],
)
def test_no_sign_is_torn_apart(sign: str) -> None:
    for shift in range(12):
        text = "x" * shift + sign * 20
        pieces = split_text(text, 13)
        assert "".join(pieces) == text
        assert max(map(units, pieces)) <= 13
        for piece in pieces:
            assert piece.lstrip("x").replace(sign, "") == ""


def test_a_sign_longer_than_the_limit_is_cut_all_the_same() -> None:
    text = "a" + "\u0301" * 300
    pieces = split_text(text, 100)
    assert "".join(pieces) == text
    assert len(pieces) == 4


def test_emoji_count_twice() -> None:
    assert [len(piece) for piece in split_text("😀" * 3000)] == [2048, 952]


def test_spaces_at_a_cut_go_however_many_they_are() -> None:
    assert split_text("aaaa" + " " * 50 + "bbbb", 10) == ("aaaa", "bbbb")


def test_any_text_keeps_its_words_in_as_few_pieces_as_can_be() -> None:
    chance = random.Random(7)
    for _ in range(600):
        words = (
            "".join(chance.choices("abç😀.!?", k=chance.randint(1, 12))) for _ in range(chance.randint(1, 40))
        )
        text = "".join(word + chance.choice([" ", " ", " ", "\n", "\n\n", "  "]) for word in words)
        limit = chance.randint(24, 60)
        pieces = split_text(text, limit)
        assert max(map(units, pieces)) <= limit
        assert without_space("".join(pieces)) == without_space(text)
        assert len(pieces) <= fewest_pieces(text, limit)


def test_a_very_long_text_is_cut_in_reasonable_pieces() -> None:
    text = "Uma frase que se repete. " * 4000
    pieces = split_text(text)
    assert len(pieces) == 25
    assert all(piece.endswith(".") for piece in pieces)
