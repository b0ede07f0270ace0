"""A state only moves forward, and what we give Meta comes back as it was."""

from itertools import permutations
from typing import Any

import pytest

from shared.domain.delivery import RANKS, RECEIPTS, callback_data, parse_callback, receipt_rank, state_of


def test_the_ranks_are_in_the_order_of_the_design() -> None:
    names = ["queued", "sending", "unclear", "accepted", "sent", "failed", "delivered", "read", "played"]
    assert sorted(RANKS, key=RANKS.__getitem__) == names


@pytest.mark.parametrize("message", ["id000000000000000001", "a" * 32])
@pytest.mark.parametrize("attempt", [1, 2, 999_999])
def test_callback_data_comes_back(message: str, attempt: int) -> None:
    data = callback_data(message, attempt)
    assert parse_callback(data) == (message, attempt)
    assert len(data) <= 512


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        [],
        {},
        "",
        "atende",
        "atende:x",
        "atende::1",
        "atende:x:",
        "atende:x:y",
        "atende:x:-1",
        "atende:x:1:2",
        "atende:a/b:1",
        "atende:..:1",
        "other:x:1",
        "atende:x:" + "1" * 7,
        "atende:x:²",
        "atende:x:٣",
    ],
)
def test_what_is_not_ours_is_none(data: object) -> None:
    assert parse_callback(data) is None


@pytest.mark.parametrize("order", list(permutations(("sent", "delivered", "read"))))
def test_receipts_combine_to_the_highest(order: tuple[str, ...]) -> None:
    data: dict[str, Any] = {"state": "accepted", "receipts": {}}
    seen = [RANKS[state_of(data)]]
    for name in order:
        data["receipts"]["a1"] = max(data["receipts"].get("a1", -1), RANKS[name])
        seen.append(RANKS[state_of(data)])
    assert seen == sorted(seen)
    assert state_of(data) == "read"


@pytest.mark.parametrize("stored", ["queued", "sending", "unclear", "accepted"])
@pytest.mark.parametrize("receipt", RECEIPTS)
def test_a_receipt_outranks_what_the_sender_stored(stored: str, receipt: str) -> None:
    assert state_of({"state": stored, "receipts": {"a1": RANKS[receipt]}}) == receipt


def test_a_cancelled_message_that_left_after_all_says_so() -> None:
    assert state_of({"state": "cancelled", "receipts": {}}) == "cancelled"
    assert state_of({"state": "cancelled", "receipts": {"a1": RANKS["delivered"]}}) == "delivered"


def test_an_attempts_rank_is_its_own() -> None:
    data = {"receipts": {"a1": RANKS["failed"], "a2": RANKS["read"]}}
    assert receipt_rank(data, 1) == RANKS["failed"]
    assert receipt_rank(data, 2) == receipt_rank(data) == RANKS["read"]
    assert receipt_rank(data, 3) == receipt_rank({}) == -1


def test_an_attempt_that_arrived_outranks_one_that_failed() -> None:
    assert state_of({"state": "accepted", "receipts": {"a1": 5, "a2": 6}}) == "delivered"
