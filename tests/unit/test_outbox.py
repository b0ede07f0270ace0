"""What waits to leave, in the order in which it was written."""

import json

import pytest

from shared.domain.outbox import Outbox, Outgoing

NOW = 1_790_000_000_000


def message(key: str, *, answer: str = "A", author: str = "agent") -> Outgoing:
    return Outgoing(
        id=key,
        number="1001",
        author=author,
        text=key,
        epoch=0,
        answer=answer,
        covers=1,
        created_ms=NOW,
        deadline_ms=NOW + 1,
    )


@pytest.fixture
def box() -> Outbox:
    return Outbox([message("a"), message("b"), message("c", answer="B"), message("d", author="person:bia")])


def claim(box: Outbox) -> None:
    box.claim("claim", now_ms=NOW, until_ms=NOW + 60_000, answered=0)


def names(box: Outbox) -> str:
    return "".join(m.id for m in box.queued)


def test_the_first_is_claimed(box: Outbox) -> None:
    claim(box)
    assert box.inflight is not None
    assert (box.inflight.message.id, names(box)) == ("a", "bcd")


def test_what_comes_back_is_first_again_as_its_next_attempt(box: Outbox) -> None:
    claim(box)
    wake = box.wake
    assert box.put_back(NOW).attempt == 2
    assert names(box) == "abcd"
    assert box.wake == wake + 1
    assert box.inflight is None


def test_an_answer_is_taken_whole(box: Outbox) -> None:
    assert [m.id for m in box.take_answer("A")] == ["a", "b", "d"]
    assert names(box) == "c"


def test_an_authors_messages_are_taken_and_others_stay(box: Outbox) -> None:
    assert [m.id for m in box.take_authored("agent")] == ["a", "b", "c"]
    assert names(box) == "d"


def test_what_is_in_flight_is_not_taken_but_counts_as_leaving(box: Outbox) -> None:
    claim(box)
    assert [m.id for m in box.take_authored("agent")] == ["b", "c"]
    assert {m.id for m in box.leaving()} == {"a", "d"}


def test_somebody_looks_when_the_claim_ends_or_the_unclear_time(box: Outbox) -> None:
    claim(box)
    assert box.inflight is not None
    assert box.inflight.over_ms(5_000) == NOW + 60_000
    box.inflight.unclear_ms = NOW + 1_000
    assert box.inflight.over_ms(5_000) == NOW + 6_000


def test_it_survives_its_document(box: Outbox) -> None:
    assert Outbox.from_data(json.loads(json.dumps(box.to_data()))) == box
    claim(box)
    assert Outbox.from_data(json.loads(json.dumps(box.to_data()))) == box
