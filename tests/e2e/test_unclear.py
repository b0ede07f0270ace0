"""Posts whose outcome is unclear: settled by a receipt, by evidence, or by a person."""

import time
from collections.abc import Iterator

import pytest

from tests.support.crowd import in_queue_with_reason, message_of
from tests.support.customers import Customer, batch
from tests.support.graph_server import Receipts, hang_up, refuse
from tests.support.knowledge import ANSWERS
from tests.support.polling import until
from tests.support.product import Product

pytestmark = pytest.mark.slow

UNCLEAR_S = 3.0
WHERE, HOURS = "Onde fica a loja?", "Qual é o horário de atendimento?"

PROVEN, LOST, BROKEN, LOST_TWICE, ALONE, LATE, HELD, TAKEN = range(501, 509)
"""A number for each case: evidence counts for its own number."""
NUMBERS = tuple(str(number) for number in range(501, 509))
BUSY = (LOST, BROKEN, LOST_TWICE, TAKEN)
"""Other customers' receipts keep coming here."""


def customer(case: int) -> Customer:
    return Customer(f"55119000{case}01")


def state(product: Product, case: int) -> str:
    found = product.outgoing(customer(case).person)
    return str(found[0]["state"]) if found else ""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Everything that can happen to an unclear post, at once, until the last is settled."""
    data = tmp_path_factory.mktemp("unclear") / "data"
    with Product(data, numbers=NUMBERS, SEND_UNCLEAR_SECONDS=str(UNCLEAR_S)) as running:
        begin(running)
        until(lambda: in_queue_with_reason(running.find(customer(LOST_TWICE).person)))
        until(lambda: state(running, LATE) == "delivered")
        until(running.courier.idle)
        time.sleep(1)
        yield running


def begin(product: Product) -> None:
    soon, late = Receipts(after_s=0.5), Receipts(statuses=("delivered",), after_s=UNCLEAR_S + 2)
    proof = Receipts(statuses=("sent",), after_s=1.0)
    scripts = {
        PROVEN: [hang_up(taken=True, receipts=soon)],
        LOST: [hang_up(taken=False)],
        BROKEN: [refuse(131000, 500)],
        LOST_TWICE: [hang_up(taken=False), hang_up(taken=False)],
        ALONE: [hang_up(taken=True)],
        LATE: [hang_up(taken=True, receipts=late)],
        HELD: [hang_up(taken=True, receipts=proof)],
        TAKEN: [hang_up(taken=False)],
    }
    for case, behaviours in scripts.items():
        product.graph.script(customer(case).person, *behaviours)
        product.say(customer(case), WHERE, number=str(case))
    until(lambda: state(product, HELD) == "unclear")
    product.say(customer(HELD), HOURS, number=str(HELD))
    until(lambda: state(product, TAKEN) == "unclear")
    product.owner(customer(TAKEN).person, "person:Carla")
    for case in BUSY:
        keep_busy(product, case)


def keep_busy(product: Product, case: int) -> None:
    for index in range(20):
        other = Customer(f"55219000{case}{index:02}")
        product.courier.bring(batch(str(case), other, other.says("oi")), after_s=index * 0.35)


def test_a_receipt_proves_that_it_arrived(product: Product) -> None:
    assert state(product, PROVEN) == "read"
    assert len(product.graph.to(customer(PROVEN).person)) == 1
    assert product.conversation(customer(PROVEN).person)["owner"] == "agent"


@pytest.mark.parametrize("case", [LOST, BROKEN], ids=["hung up", "131000 with 500"])
def test_with_evidence_it_is_posted_once_more(product: Product, case: int) -> None:
    first, second = product.graph.to(customer(case).person)

    assert second.at_s - first.at_s >= UNCLEAR_S
    assert second.text == first.text
    (message, attempt), (again, next_attempt) = message_of(first), message_of(second)
    assert again == message
    assert next_attempt > attempt
    assert state(product, case) == "read"
    assert product.conversation(customer(case).person)["owner"] == "agent"


def test_it_is_posted_again_only_once(product: Product) -> None:
    assert len(product.graph.to(customer(LOST_TWICE).person)) == 2
    assert state(product, LOST_TWICE) == "unclear"
    assert in_queue_with_reason(product.conversation(customer(LOST_TWICE).person))


def test_without_evidence_people_decide(product: Product) -> None:
    assert len(product.graph.to(customer(ALONE).person)) == 1
    assert "unclear" in product.conversation(customer(ALONE).person)["reason"]
    (message,) = product.outgoing(customer(ALONE).person)
    assert message["state"] == "unclear"
    assert message["reason"]


def test_a_receipt_that_comes_even_later_moves_its_state(product: Product) -> None:
    assert len(product.graph.to(customer(LATE).person)) == 1
    assert state(product, LATE) == "delivered"
    assert in_queue_with_reason(product.conversation(customer(LATE).person))


def test_what_is_unclear_holds_back_what_comes_after_it(product: Product) -> None:
    first, second = product.graph.to(customer(HELD).person)

    assert ANSWERS[HOURS] in second.text
    assert second.at_s >= product.graph.receipted_s[first.wamid]


def test_a_takeover_meanwhile_leaves_it_to_the_person(product: Product) -> None:
    assert len(product.graph.to(customer(TAKEN).person)) == 1
    assert state(product, TAKEN) == "unclear"
    assert product.conversation(customer(TAKEN).person)["owner"] == "person:Carla"
