"""What Graph refuses: what is tried again and when, what never, and who is told."""

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.support.crowd import in_queue_with_reason, message_of
from tests.support.customers import Customer, batch
from tests.support.graph_server import Behaviour, Post, Receipts, refuse
from tests.support.knowledge import ANSWERS
from tests.support.polling import never, until
from tests.support.product import Product

pytestmark = pytest.mark.slow

PACED, FREE, STOPPED = "701", "702", "703"
PER_SECOND = 16
"""In and out together: 8 go out, 4 while the rate is halved."""
WHERE, HOURS = "Onde fica a loja?", "Qual é o horário de atendimento?"

BUSY, PAIR, FRIEND, SLOW, EXPIRED = (Customer(f"551190007000{index}") for index in range(5))
PERMANENT = {
    131047: Customer("5511900070101"),
    131026: Customer("5511900070102"),
    100: Customer("5511900070103"),
}
FAILED_LATER = Customer("5511900070104")
PACED_CROWD = tuple(Customer(f"55119000702{index:02}") for index in range(16))
SLACK_S = 1.5
"""What a busy machine may add to a wait."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Everything is refused to somebody, at once; the longest wait, of 21 s, runs beside the tests."""
    data = tmp_path_factory.mktemp("refusals") / "data"
    numbers = (FREE, PACED, STOPPED)
    with Product(data, numbers=numbers, WHATSAPP_MESSAGES_PER_SECOND=str(PER_SECOND)) as running:
        graph = running.graph
        graph.script(PAIR.person, *[refuse(131056)] * 3)
        graph.script(BUSY.person, refuse(131016, 503), refuse(2, 400), refuse(4_999_999, 503))
        graph.script(SLOW.person, refuse(130429, 429))
        graph.script(EXPIRED.person, refuse(190, 401))
        for code, customer in PERMANENT.items():
            graph.script(customer.person, refuse(code))
        failed = Receipts(statuses=("sent", "failed"), code=131026)
        graph.script(FAILED_LATER.person, Behaviour(receipts=failed))
        for customer in (PAIR, BUSY, FAILED_LATER, *PERMANENT.values()):
            running.say(customer, WHERE)
        running.say(SLOW, WHERE, number=PACED)
        running.say(EXPIRED, WHERE, number=STOPPED)
        yield running


def gaps(posts: list[Post]) -> list[float]:
    return [after.at_s - before.at_s for before, after in pairwise(posts)]


def test_a_retry_waits_a_second_then_twice_as_long(product: Product) -> None:
    assert ANSWERS[WHERE] in product.replied(BUSY)

    posts = product.graph.to(BUSY.person)
    for gap, expected in zip(gaps(posts), (1, 2, 4), strict=True):
        assert expected - 0.05 <= gap <= expected * 1.25 + SLACK_S
    attempts = [message_of(post)[1] for post in posts]
    assert attempts == sorted(set(attempts))
    assert len({message_of(post)[0] for post in posts}) == 1


@pytest.mark.parametrize("code", PERMANENT)
def test_a_permanent_refusal_is_posted_once_and_goes_to_people(product: Product, code: int) -> None:
    customer = PERMANENT[code]
    found = until(lambda: product.find(customer.person), in_queue_with_reason)

    assert found is not None
    (message,) = product.outgoing(customer.person)
    assert message["state"] == "failed"
    assert message["reason"]
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=1.5)


def test_a_message_that_fails_later_goes_to_people_too(product: Product) -> None:
    until(lambda: in_queue_with_reason(product.find(FAILED_LATER.person)))
    until(lambda: product.outgoing(FAILED_LATER.person)[0]["state"] == "failed")

    assert len(product.graph.to(FAILED_LATER.person)) == 1


def test_throughput_halves_the_number_and_never_stops_it(product: Product) -> None:
    assert ANSWERS[WHERE] in product.replied(SLOW)
    refused, again = product.graph.to(SLOW.person)
    assert 0.95 <= again.at_s - refused.at_s <= 1.25 + SLACK_S

    for customer in PACED_CROWD:
        product.courier.bring(batch(PACED, customer, customer.says("oi")))
    posts = until(
        lambda: [post for customer in PACED_CROWD for post in product.graph.to(customer.person)],
        lambda found: len(found) == len(PACED_CROWD),
    )

    times = sorted(post.at_s for post in posts)
    assert times[-1] - times[0] >= (len(times) - 2) / (PER_SECOND / 4)


def test_what_the_operator_must_mend_stops_the_number_alone(product: Product) -> None:
    until(lambda: product.graph.to(EXPIRED.person))
    until(lambda: product.outgoing(EXPIRED.person), lambda found: found and found[0]["state"] == "queued")
    other = Customer("5511900070301")
    product.say(other, WHERE, number=STOPPED)
    until(lambda: product.outgoing(other.person))
    never(lambda: product.graph.to(other.person), for_s=1.5)
    assert len(product.graph.to(EXPIRED.person)) == 1

    product.say(FRIEND, WHERE)
    assert ANSWERS[WHERE] in product.replied(FRIEND)


def test_the_pair_rate_waits_four_times_as_long_each_time_for_that_person(product: Product) -> None:
    until(lambda: product.graph.to(PAIR.person))
    stranger = Customer("5511900070302")
    began_s = time.monotonic()
    product.say(stranger, HOURS)
    product.replied(stranger)
    assert time.monotonic() - began_s < 4

    assert ANSWERS[WHERE] in product.replied(PAIR)

    for gap, expected in zip(gaps(product.graph.to(PAIR.person)), (1, 4, 16), strict=True):
        assert expected - 0.05 <= gap <= expected + SLACK_S
    assert product.conversation(PAIR.person)["owner"] == "agent"
