"""Two conversations of one human become one; what was unanswered is answered, once."""

from collections.abc import Callable

import pytest

from shared.domain.errors import Conflict
from shared.ports.assistant import Action, Decision
from shared.ports.graph import Refused, Unclear
from tests.app.customers import Customer, outgoing, receipt, states
from tests.app.test_identity import addresses, conversation_of, humans
from tests.support.installation import MINUTE, SECOND, Installation

RETRY = Refused(131016, 500, "again")


@pytest.fixture
def by_phone(installation: Installation) -> Customer:
    """One human, known by phone alone, as before user ids."""
    return Customer(installation, "5511987654321", None)


@pytest.fixture
def by_id(installation: Installation) -> Customer:
    """The same human, who hid the phone."""
    return Customer(installation, None, "BR.1")


def shows_both(customer: Customer) -> None:
    """Write with phone and user id, which tells that both are one."""
    customer.phone, customer.bsuid = "5511987654321", "BR.1"
    customer.writes("sou eu")


def test_an_unanswered_message_on_each_side_gets_one_answer(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    by_phone.writes("a")
    installation.run(SECOND)
    by_id.writes("b")
    installation.run(SECOND)
    shows_both(by_id)
    installation.rest()
    assert humans(installation) == 1
    assert installation.texts() == ["a + b + sou eu"]


@pytest.mark.parametrize("first", [0, 1])
def test_the_older_conversation_stays(
    installation: Installation, by_phone: Customer, by_id: Customer, first: int
) -> None:
    both = [by_phone, by_id]
    both[first].writes("a")
    older = installation.view(both[first].identifier)["conversation"]
    installation.run(SECOND)
    both[1 - first].writes("b")
    shows_both(by_id)
    assert conversation_of(installation, "5511987654321") == older
    assert conversation_of(installation, "BR.1") == older


@pytest.mark.parametrize(
    ("one", "other", "stays"),
    [
        ("agent", "queue", "queue"),
        ("queue", "paused", "paused"),
        ("person:bia", "paused", "person:bia"),
        ("agent", "person:bia", "person:bia"),
        ("person:bia", "person:cris", "person:bia"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_the_stricter_owner_stays_and_nothing_is_written(
    installation: Installation,
    by_phone: Customer,
    by_id: Customer,
    one: str,
    other: str,
    stays: str,
    swapped: bool,
) -> None:
    owners = (other, one) if swapped else (one, other)
    by_phone.writes("a")
    installation.use_cases.set_owner("acme", "5511987654321", owners[0])
    installation.run(SECOND)
    by_id.writes("b")
    installation.use_cases.set_owner("acme", "BR.1", owners[1])
    shows_both(by_id)
    installation.rest()
    assert installation.texts() == []
    found = installation.view("BR.1")["owner"]
    assert found == stays or {one, other} == {"person:bia", "person:cris"}
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    assert installation.texts() == ["a + b + sou eu"]


def test_the_losers_queued_answer_is_cancelled_and_given_anew(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    by_phone.writes("a")
    installation.rest()
    installation.run(SECOND)
    installation.graph.outcomes.append(RETRY)
    by_id.writes("b")
    installation.run(3 * SECOND)
    shows_both(by_id)
    installation.rest()
    assert installation.texts() == ["a", "b", "b + sou eu"]
    assert ("cancelled", "merged") in states(installation, "BR.1")


def test_the_winners_queued_answer_still_leaves(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    installation.graph.outcomes.append(RETRY)
    by_phone.writes("a")
    installation.run(3 * SECOND)
    by_id.writes("b")
    shows_both(by_id)
    installation.rest()
    assert installation.texts() == ["a", "a", "b + sou eu"]


@pytest.mark.parametrize("who", ["winner", "loser"])
def test_a_merge_while_a_draft_is_written_drops_it(
    installation: Installation, by_phone: Customer, by_id: Customer, who: str
) -> None:
    older, younger = by_phone, by_id
    older.writes("a")
    if who == "loser":
        installation.rest()
    installation.run(SECOND)
    younger.writes("b")
    installation.assistant.meanwhile.append(lambda: shows_both(younger))
    installation.rest()
    answered = [part for text in installation.texts() for part in text.split(" + ")]
    assert sorted(answered) == ["a", "b", "sou eu"]
    assert humans(installation) == 1


def test_a_merge_waits_for_what_is_in_flight(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    def meanwhile() -> None:
        with pytest.raises(Conflict):
            shows_both(by_id)

    by_phone.writes("a")
    by_id.writes("b")
    installation.graph.meanwhile.append(meanwhile)
    installation.rest()
    shows_both(by_id)
    installation.rest()
    assert sorted(installation.texts()) == ["a", "b", "sou eu"]


def test_a_merge_waits_for_what_is_unclear_and_nothing_is_lost(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    installation.graph.outcomes.append(Unclear("cut"))
    by_phone.writes("a")
    installation.run(3 * SECOND)
    by_id.phone = "5511987654321"
    by_id.publishes("b")
    installation.rest()
    shown = installation.view("BR.1")
    assert [m["text"] for m in shown["messages"] if m["direction"] == "in"] == ["a", "b"]
    assert shown["owner"] == "queue"


def test_history_on_both_sides_is_shown_in_order(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    for text in ("a", "b"):
        by_phone.writes(text)
        installation.rest()
        installation.run(SECOND)
        by_id.writes(text.upper())
        installation.rest()
        installation.run(SECOND)
    shows_both(by_id)
    installation.rest()
    texts = [m["text"] for m in installation.view("BR.1")["messages"]]
    assert texts == ["a", "a", "A", "A", "b", "b", "B", "B", "sou eu", "sou eu"]


def test_a_receipt_finds_its_message_after_a_merge(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    by_phone.writes("a")
    installation.rest()
    installation.run(SECOND)
    by_id.writes("b")
    installation.rest()
    shows_both(by_id)
    installation.rest()
    receipt(installation, installation.graph.posts[1], "failed")
    shown = outgoing(installation, "BR.1")
    assert [m["state"] for m in shown] == ["accepted", "failed", "accepted"]
    assert installation.view("BR.1")["owner"] == "queue"


def test_a_merge_of_three_is_found_by_every_name(installation: Installation, by_phone: Customer) -> None:
    by_phone.writes("a")
    installation.run(SECOND)
    by_id = Customer(installation, None, "BR.1")
    by_id.writes("b")
    installation.run(SECOND)
    parent = Customer(installation, None, None, parent="BR.P")
    parent.writes("c")
    Customer(installation, "5511987654321", "BR.1", parent="BR.P").writes("d")
    installation.rest()
    assert humans(installation) == 1
    assert installation.texts() == ["a + b + c + d"]
    found = {conversation_of(installation, name) for name in ("BR.1", "BR.P", "5511987654321")}
    assert len(found) == 1


def test_persons_with_different_user_ids_are_never_merged(installation: Installation) -> None:
    for order in ("BR.1", "BR.2", "BR.1", "BR.3"):
        Customer(installation, "5511987654321", order, parent="BR.P").writes(order)
        installation.run(MINUTE)
    installation.rest()
    assert humans(installation) == 3
    for bsuid in ("BR.1", "BR.2", "BR.3"):
        shown = [m["text"] for m in installation.view(bsuid)["messages"] if m["direction"] == "in"]
        assert set(shown) == {bsuid}


def test_an_action_under_way_is_told_to_the_conversation_that_stays(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    by_phone.writes("a")
    installation.rest()
    installation.run(SECOND)
    installation.assistant.script.append(Decision(("já pedi",), actions=(Action("order"),)))
    held: list[Callable[[], None]] = [lambda: shows_both(by_id)]
    by_id.writes("b")
    installation.run(2 * SECOND)
    installation.fate.strike(lambda moment: act(held, moment.label))
    installation.rest()
    assert humans(installation) == 1
    told = " + ".join(installation.texts())
    assert told.count("order: done: ok") == 1
    assert "sou eu" in told


def act(steps: list[Callable[[], None]], label: str) -> bool:
    """Do the step once, when an action is about to be performed."""
    if label == "actions.perform" and steps:
        steps.pop()()
    return False


def test_the_pair_rate_and_the_window_are_those_of_both(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    installation.assistant.script.append(Decision(tuple("abcdefghij")))
    by_phone.writes("a")
    installation.rest()
    installation.assistant.script.append(Decision(tuple("abcdefghij")))
    by_id.writes("b")
    installation.rest()
    shows_both(by_id)
    live = [d.data for d in installation.documents("conversations") if d.data["merged_into"] is None]
    assert live[0]["chats"]["1001"]["tokens"] <= 35


def test_an_answer_after_a_merge_goes_to_the_newest_phone(
    installation: Installation, by_phone: Customer, by_id: Customer
) -> None:
    by_phone.writes("a")
    by_id.writes("b")
    shows_both(by_id)
    installation.rest()
    assert addresses(installation) == ["5511987654321"]
