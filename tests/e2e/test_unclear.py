"""Posts whose outcome is unclear: settled by a receipt, by evidence, or by a person; and real kills."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crowd import in_queue_with_reason, message_of
from tests.support.customers import Customer
from tests.support.graph_server import Behaviour, Receipts, hang_up, refuse
from tests.support.knowledge import ANSWERS
from tests.support.polling import never, until
from tests.support.product import QUIET_S, Product

UNCLEAR_S = 2.0
NUMBERS = tuple(str(number) for number in range(501, 509))
"""One for each test: evidence counts for its own number."""

WHERE, HOURS = "Onde fica a loja?", "Qual é o horário de atendimento?"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    data = tmp_path_factory.mktemp("unclear") / "data"
    with Product(data, numbers=NUMBERS, SEND_UNCLEAR_SECONDS=str(UNCLEAR_S)) as running:
        yield running


def state(product: Product, customer: Customer) -> str:
    found = product.outgoing(customer.person)
    return str(found[0]["state"]) if found else ""


def test_a_receipt_proves_that_it_arrived(product: Product) -> None:
    customer = Customer("5511900020001")
    product.graph.script(customer.person, hang_up(taken=True, receipts=Receipts(after_s=0.5)))
    product.say(customer, WHERE, number="501")

    until(lambda: state(product, customer) == "read")
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=UNCLEAR_S + 1)

    product.say(customer, HOURS, number="501")
    assert ANSWERS[HOURS] in product.replied(customer, 2)
    assert product.conversation(customer.person)["owner"] == "agent"


@pytest.mark.parametrize(
    ("number", "behaviour"),
    [("502", hang_up(taken=False)), ("503", refuse(131000, 500))],
    ids=["hung up", "131000 with 500"],
)
def test_with_evidence_it_is_posted_once_more(product: Product, number: str, behaviour: Behaviour) -> None:
    customer, other = Customer(f"551190002{number}0"), Customer(f"551190002{number}1")
    product.graph.script(customer.person, behaviour)
    product.say(customer, WHERE, number=number)
    until(lambda: state(product, customer) == "unclear")
    product.say(other, "oi", number=number)
    product.replied(other)

    assert ANSWERS[WHERE] in product.replied(customer)

    first, second = product.graph.to(customer.person)
    assert second.at_s - first.at_s >= UNCLEAR_S
    assert second.text == first.text
    (message, attempt), (again, next_attempt) = message_of(first), message_of(second)
    assert again == message
    assert next_attempt > attempt
    until(lambda: state(product, customer) == "read")
    assert product.conversation(customer.person)["owner"] == "agent"


def test_it_is_posted_again_only_once(product: Product) -> None:
    customer, other = Customer("5511900025041"), Customer("5511900025042")
    product.graph.script(customer.person, hang_up(taken=False), hang_up(taken=False))
    product.say(customer, WHERE, number="504")

    def goes_on() -> bool:
        product.say(other, "oi", number="504")
        time.sleep(0.5)
        return in_queue_with_reason(product.find(customer.person))

    until(goes_on)
    assert len(product.graph.to(customer.person)) == 2
    assert state(product, customer) == "unclear"


def test_without_evidence_people_decide(product: Product) -> None:
    customer = Customer("5511900025051")
    product.graph.script(customer.person, hang_up(taken=True))
    product.say(customer, WHERE, number="505")
    began_s = time.monotonic()

    found = until(lambda: product.find(customer.person), in_queue_with_reason)

    assert time.monotonic() - began_s >= UNCLEAR_S
    assert found is not None
    (message,) = product.outgoing(customer.person)
    assert (message["state"], bool(message["reason"])) == ("unclear", True)
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=1)


def test_receipts_that_come_even_later_move_its_state(product: Product) -> None:
    customer = Customer("5511900025061")
    late = Receipts(statuses=("delivered",), after_s=UNCLEAR_S + 2)
    product.graph.script(customer.person, hang_up(taken=True, receipts=late))
    product.say(customer, WHERE, number="506")

    until(lambda: in_queue_with_reason(product.find(customer.person)))
    until(lambda: state(product, customer) == "delivered")
    assert len(product.graph.to(customer.person)) == 1


def test_what_is_unclear_holds_back_what_comes_after_it(product: Product) -> None:
    customer = Customer("5511900025071")
    proof = Receipts(statuses=("sent",), after_s=1.0)
    product.graph.script(customer.person, hang_up(taken=True, receipts=proof))
    product.say(customer, WHERE, number="507")
    until(lambda: state(product, customer) == "unclear")
    product.say(customer, HOURS, number="507")

    assert ANSWERS[HOURS] in product.replied(customer, 2)

    first, second = product.graph.to(customer.person)
    assert second.at_s >= product.graph.receipted_s[first.wamid]


def test_a_takeover_while_it_is_unclear_leaves_it_to_the_person(product: Product) -> None:
    customer, other = Customer("5511900025081"), Customer("5511900025082")
    product.graph.script(customer.person, hang_up(taken=False))
    product.say(customer, WHERE, number="508")
    until(lambda: state(product, customer) == "unclear")
    product.owner(customer.person, "person:Carla")
    product.say(other, "oi", number="508")
    product.replied(other)

    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=UNCLEAR_S + 1)
    assert state(product, customer) == "unclear"
    assert product.conversation(customer.person)["owner"] == "person:Carla"


def test_killed_in_the_quiet_period_it_answers_after_the_next_start(tmp_path: Path) -> None:
    customer = Customer("5511900026001")
    with Product(tmp_path / "data", TURN_QUIET_SECONDS="1") as product:
        product.say(customer, WHERE)
        product.say(customer, HOURS)
        product.kill()
        product.start()

        reply = product.replied(customer)

        assert time.monotonic() - product.ready_s <= 1 + 10
        assert ANSWERS[WHERE] in reply
        assert ANSWERS[HOURS] in reply
        never(lambda: len(product.graph.to(customer.person)) > 1, for_s=1)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A process that was killed while three posts were under way, and started again."""
    data = tmp_path_factory.mktemp("killed") / "data"
    with Product(data, numbers=("601", "602"), SEND_UNCLEAR_SECONDS=str(UNCLEAR_S)) as product:
        product.graph.script(PROVEN.person, Behaviour(after_s=60, receipts=Receipts(after_s=1.0)))
        product.graph.script(LOST.person, Behaviour(takes=False, after_s=60))
        product.graph.script(ALONE.person, Behaviour(takes=False, after_s=60))
        product.say(PROVEN, WHERE, number="601")
        product.say(LOST, WHERE, number="601")
        product.say(ALONE, WHERE, number="602")
        until(lambda: len(product.graph.posts) == 3)
        product.say(WAITING, WHERE, number="601")
        product.kill()
        product.start()
        yield product


PROVEN, LOST, ALONE, WAITING = (Customer(f"551190002700{index}") for index in range(4))


def test_killed_in_a_post_its_receipt_settles_it(killed: Product) -> None:
    until(lambda: killed.outgoing(PROVEN.person), lambda found: found and found[0]["state"] == "read")
    never(lambda: len(killed.graph.to(PROVEN.person)) > 1, for_s=UNCLEAR_S)
    assert killed.conversation(PROVEN.person)["owner"] == "agent"


def test_what_was_not_claimed_resumes_soon(killed: Product) -> None:
    assert ANSWERS[WHERE] in killed.replied(WAITING)
    (post,) = killed.graph.taken(WAITING.person)
    assert post.at_s - killed.ready_s <= QUIET_S + 10


def test_killed_in_a_post_evidence_lets_it_be_posted_again(killed: Product) -> None:
    assert ANSWERS[WHERE] in killed.replied(LOST)
    _, again = killed.graph.to(LOST.person)
    assert UNCLEAR_S - 0.5 <= again.at_s - killed.ready_s <= UNCLEAR_S + 10


def test_killed_in_a_post_without_evidence_people_decide(killed: Product) -> None:
    found = until(lambda: killed.find(ALONE.person), in_queue_with_reason)
    assert found is not None
    assert "unclear" in found["reason"]
    assert len(killed.graph.to(ALONE.person)) == 1


def test_a_graph_server_that_cannot_be_reached_is_tried_until_it_can(tmp_path: Path) -> None:
    customer = Customer("5511900026002")
    with Product(tmp_path / "data") as product:
        product.graph.close()
        product.say(customer, WHERE)
        until(lambda: product.outgoing(customer.person))
        time.sleep(1.5)
        product.reopen_graph()

        assert ANSWERS[WHERE] in product.replied(customer)

        (post,) = product.graph.to(customer.person)
        assert message_of(post)[1] > 1
        assert product.conversation(customer.person)["owner"] == "agent"
