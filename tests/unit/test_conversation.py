"""What a conversation decides by itself: due times, owners, marks, the sweeper's time."""

import json
from collections.abc import Callable
from random import Random

import pytest

from shared.domain.conversation import Conversation, Lease, is_owner, stricter
from shared.domain.outbox import Outgoing
from shared.domain.rules import HOUR, LEASE_MS, RECENT_LINES, RECENT_TEXT, SECOND, SWEEP_GRACE_MS, Rules

NOW = 1_790_000_000_000
RULES = Rules()


@pytest.fixture
def talk() -> Conversation:
    return Conversation("c", "p", created_ms=NOW)


def hear(talk: Conversation, at_ms: int) -> None:
    talk.next_seq()
    talk.open_turn(at_ms=at_ms, received_ms=at_ms, now_ms=at_ms, rules=RULES)


def queue(talk: Conversation, key: str, covers: int, *, author: str = "agent") -> Outgoing:
    message = Outgoing(key, "1001", author, key, talk.epoch, key, covers, NOW, NOW + HOUR)
    talk.outbox.queued.append(message)
    return message


def test_a_burst_moves_its_due_time_and_has_one_task(talk: Conversation) -> None:
    hear(talk, NOW)
    wake = talk.turn.wake
    hear(talk, NOW + SECOND)
    assert talk.turn.due_ms == NOW + 4 * SECOND
    assert talk.turn.wake == wake


def test_the_due_time_stops_at_the_longest_wait(talk: Conversation) -> None:
    for n in range(20):
        hear(talk, NOW + n * 2 * SECOND)
    assert talk.turn.due_ms == NOW + RULES.max_wait_ms


def test_an_event_that_comes_late_does_not_bring_the_due_time_forward(talk: Conversation) -> None:
    hear(talk, NOW)
    hear(talk, NOW - 2 * SECOND)
    assert talk.turn.due_ms == NOW + RULES.quiet_ms


def test_nothing_is_due_while_the_agent_writes_or_a_person_has_it(talk: Conversation) -> None:
    hear(talk, NOW)
    talk.take_lease(NOW)
    hear(talk, NOW + SECOND)
    assert talk.turn.due_ms is None
    assert talk.unanswered()
    talk.give_to("person:bia", now_ms=NOW)
    hear(talk, NOW + 2 * SECOND)
    assert talk.turn.due_ms is None


def test_a_lapsed_lease_does_not_swallow_a_message(talk: Conversation) -> None:
    hear(talk, NOW)
    talk.take_lease(NOW)
    hear(talk, NOW + LEASE_MS)
    assert talk.turn.lease is None
    assert talk.turn.due_ms == NOW + LEASE_MS + RULES.quiet_ms


def test_tokens_only_grow(talk: Conversation) -> None:
    tokens = []
    for _ in range(3):
        tokens.append(talk.take_lease(NOW).token)
        talk.rest()
    assert tokens == [1, 2, 3]


def test_a_takeover_opens_again_what_was_not_claimed(talk: Conversation) -> None:
    hear(talk, NOW)
    talk.covered = 1
    queue(talk, "a", 1)
    assert [m.id for m in talk.give_to("person:bia", now_ms=NOW)] == ["a"]
    assert (talk.covered, talk.epoch, talk.unanswered()) == (0, 1, True)
    talk.give_to("agent", now_ms=NOW + SECOND)
    assert (talk.turn.due_ms, talk.epoch) == (NOW + SECOND, 2)


def test_a_takeover_leaves_what_was_claimed_answered(talk: Conversation) -> None:
    hear(talk, NOW)
    talk.covered = talk.answered = 1
    talk.give_to("person:bia", now_ms=NOW)
    talk.give_to("agent", now_ms=NOW)
    assert talk.turn.due_ms is None


def test_what_a_person_has_queued_survives_a_takeover(talk: Conversation) -> None:
    queue(talk, "p", 0, author="person:bia")
    assert talk.give_to("person:bia", now_ms=NOW) == []
    assert [m.id for m in talk.outbox.queued] == ["p"]


def test_a_handover_lets_what_is_committed_leave_and_nothing_older(talk: Conversation) -> None:
    old = queue(talk, "old", 0)
    talk.give_to("person:bia", now_ms=NOW)
    talk.give_to("agent", now_ms=NOW)
    talk.outbox.queued.append(old)
    fresh = queue(talk, "fresh", 0)
    talk.hand_over("asked")
    assert fresh.epoch == talk.epoch
    assert old.epoch != talk.epoch
    assert (talk.owner, talk.reason) == ("queue", "asked")


def test_a_claim_that_sent_nothing_takes_its_mark_back(talk: Conversation) -> None:
    hear(talk, NOW)
    talk.covered = 1
    queue(talk, "a", 1)
    inflight = talk.outbox.claim("x", now_ms=NOW, until_ms=NOW, answered=talk.answered)
    talk.answered = 1
    talk.nothing_was_sent(inflight)
    assert talk.answered == 0


def test_it_does_not_take_back_what_a_person_answered(talk: Conversation) -> None:
    hear(talk, NOW)
    queue(talk, "a", 1)
    inflight = talk.outbox.claim("x", now_ms=NOW, until_ms=NOW, answered=0)
    talk.answered = 1
    talk.next_seq()
    talk.answered_by_person(2)
    talk.nothing_was_sent(inflight)
    assert talk.answered == 2


@pytest.mark.parametrize("name", ["agent", "queue", "paused", "person:bia", "person: ", "person:ação"])
def test_owners(name: str) -> None:
    assert is_owner(name)


@pytest.mark.parametrize("name", ["", "person", "person:", "AGENT", "agent ", "robot"])
def test_no_owners(name: str) -> None:
    assert not is_owner(name)


def test_the_stricter_owner_leaves_the_agent_less_room() -> None:
    order = ["agent", "queue", "paused", "person:bia"]
    for place, one in enumerate(order):
        for other in order[place:]:
            assert stricter(one, other) == stricter(other, one) == other


def test_turns_of_the_last_hour(talk: Conversation) -> None:
    talk.turn.begun_ms = [NOW - HOUR - 1, NOW - HOUR, NOW - HOUR + 1, NOW]
    assert talk.turns_in_last_hour(NOW) == 2


def test_recent_lines_are_few_and_short(talk: Conversation) -> None:
    for n in range(50):
        talk.remember({"id": str(n), "text": "x" * 5_000, "at_ms": n})
    assert len(talk.recent) == RECENT_LINES
    assert talk.recent[-1]["id"] == "49"
    assert all(len(line["text"]) == RECENT_TEXT for line in talk.recent)


def test_the_sweeper_looks_a_while_after_whatever_is_first(talk: Conversation) -> None:
    assert talk.check_after_ms(RULES) is None
    hear(talk, NOW)
    assert talk.check_after_ms(RULES) == NOW + RULES.quiet_ms + SWEEP_GRACE_MS
    queue(talk, "a", 1)
    assert talk.check_after_ms(RULES) == SWEEP_GRACE_MS
    talk.outbox.wake_again(NOW)
    assert talk.check_after_ms(RULES) == NOW + SWEEP_GRACE_MS


def test_a_merged_one_is_left_alone_unless_something_holds_it(talk: Conversation) -> None:
    hear(talk, NOW)
    talk.merged_into = "other"
    assert talk.check_after_ms(RULES) is None
    talk.turn.lease = Lease(1, NOW, 0)
    assert talk.check_after_ms(RULES) is not None


@pytest.mark.parametrize("seed", range(30))
def test_it_survives_its_document_whatever_happened_to_it(seed: int) -> None:
    rng, talk = Random(seed), Conversation("c", "p", created_ms=NOW)
    steps: list[Callable[[], object]] = [
        lambda: hear(talk, NOW + rng.randrange(9_999)),
        lambda: talk.take_lease(NOW),
        lambda: queue(talk, str(rng.random()), talk.opening),
        lambda: (
            talk.outbox.queued
            and talk.outbox.claim("x", now_ms=NOW, until_ms=NOW + 1, answered=talk.answered)
        ),
        lambda: talk.give_to(rng.choice(("agent", "queue", "person:bia")), now_ms=NOW),
        lambda: talk.hand_over("why"),
        lambda: talk.chat(rng.choice(("1001", "1002"))).next_token_ms(NOW),
        lambda: talk.remember({"id": "a", "text": "b", "at_ms": 1}),
    ]
    for _ in range(30):
        rng.choice(steps)()
        data = json.loads(json.dumps(talk.to_data(RULES)))
        assert Conversation.from_data(data) == talk
        assert talk.busy() is False or data["check_after_ms"]
