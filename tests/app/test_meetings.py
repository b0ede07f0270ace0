"""Rare meetings: several things that each go well alone, in the one order in which they might not."""

from functools import partial

from shared.ports.graph import Unclear
from tests.app.customers import Customer, echo, receipt, states
from tests.app.test_unclear import other_post_with_receipt, unclear_answer
from tests.support.installation import HOUR, SECOND, Installation


def test_taken_answered_by_echo_and_given_back_during_one_draft(
    installation: Installation, ana: Customer
) -> None:
    def meanwhile() -> None:
        installation.use_cases.set_owner("acme", "BR.1", "person:bia")
        echo(ana, "respondi")
        installation.use_cases.set_owner("acme", "BR.1", "agent")

    ana.writes()
    installation.assistant.meanwhile.append(meanwhile)
    installation.rest()
    assert installation.texts() == []


def test_an_old_message_closes_no_open_window(installation: Installation, ana: Customer) -> None:
    installation.clock.ms += 30 * HOUR
    ana.writes("new")
    ana.writes("old", at_ms=installation.clock.ms - 25 * HOUR)
    installation.rest()
    assert installation.view("BR.1")["owner"] == "agent"
    assert len(installation.texts()) == 1


def test_what_two_redrafts_left_over_is_answered_after_a_takeover_in_flight(
    installation: Installation, ana: Customer
) -> None:
    def write(text: str) -> None:
        ana.writes(text)

    def take_over() -> None:
        installation.use_cases.set_owner("acme", "BR.1", "person:bia")

    ana.writes("a")
    for text in "bcd":
        installation.assistant.meanwhile.append(partial(write, text))
    installation.graph.meanwhile.append(take_over)
    installation.rest()
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    assert any("d" in text for text in installation.texts()[1:])


def test_a_receipt_from_before_a_restart_is_no_evidence(installation: Installation, ana: Customer) -> None:
    installation.graph.outcomes.append(Unclear("cut"))
    ana.writes("a")
    installation.run(13 * SECOND)
    bia = Customer(installation, "5511911112222", "BR.2")
    bia.writes("b")
    installation.run(5 * SECOND)
    receipt(installation, installation.graph.posts[-1], "sent", wamid="wamid.out.9")
    installation.run(5 * SECOND)
    installation.use_cases.recover()
    installation.rest()
    assert installation.texts() == ["a", "b"]
    assert installation.view("BR.1")["owner"] == "queue"


def test_a_late_failure_of_an_attempt_that_was_posted_again_changes_nothing(
    installation: Installation, ana: Customer
) -> None:
    unclear_answer(installation, ana)
    other_post_with_receipt(installation)
    installation.rest()
    receipt(installation, installation.graph.posts[2], "delivered")
    receipt(installation, installation.graph.posts[0], "failed")
    assert installation.view("BR.1")["owner"] == "agent"
    assert states(installation, "BR.1") == [("delivered", "")]


def test_an_answer_leaves_from_the_number_that_was_written_to_last(
    installation: Installation, ana: Customer
) -> None:
    installation.clock.ms += 30 * HOUR
    ana.writes("new", number="1001")
    ana.writes("late", number="1002", at_ms=installation.clock.ms - 10 * SECOND)
    installation.rest()
    assert [post.number for post in installation.graph.posts] == ["1001"]


def test_a_message_whose_window_has_closed_spoils_no_other_number(
    installation: Installation, ana: Customer
) -> None:
    installation.clock.ms += 30 * HOUR
    ana.writes("new", number="1001")
    ana.writes("yesterday", number="1002", at_ms=installation.clock.ms - 25 * HOUR)
    installation.rest()
    assert installation.view("BR.1")["owner"] == "agent"
    assert len(installation.texts()) == 1
