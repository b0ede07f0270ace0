"""Identity is ours, and never joins two humans: promise 11."""

from itertools import product

import pytest

from shared.ports.graph import Refused
from tests.app.customers import Customer, deliver
from tests.support.installation import HOUR, SECOND, Installation

MOBILE = ("5511987654321", "551187654321")


def conversation_of(installation: Installation, identifier: str) -> str:
    return str(installation.view(identifier)["conversation"])


def humans(installation: Installation) -> int:
    """Count the live conversations."""
    documents = installation.documents("conversations")
    return len([d for d in documents if d.data["merged_into"] is None])


def addresses(installation: Installation) -> list[object]:
    return [p.body.get("to") or {"recipient": p.body["recipient"]} for p in installation.graph.posts]


# Spellings


@pytest.mark.parametrize(("first", "second"), list(product(MOBILE, MOBILE)))
def test_both_spellings_of_a_mobile_are_one_person(first: str, second: str) -> None:
    installation = Installation()
    Customer(installation, first, None).writes("a")
    Customer(installation, second, None).writes("b")
    installation.rest()
    assert humans(installation) == 1
    assert installation.texts() == ["a + b"]
    assert addresses(installation) == [second]


@pytest.mark.parametrize(("first", "second"), list(product(MOBILE, MOBILE)))
def test_the_spelling_does_not_matter_to_who_looks_a_person_up(first: str, second: str) -> None:
    installation = Installation()
    Customer(installation, first, None).writes("a")
    plus = f"+{second[:2]} ({second[2:4]}) {second[4:-4]}-{second[-4:]}"
    assert conversation_of(installation, second) == conversation_of(installation, plus)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("551132654321", "5511932654321"),
        ("5511912345678", "551112345678"),
        ("551187654321", "552187654321"),
        ("5511987654321", "55119987654321"),
        ("351187654321", "3511987654321"),
        ("15511987654321", "1551187654321"),
        ("5511987654321", "5511987654322"),
    ],
)
def test_numbers_that_only_look_alike_are_two_persons(one: str, other: str) -> None:
    installation = Installation()
    Customer(installation, one, None).writes("a")
    Customer(installation, other, None).writes("b")
    installation.rest()
    assert humans(installation) == 2
    assert sorted(str(to) for to in addresses(installation)) == sorted([one, other])


def test_an_answer_goes_to_the_spelling_of_the_newest_message(installation: Installation) -> None:
    installation.clock.ms += HOUR
    ana = Customer(installation, MOBILE[0])
    ana.writes("nova")
    ana.phone = MOBILE[1]
    ana.writes("velha, atrasada", at_ms=installation.clock.ms - 10 * SECOND)
    installation.rest()
    assert addresses(installation) == [MOBILE[0]]


# Aliases


def test_a_person_by_user_id_alone_and_later_with_a_phone(installation: Installation) -> None:
    ana = Customer(installation, None, "BR.1")
    ana.writes("a")
    installation.rest()
    ana.phone = "5511987654321"
    installation.run(SECOND)
    ana.writes("b")
    installation.rest()
    assert humans(installation) == 1
    assert addresses(installation) == [{"recipient": "BR.1"}, "5511987654321"]


def test_a_person_who_hides_the_phone_again_keeps_it_as_address(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("a")
    installation.rest()
    ana.phone = None
    installation.run(SECOND)
    ana.writes("b")
    installation.rest()
    assert humans(installation) == 1
    assert addresses(installation) == ["5511987654321", "5511987654321"]


def test_a_phone_of_before_user_ids_gets_one(installation: Installation) -> None:
    ana = Customer(installation, "5511987654321", None)
    ana.writes("a")
    ana.bsuid = "BR.1"
    ana.writes("b")
    ana.phone = None
    ana.writes("c")
    installation.rest()
    assert humans(installation) == 1
    assert installation.texts() == ["a + b + c"]


def test_a_parent_id_finds_its_person(installation: Installation) -> None:
    ana = Customer(installation, None, "BR.1", parent="BR.P1")
    ana.writes("a")
    Customer(installation, None, None, parent="BR.P1").writes("b")
    installation.rest()
    assert humans(installation) == 1
    assert conversation_of(installation, "BR.P1") == conversation_of(installation, "BR.1")


def test_a_parent_id_does_not_join_different_user_ids(installation: Installation) -> None:
    Customer(installation, None, "BR.1", parent="BR.P1").writes("a")
    Customer(installation, None, "BR.2", parent="BR.P1").writes("b")
    installation.rest()
    assert humans(installation) == 2


@pytest.mark.parametrize("number", ["1001", "1002"])
def test_a_person_is_one_over_all_numbers_of_a_business(installation: Installation, number: str) -> None:
    Customer(installation).writes("a", number="1001")
    Customer(installation).writes("b", number=number)
    installation.rest()
    assert humans(installation) == 1


def test_two_businesses_do_not_meet(installation: Installation, ana: Customer) -> None:
    ana.writes("a", number="1001")
    ana.writes("b", number="2001")
    installation.rest()
    assert sorted(installation.texts()) == ["a", "b"]
    assert len(installation.documents("conversations", "other")) == 1
    assert len(installation.view("BR.1", "other")["messages"]) == 2


# Recycled phones


def test_a_recycled_phone_moves_to_its_new_person(installation: Installation, ana: Customer) -> None:
    ana.writes("sou a Ana")
    installation.rest()
    installation.run(SECOND)
    bia = Customer(installation, ana.phone, "BR.2", name="Bia")
    bia.writes("sou a Bia")
    installation.rest()
    assert humans(installation) == 2
    assert conversation_of(installation, "5511987654321") == conversation_of(installation, "BR.2")
    ana.phone = None
    ana.writes("e eu?")
    installation.rest()
    assert addresses(installation) == ["5511987654321", "5511987654321", {"recipient": "BR.1"}]


def test_an_answer_that_waits_does_not_go_to_the_phones_new_person(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.append(Refused(131016, 500, "again"))
    ana.writes("segredo")
    installation.run(3 * SECOND)
    Customer(installation, ana.phone, "BR.2").writes("oi")
    installation.rest()
    assert addresses(installation)[0] == ana.phone
    assert {"recipient": "BR.1"} in addresses(installation)
    assert [p.text for p in installation.graph.posts if p.body.get("to")] == ["segredo", "oi"]


def test_a_late_message_of_the_old_person_does_not_take_the_phone_back(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("primeira")
    installation.rest()
    installation.run(HOUR)
    Customer(installation, ana.phone, "BR.2").writes("sou outra")
    installation.rest()
    ana.writes("atrasada", at_ms=installation.clock.ms - HOUR // 2)
    installation.rest()
    assert humans(installation) == 2
    assert conversation_of(installation, "5511987654321") == conversation_of(installation, "BR.2")
    assert addresses(installation)[2] == {"recipient": "BR.1"}


def test_a_late_first_message_of_an_old_person_does_not_take_it_either(
    installation: Installation, ana: Customer
) -> None:
    installation.clock.ms += HOUR
    bia = Customer(installation, ana.phone, "BR.2")
    bia.writes("sou outra")
    ana.writes("atrasada", at_ms=installation.clock.ms - HOUR // 2)
    installation.rest()
    assert humans(installation) == 2
    assert conversation_of(installation, "5511987654321") == conversation_of(installation, "BR.2")


def test_nothing_says_that_who_had_no_user_id_was_somebody_else(installation: Installation) -> None:
    legacy = Customer(installation, "5511987654321", None)
    legacy.writes("a")
    Customer(installation, "5511987654321", "BR.2").writes("b")
    installation.rest()
    assert humans(installation) == 1


# Changes that Meta tells of


def change_and_write(installation: Installation, ana: Customer, *, order: str) -> None:
    """Ana moves to a new phone and user id and writes; the change is told before or after that."""
    ana.writes("antes")
    installation.rest()
    installation.run(10 * SECOND)
    changed_ms = installation.clock.ms
    update = ana.changes(phone="5511900001111", bsuid="BR.1b", at_ms=changed_ms, deliver_now=False)
    installation.run(5 * SECOND)
    if order == "before":
        deliver(installation, {"messages": [update]})
    ana.writes("depois")
    if order in ("after", "doubled"):
        deliver(installation, {"messages": [update]})
    if order == "doubled":
        deliver(installation, {"messages": [update]})
    if order == "late":
        installation.rest()
        deliver(installation, {"messages": [update]})
    installation.rest()


@pytest.mark.parametrize("order", ["before", "after", "doubled", "late"])
def test_a_changed_number_and_user_id_stay_one_person(
    installation: Installation, ana: Customer, order: str
) -> None:
    change_and_write(installation, ana, order=order)
    assert humans(installation) == 1
    assert conversation_of(installation, "BR.1") == conversation_of(installation, "BR.1b")
    assert [p.text for p in installation.graph.posts] == ["antes", "depois"]
    assert addresses(installation) == ["5511987654321", "5511900001111"]
    texts = [m["text"] for m in installation.view("BR.1b")["messages"] if m["kind"] == "text"]
    assert texts == ["antes", "antes", "depois", "depois"]


@pytest.mark.parametrize("order", ["before", "after", "doubled", "late"])
def test_the_former_phone_is_nobodys_and_may_be_somebody_elses(
    installation: Installation, ana: Customer, order: str
) -> None:
    change_and_write(installation, ana, order=order)
    assert installation.use_cases.view("acme", "5511987654321") is None
    bia = Customer(installation, "5511987654321", "BR.9")
    bia.writes("número novo, gente nova")
    installation.rest()
    assert humans(installation) == 2


def test_a_changed_user_id_of_who_hides_the_phone(installation: Installation) -> None:
    ana = Customer(installation, None, "BR.1")
    ana.writes("antes")
    installation.rest()
    installation.run(SECOND)
    ana.changes(phone=None, bsuid="BR.1b", kind="user_changed_user_id")
    ana.writes("depois")
    installation.rest()
    assert humans(installation) == 1
    assert addresses(installation) == [{"recipient": "BR.1"}, {"recipient": "BR.1b"}]


def test_a_change_tells_where_to_write_before_the_first_message_from_there(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("antes")
    installation.run(SECOND)
    ana.changes(phone="5511900001111", bsuid="BR.1b")
    installation.rest()
    assert addresses(installation) == ["5511900001111"]


def test_a_change_of_somebody_unknown_makes_one_person(installation: Installation, ana: Customer) -> None:
    ana.changes(phone="5511900001111", bsuid="BR.1b")
    ana.writes("oi")
    installation.rest()
    assert humans(installation) == 1
    assert conversation_of(installation, "BR.1") == conversation_of(installation, "BR.1b")


def test_a_change_does_not_take_the_former_phones_new_person(
    installation: Installation, ana: Customer
) -> None:
    """The change comes late: by then the former phone belongs to somebody else."""
    ana.writes("antes")
    installation.rest()
    installation.run(SECOND)
    update = ana.changes(phone="5511900001111", bsuid="BR.1b", deliver_now=False)
    installation.run(HOUR)
    Customer(installation, "5511987654321", "BR.9").writes("gente nova")
    deliver(installation, {"messages": [update]})
    installation.rest()
    assert humans(installation) == 2
    assert conversation_of(installation, "5511987654321") == conversation_of(installation, "BR.9")
    assert conversation_of(installation, "BR.1b") == conversation_of(installation, "BR.1")


def test_a_late_message_from_before_the_change_does_not_bring_the_former_phone_back(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("antes")
    installation.rest()
    before = Customer(installation, ana.phone, ana.bsuid)
    installation.run(10 * SECOND)
    ana.changes(phone="5511900001111", bsuid="BR.1b")
    before.writes("atrasada", at_ms=installation.clock.ms - 5 * SECOND)
    installation.rest()
    assert installation.use_cases.view("acme", "5511987654321") is None
    assert addresses(installation)[-1] == "5511900001111"


def test_a_late_change_does_not_take_away_a_phone_that_was_shown_after_it(installation: Installation) -> None:
    ana = Customer(installation, None, "BR.1")
    ana.writes("antes")
    installation.rest()
    installation.run(10 * SECOND)
    update = ana.changes(phone=None, bsuid="BR.1b", kind="user_changed_user_id", deliver_now=False)
    installation.run(5 * SECOND)
    ana.phone = "5511900001111"
    ana.writes("depois")
    deliver(installation, {"messages": [update]})
    installation.rest()
    assert humans(installation) == 1
    assert addresses(installation) == [{"recipient": "BR.1"}, "5511900001111"]


@pytest.mark.parametrize(
    "system",
    [{}, {"type": "user_changed_number"}, {"type": "user_changed_number", "wa_id": 5}, [], "x", None],
)
def test_a_change_that_tells_too_little_is_only_recorded(
    installation: Installation, ana: Customer, system: object
) -> None:
    ana.writes()
    ana.sends("system", system)
    installation.rest()
    assert humans(installation) == 1
    assert len(installation.view("BR.1")["messages"]) == 3


def test_a_doubled_change_that_died_after_its_commit_asks_for_the_turn_again(
    installation: Installation, ana: Customer
) -> None:
    """What the merge left unanswered is due; the repeated delivery must see to its task."""
    ana.writes("antes")
    installation.forget_jobs()
    update = ana.changes(phone="5511900001111", bsuid="BR.1b", deliver_now=False)
    ana.writes("depois")
    installation.forget_jobs()
    installation.tasks.loses = True
    deliver(installation, {"messages": [update]})
    installation.tasks.loses = False
    deliver(installation, {"messages": [update]})
    installation.run(15 * SECOND)
    assert installation.texts() == ["antes + depois"]
