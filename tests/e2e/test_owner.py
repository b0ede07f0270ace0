"""Who has the thread: the command `owner`, the customer's wish for a person, the business's own phone."""

import time

import pytest

from tests.support.customers import Customer, Json, change, fresh_wamid, payload
from tests.support.graph_server import Behaviour, refuse
from tests.support.knowledge import ANSWERS
from tests.support.polling import never, until
from tests.support.product import NUMBER, QUIET_S, Product

pytestmark = pytest.mark.slow

WHERE, HOURS, BIKES = "Onde fica a loja?", "Qual é o horário de atendimento?", "Vocês atendem motos?"


def incoming(product: Product, customer: Customer) -> int:
    found = product.find(customer.person) or {"messages": []}
    return sum(message["direction"] == "in" for message in found["messages"])


def test_a_takeover_silences_the_agent_and_giving_back_answers_all_in_one_turn(product: Product) -> None:
    customer = Customer("5511900030001", "BR.30001")
    product.say(customer, "oi")
    product.replied(customer)
    epoch = product.conversation(customer.person)["epoch"]

    product.owner(customer.person, "person:Carla")
    taken = product.conversation(customer.person)
    assert (taken["owner"], taken["epoch"] > epoch) == ("person:Carla", True)
    product.say(customer, WHERE)
    product.say(customer, HOURS)
    until(lambda: incoming(product, customer) == 3)
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=QUIET_S + 0.7)

    product.owner("BR.30001", "agent")

    reply = product.replied(customer, 2)
    assert ANSWERS[WHERE] in reply
    assert ANSWERS[HOURS] in reply
    never(lambda: len(product.graph.to(customer.person)) > 2, for_s=QUIET_S + 0.7)


@pytest.mark.parametrize("owner", ["queue", "paused"])
def test_only_the_agent_answers_by_itself(product: Product, owner: str) -> None:
    customer = Customer(f"551190003{len(owner):04}")
    product.say(customer, "oi")
    product.replied(customer)
    product.owner(customer.person, owner)
    product.say(customer, WHERE)

    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=QUIET_S + 0.7)
    assert incoming(product, customer) == 2


def test_giving_back_what_is_all_answered_says_nothing(product: Product) -> None:
    customer = Customer("5511900030010")
    product.say(customer, WHERE)
    product.replied(customer)
    product.owner(customer.person, "person:Carla")
    product.owner(customer.person, "agent")

    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=QUIET_S + 0.7)


def test_a_takeover_cancels_what_was_queued_and_it_never_leaves(product: Product) -> None:
    customer = Customer("5511900030020")
    product.graph.script(customer.person, refuse(131016, 503))
    product.say(customer, WHERE)
    until(lambda: product.graph.to(customer.person))
    until(lambda: product.outgoing(customer.person)[0]["state"] == "queued")

    product.owner(customer.person, "person:Carla")

    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=2.5)
    (message,) = product.outgoing(customer.person)
    assert (message["state"], message["reason"]) == ("cancelled", "taken over")

    product.owner(customer.person, "agent")
    assert ANSWERS[WHERE] in product.replied(customer)


def test_what_is_in_flight_at_the_takeover_is_shown_so_and_not_repeated(product: Product) -> None:
    customer = Customer("5511900030030")
    product.graph.script(customer.person, Behaviour(after_s=2))
    product.say(customer, WHERE)
    until(lambda: product.graph.to(customer.person))

    product.owner(customer.person, "person:Carla")

    assert product.outgoing(customer.person)[0]["state"] in ("sending", "sent", "delivered", "read")
    until(lambda: product.outgoing(customer.person)[0]["state"] == "read")
    product.owner(customer.person, "agent")
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=QUIET_S + 0.7)


@pytest.mark.parametrize(
    "wish",
    ["quero falar com uma pessoa", "Quero falar com um atendente, por favor!", "me passa pra um humano"],
)
def test_who_asks_for_a_person_is_told_once_and_stands_in_the_queue(product: Product, wish: str) -> None:
    customer = Customer(f"5511900031{len(wish):03}")
    product.say(customer, wish)
    product.replied(customer)
    found = product.conversation(customer.person)
    assert (found["owner"], bool(found["reason"])) == ("queue", True)

    product.say(customer, WHERE)
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=QUIET_S + 0.7)

    product.owner(customer.person, "agent")
    assert ANSWERS[WHERE] in product.replied(customer, 2)


def test_a_question_beside_the_wish_is_answered_in_the_confirmation(product: Product) -> None:
    customer = Customer("5511900030050")
    product.say(customer, BIKES)
    product.say(customer, "quero falar com uma pessoa")

    assert ANSWERS[BIKES] in product.replied(customer)
    assert product.conversation(customer.person)["owner"] == "queue"
    product.owner(customer.person, "agent")
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=QUIET_S + 0.7)


def test_a_reply_from_the_business_phone_is_a_takeover(product: Product) -> None:
    customer = Customer("5511900030060", "BR.30060")
    product.say(customer, "oi")
    product.replied(customer)
    echo: Json = {"from": "5511" + NUMBER, "to": customer.phone, "id": fresh_wamid(), "type": "text"}
    echo |= {"timestamp": str(int(time.time())), "text": {"body": "aqui é a Carla"}}

    product.deliver(payload(change(NUMBER, field="smb_message_echoes", message_echoes=[echo])))

    found = until(lambda: product.conversation(customer.person), lambda found: found["owner"] != "agent")
    assert found["owner"].startswith("person:")
    assert [m["text"] for m in found["messages"]][-1] == "aqui é a Carla"
    product.say(customer, WHERE)
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=QUIET_S + 0.7)


def test_the_command_says_when_there_is_no_such_person(product: Product) -> None:
    done = product.running.run("owner", "5511999999999", "queue")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
