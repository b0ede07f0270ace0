"""Bursts and the turns that answer them: promises 3 and 4."""

from itertools import permutations

import pytest

from shared.app.turn import FALLBACK
from shared.domain.errors import AssistantUnavailable
from shared.domain.rules import LEASE_MS, Rules
from shared.ports.assistant import Decision, NextStep
from tests.app.customers import Customer, outgoing, seconds, states
from tests.support.installation import HOUR, MINUTE, SECOND, START_MS, Installation


@pytest.mark.parametrize("order", list(permutations((0, 1, 2))))
@pytest.mark.parametrize("times", [1, 2])
def test_a_burst_in_any_order_gets_one_answer_that_covers_it(order: tuple[int, ...], times: int) -> None:
    installation = Installation()
    ana = Customer(installation)
    installation.clock.ms += 10 * SECOND
    for place in order:
        ana.writes(f"m{place}", wamid=f"w{place}", at_ms=START_MS + place * SECOND, times=times)
    installation.rest()
    assert installation.texts() == ["m0 + m1 + m2"]
    assert [m["text"] for m in installation.view("BR.1")["messages"]] == ["m0", "m1", "m2", "m0 + m1 + m2"]


def test_an_answer_comes_after_the_quiet_period(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.run(1 * SECOND)
    ana.writes("é pra hoje")
    installation.rest()
    assert [seconds(post.at_ms) for post in installation.graph.posts] == [4.0]


def test_a_task_that_wakes_early_changes_nothing_but_the_next_wake(
    installation: Installation, ana: Customer
) -> None:
    ana.writes()
    payload = installation.tasks.asked[0].payload
    installation.use_cases.take_turn(payload)
    installation.use_cases.take_turn(payload)
    assert installation.graph.read == []
    installation.rest()
    assert installation.texts() == ["oi"]


def test_who_never_stops_writing_is_answered_after_the_longest_wait(
    installation: Installation, ana: Customer
) -> None:
    for _ in range(10):
        ana.writes(".")
        installation.run(2 * SECOND)
    installation.rest()
    assert seconds(installation.graph.posts[0].at_ms) == 15.0
    assert len(installation.assistant.briefings[0].unanswered) == 8


def test_a_message_during_the_draft_goes_into_the_answer(installation: Installation, ana: Customer) -> None:
    ana.writes("a")
    installation.assistant.meanwhile.append(lambda: void(ana.writes("b")))
    installation.rest()
    assert installation.texts() == ["a + b"]


def test_a_draft_is_redone_twice_and_the_rest_is_the_next_turn(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("a")
    installation.assistant.meanwhile.extend(
        [lambda text=text: void(ana.writes(text)) for text in "bcd"]  # type: ignore[misc]
    )
    installation.rest()
    assert installation.texts() == ["a + b + c", "d"]
    last = installation.assistant.briefings[-1]
    assert "a + b + c" in [line.text for line in last.history if line.author == "agent"]


def test_a_reaction_during_the_draft_costs_no_redraft(installation: Installation, ana: Customer) -> None:
    ana.writes("a")
    installation.assistant.meanwhile.append(lambda: void(ana.sends("reaction", {"emoji": "👍"})))
    installation.rest()
    assert len(installation.assistant.briefings) == 1


def test_a_holder_whose_lease_has_lapsed_is_refused(installation: Installation, ana: Customer) -> None:
    def too_long() -> None:
        installation.clock.ms += LEASE_MS
        installation.use_cases.sweep()

    ana.writes("a")
    installation.assistant.meanwhile.append(too_long)
    installation.run(3 * SECOND)
    assert outgoing(installation, "BR.1") == []
    installation.run(2 * MINUTE)
    installation.use_cases.sweep()
    installation.rest()
    assert installation.texts() == ["a"]


def test_a_lapsed_holder_does_not_commit_beside_its_successor(
    installation: Installation, ana: Customer
) -> None:
    def taken_meanwhile() -> None:
        installation.clock.ms += LEASE_MS + 2 * MINUTE
        installation.use_cases.sweep()
        installation.run()

    ana.writes("a")
    installation.assistant.meanwhile.append(taken_meanwhile)
    installation.rest()
    assert installation.texts() == ["a"]
    assert [m["text"] for m in outgoing(installation, "BR.1")] == ["a"]


def test_a_lapsed_holder_does_not_commit_under_its_successors_lease(
    installation: Installation, ana: Customer
) -> None:
    """The successor is still writing: there is a live lease, but it has another token."""

    def successor_begins() -> None:
        installation.clock.ms += LEASE_MS + 2 * MINUTE
        installation.use_cases.sweep()
        installation.fate.strike(lambda moment: moment.label == "assistant.decide", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            installation.run()

    ana.writes("a")
    installation.assistant.meanwhile.append(successor_begins)
    installation.run(3 * SECOND)
    lease = installation.documents("conversations")[0].data["turn"]["lease"]
    assert lease["until_ms"] > installation.clock.ms
    assert outgoing(installation, "BR.1") == []


def test_two_tasks_of_one_turn_write_one_answer(installation: Installation, ana: Customer) -> None:
    ana.writes("a")
    installation.run(3 * SECOND - 1)
    installation.clock.ms += 1
    payload = installation.tasks.asked[0].payload
    installation.assistant.meanwhile.append(lambda: installation.use_cases.take_turn(payload))
    installation.rest()
    assert len(installation.assistant.briefings) == 1
    assert installation.texts() == ["a"]


def test_a_turn_shows_that_the_newest_message_is_read(installation: Installation, ana: Customer) -> None:
    ana.writes("a")
    newest = ana.writes("b")
    installation.rest()
    assert installation.graph.read == [("1001", newest)]


def test_the_newest_message_is_read_even_if_an_older_one_came_after_it(
    installation: Installation, ana: Customer
) -> None:
    newest = ana.writes("b")
    ana.writes("a", at_ms=START_MS - 5 * SECOND)
    installation.rest()
    assert installation.graph.read == [("1001", newest)]


def test_an_assistant_that_fails_falls_back_and_calls_people(
    installation: Installation, ana: Customer
) -> None:
    installation.assistant.script.append(AssistantUnavailable)
    ana.writes()
    installation.rest()
    assert installation.texts() == list(FALLBACK.messages)
    found = installation.view("BR.1")
    assert (found["owner"], found["reason"]) == ("queue", "assistant failed")


def test_the_goodbye_of_a_handover_leaves(installation: Installation, ana: Customer) -> None:
    goodbye = Decision(("um", "dois"), NextStep.HANDOVER, reason="asked for a person")
    installation.assistant.script.append(goodbye)
    ana.writes("quero falar com uma pessoa")
    installation.rest()
    assert installation.texts() == ["um", "dois"]
    assert installation.view("BR.1")["owner"] == "queue"
    ana.writes("alô?")
    installation.rest()
    assert len(installation.texts()) == 2


def test_an_earlier_answer_that_waits_is_not_lost_by_a_handover(
    installation: Installation, ana: Customer
) -> None:
    installation.assistant.script.append(Decision(("um", "dois", "três")))
    installation.assistant.script.append(Decision(("tchau",), NextStep.HANDOVER))
    installation.graph.meanwhile.append(lambda: void(ana.writes("mais")))
    ana.writes()
    installation.use_cases.resume_number("acme", "1001")
    installation.rest()
    assert installation.texts() == ["um", "dois", "três", "tchau"]


def test_an_empty_decision_says_nothing_and_counts_as_answered(
    installation: Installation, ana: Customer
) -> None:
    installation.assistant.script.append(Decision(()))
    ana.writes()
    installation.rest()
    assert installation.graph.posts == []
    installation.use_cases.set_owner("acme", "BR.1", "person:bia")
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    assert installation.graph.posts == []


def test_a_long_reply_is_split_and_leaves_in_order(installation: Installation, ana: Customer) -> None:
    reply = " ".join(f"Frase número {n} sobre a entrega." for n in range(500))
    installation.assistant.script.append(Decision((reply,)))
    ana.writes()
    installation.rest()
    assert len(installation.texts()) == len(reply) // 4096 + 1
    assert " ".join(installation.texts()) == reply
    assert all(len(text) <= 4096 for text in installation.texts())


def test_more_turns_than_an_hour_may_have_go_to_people() -> None:
    installation = Installation(Rules(turns_per_hour=3))
    ana = Customer(installation)
    for _ in range(5):
        ana.writes()
        installation.run(5 * SECOND)
    assert len(installation.graph.posts) == 3
    found = installation.view("BR.1")
    assert (found["owner"], found["reason"]) == ("queue", "too many turns")


def test_turns_of_more_than_an_hour_ago_do_not_count() -> None:
    installation = Installation(Rules(turns_per_hour=3))
    ana = Customer(installation)
    for _ in range(9):
        ana.writes()
        installation.run(HOUR // 3 + SECOND)
    assert len(installation.graph.posts) == 9


def test_a_message_whose_window_had_closed_goes_to_people(installation: Installation, ana: Customer) -> None:
    ana.writes("ontem", at_ms=START_MS - 24 * HOUR)
    installation.rest()
    assert installation.graph.posts == []
    found = installation.view("BR.1")
    assert (found["owner"], found["reason"]) == ("queue", "window closed")


def test_a_window_that_closes_before_the_turn_goes_to_people(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("quase", at_ms=START_MS - 24 * HOUR + MINUTE + SECOND)
    installation.rest()
    assert installation.assistant.briefings == []
    assert installation.view("BR.1")["reason"] == "window closed"


def test_a_window_that_closes_before_the_post_goes_to_people(
    installation: Installation, ana: Customer
) -> None:
    def slowly() -> None:
        installation.clock.ms += 30 * SECOND

    ana.writes("quase", at_ms=START_MS - 24 * HOUR + MINUTE + 20 * SECOND)
    installation.assistant.meanwhile.append(slowly)
    installation.rest()
    assert installation.graph.posts == []
    assert states(installation, "BR.1") == [("cancelled", "window closed")]
    assert installation.view("BR.1")["owner"] == "queue"


def test_a_future_timestamp_does_not_open_a_longer_window(installation: Installation, ana: Customer) -> None:
    ana.writes("amanhã", at_ms=START_MS + 24 * HOUR)
    installation.use_cases.set_owner("acme", "BR.1", "person:bia")
    installation.run(24 * HOUR)
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    assert installation.graph.posts == []
    assert installation.view("BR.1")["reason"] == "window closed"


@pytest.mark.parametrize("kind", ["reaction", "edit", "revoke", "system", "request_welcome"])
def test_what_asks_for_no_answer_opens_no_turn(installation: Installation, ana: Customer, kind: str) -> None:
    ana.sends(kind, {"emoji": "👍", "message": {"type": "text", "text": {"body": "x"}}})
    installation.rest()
    assert installation.graph.posts == []
    assert len(installation.view("BR.1")["messages"]) == 1


@pytest.mark.parametrize("kind", ["image", "audio", "location", "unsupported", "sparkle", "button"])
def test_everything_else_opens_one(installation: Installation, ana: Customer, kind: str) -> None:
    ana.sends(kind, {"id": "1", "latitude": 1.0, "longitude": 2.0, "text": "sim"})
    installation.rest()
    assert len(installation.graph.posts) == 1


def test_an_unknown_kind_stands_in_the_timeline_and_is_kept(
    installation: Installation, ana: Customer
) -> None:
    ana.sends("sparkle", {"any": "thing"}, times=2)
    found = installation.view("BR.1")
    assert [m["kind"] for m in found["messages"]] == ["sparkle"]
    assert [(k["kind"], k["raw"]["sparkle"]) for k in found["kept"]] == [("sparkle", {"any": "thing"})]


def void(_: object) -> None:
    """Forget a result."""
