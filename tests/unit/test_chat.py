"""The pair rate: a bucket of 45 that earns one every six seconds."""

from random import Random

import pytest

from shared.domain.chat import Chat
from shared.domain.rules import PAIR_BURST, PAIR_INTERVAL_MS

START = 1_790_000_000_000


def take(chat: Chat, now_ms: int) -> bool:
    if chat.next_token_ms(now_ms) > now_ms:
        return False
    chat.tokens -= 1
    return True


def test_a_full_bucket_has_no_spacing() -> None:
    chat = Chat()
    assert all(take(chat, START) for _ in range(PAIR_BURST))
    assert not take(chat, START)
    assert chat.next_token_ms(START) == START + PAIR_INTERVAL_MS


def test_a_token_is_there_exactly_when_it_was_promised() -> None:
    chat = Chat(tokens=0, refilled_ms=START)
    promised = chat.next_token_ms(START + 1)
    assert not take(chat, promised - 1)
    assert take(chat, promised)


def test_asking_often_loses_no_time() -> None:
    chat = Chat(tokens=0, refilled_ms=START)
    for now_ms in range(START, START + 10 * PAIR_INTERVAL_MS, 700):
        chat.next_token_ms(now_ms)
    assert chat.tokens == 9


def test_it_never_holds_more_than_a_burst() -> None:
    chat = Chat(tokens=0, refilled_ms=START)
    chat.next_token_ms(START + 10_000 * PAIR_INTERVAL_MS)
    assert chat.tokens == PAIR_BURST


def test_a_refusal_empties_it() -> None:
    chat = Chat()
    chat.empty_bucket(START)
    assert not take(chat, START + PAIR_INTERVAL_MS - 1)
    assert take(chat, START + PAIR_INTERVAL_MS)


@pytest.mark.parametrize("seed", range(20))
def test_no_stretch_of_time_sees_more_than_metas_rate(seed: int) -> None:
    rng, chat, now_ms = Random(seed), Chat(), START
    taken: list[int] = []
    for _ in range(600):
        now_ms += rng.choice((0, 0, 0, 1, 500, 6_000, 100_000))
        if take(chat, now_ms):
            taken.append(now_ms)
    for first in range(0, len(taken), 7):
        for last in range(first, len(taken), 5):
            earned = (taken[last] - taken[first]) // PAIR_INTERVAL_MS + 1
            assert last - first + 1 <= PAIR_BURST + earned


def test_a_clock_that_goes_back_gives_nothing() -> None:
    chat = Chat(tokens=0, refilled_ms=START)
    assert not take(chat, START - 10 * PAIR_INTERVAL_MS)
