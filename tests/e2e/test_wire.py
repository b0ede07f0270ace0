"""What leaves for Graph: to whom, how often, in which shape and how soon."""

import random
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.customers import Customer, batch, change, payload
from tests.support.knowledge import ANSWERS, QUESTIONS
from tests.support.polling import never, until
from tests.support.product import NUMBER, QUIET_S, TOKEN, Product

WHERE, HOURS = "Onde fica a loja?", "Qual é o horário de atendimento?"


def test_a_reply_is_one_text_message_to_the_version_and_number_of_the_settings(product: Product) -> None:
    customer = Customer("5511900010001", "BR.10001")
    product.say(customer, WHERE)
    assert ANSWERS[WHERE] in product.replied(customer)

    (post,) = product.graph.to(customer.person)
    assert post.path == f"/v26.0/{NUMBER}/messages"
    assert post.authorization == f"Bearer {TOKEN}"
    assert post.body["messaging_product"] == "whatsapp"
    assert post.body["type"] == "text"
    assert post.body["to"] == customer.phone
    assert "recipient" not in post.body
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=1)


def test_the_callback_data_tells_message_and_attempt(product: Product) -> None:
    customer = Customer("5511900010002", "BR.10002")
    product.say(customer, WHERE)
    product.replied(customer)

    (post,) = product.graph.to(customer.person)
    told = post.body["biz_opaque_callback_data"]
    (message,) = product.outgoing(customer.person)
    assert message["id"] in told
    assert told.endswith(":1")
    assert len(told) <= 512


def test_read_and_typing_come_first_and_name_the_newest_message(product: Product) -> None:
    customer = Customer("5511900010003", "BR.10003")
    first, newest = customer.says("oi"), customer.says(WHERE)
    product.write(customer, first)
    product.write(customer, newest)
    product.replied(customer)

    (post,) = product.graph.to(customer.person)
    reads = [read for read in product.graph.reads if read.body["message_id"] in (first["id"], newest["id"])]
    (read,) = reads
    assert read.order < post.order
    assert read.path == post.path
    assert read.body["message_id"] == newest["id"]
    assert read.body["typing_indicator"] == {"type": "text"}
    assert read.body["messaging_product"] == "whatsapp"


@pytest.mark.parametrize("attempt", range(3))
def test_the_reply_starts_within_the_quiet_period_and_two_seconds(product: Product, attempt: int) -> None:
    customer = Customer(f"551190001010{attempt}", f"BR.1010{attempt}")
    product.say(customer, "oi")
    product.say(customer, WHERE)
    last_s = time.monotonic()
    product.replied(customer)

    (post,) = product.graph.to(customer.person)
    assert QUIET_S - 0.2 <= post.at_s - last_s <= QUIET_S + 2


def test_to_is_spelt_as_the_last_message_spelt_it(product: Product) -> None:
    old, new = Customer("551188880011", "BR.10011"), Customer("5511988880011", "BR.10011")
    product.say(old, "oi")
    product.replied(old)
    product.say(new, WHERE)
    product.replied(new)
    product.say(old, HOURS)
    product.replied(old, 2)

    assert [len(product.graph.to(one.person)) for one in (old, new)] == [2, 1]
    assert (
        product.conversation(old.person)["conversation"] == product.conversation(new.person)["conversation"]
    )


def test_a_hidden_number_is_answered_through_recipient(product: Product) -> None:
    hidden = Customer(None, "BR.10020", parent="BR.ENT.10020")
    product.say(hidden, WHERE)
    product.replied(hidden)

    (post,) = product.graph.to("BR.10020")
    assert post.body["recipient"] == "BR.10020"
    assert "to" not in post.body


def test_a_number_shown_later_is_used_from_then_on(product: Product) -> None:
    hidden, shown = Customer(None, "BR.10021"), Customer("5511900010021", "BR.10021")
    product.say(hidden, "oi")
    product.replied(hidden)
    product.say(shown, WHERE)
    product.replied(shown)

    found = product.conversation("BR.10021")
    assert [message["direction"] for message in found["messages"]] == ["in", "out", "in", "out"]


def test_after_a_change_of_number_to_is_the_new_one(product: Product) -> None:
    before, after = Customer("5511900010030", "BR.10030"), Customer("5511900010031", "BR.10031")
    product.say(before, "oi")
    product.replied(before)
    product.owner(before.person, "person:Carla")
    product.say(before, WHERE)
    told = {"type": "user_changed_number", "body": "mudou", "wa_id": after.phone, "user_id": "BR.10031"}
    change_of = before.writes("system", told | {"previous_user_id": "BR.10030"})
    product.deliver(payload(change(NUMBER, messages=[change_of])))
    until(lambda: product.find(after.person))

    product.owner(after.person, "agent")

    assert ANSWERS[WHERE] in product.replied(after)
    assert len(product.graph.to(before.person)) == 1


def test_a_recycled_phone_is_another_person(product: Product) -> None:
    former, heir = Customer("5511900010040", "BR.10040", "Ana"), Customer("5511900010040", "BR.10041", "Bia")
    now = int(time.time())
    product.say(former, "oi", timestamp=str(now - 120))
    product.replied(former)
    product.owner("BR.10040", "person:Carla")
    product.say(former, WHERE, timestamp=str(now - 60))
    until(lambda: len(product.conversation("BR.10040")["messages"]) == 3)

    product.say(heir, HOURS)

    assert ANSWERS[HOURS] in product.replied(heir, 2)
    theirs, old = product.conversation("BR.10041"), product.conversation("BR.10040")
    assert theirs["conversation"] != old["conversation"]
    assert product.conversation("5511900010040")["conversation"] == theirs["conversation"]
    assert [m["text"] for m in theirs["messages"] if m["direction"] == "in"] == [HOURS]

    product.owner("BR.10040", "agent")

    post = until(lambda: product.graph.taken("BR.10040"))[0]
    assert ANSWERS[WHERE] in post.text
    assert "to" not in post.body


def test_two_conversations_of_one_human_become_one_with_all_answered(product: Product) -> None:
    by_phone, by_id = Customer("5511900010050"), Customer(None, "BR.10050")
    whole = Customer("5511900010050", "BR.10050")
    product.say(by_phone, "oi")
    product.say(by_id, "oi")
    product.replied(by_phone)
    product.replied(by_id)
    for one in (by_phone, by_id):
        product.owner(one.person, "queue")
    product.say(by_phone, WHERE)
    product.say(by_id, HOURS)
    until(lambda: all(len(product.conversation(one.person)["messages"]) == 3 for one in (by_phone, by_id)))

    product.say(whole, "Vocês atendem motos?")
    until(
        lambda: (
            product.conversation(by_phone.person)["conversation"]
            == product.conversation(by_id.person)["conversation"]
        )
    )
    assert product.conversation(whole.person)["owner"] == "queue"
    product.owner(whole.person, "agent")

    reply = product.replied(whole, 2)
    assert all(ANSWERS[question] in reply for question in (WHERE, HOURS, "Vocês atendem motos?"))


def test_a_shuffled_and_doubled_burst_gets_one_reply_with_every_answer(product: Product) -> None:
    customer = Customer("5511900010060", "BR.10060")
    rng = random.Random(60)
    questions = rng.sample(QUESTIONS, 6)
    bodies = [batch(NUMBER, customer, customer.says(question)) for question in questions] * 2
    rng.shuffle(bodies)
    with ThreadPoolExecutor(4) as pool:
        assert {answer.status for answer in pool.map(product.courier.post, bodies)} == {200}

    reply = product.replied(customer)

    assert all(ANSWERS[question] in reply for question in questions)
    never(lambda: len(product.graph.to(customer.person)) > 1, for_s=1.5)
    assert len([m for m in product.conversation(customer.person)["messages"] if m["direction"] == "in"]) == 6


@pytest.mark.parametrize(
    "spelling", [str.upper, str.lower, lambda text: text.replace("á", "a").replace("é", "e")]
)
def test_questions_are_known_in_any_case_and_accents(product: Product, spelling: object) -> None:
    assert callable(spelling)
    customer = Customer(f"55119{random.randrange(10**8):08}")
    product.say(customer, spelling(HOURS))

    assert ANSWERS[HOURS] in product.replied(customer)


def test_what_is_written_before_the_reply_is_answered_in_it_and_after_it_next(product: Product) -> None:
    customer = Customer("5511900010070", "BR.10070")
    product.say(customer, WHERE)
    product.replied(customer)
    product.say(customer, HOURS)

    reply = product.replied(customer, 2)

    assert ANSWERS[HOURS] in reply
    assert ANSWERS[WHERE] not in reply


def test_receipts_in_any_order_only_move_forward(product: Product) -> None:
    customer = Customer("5511900010080", "BR.10080")
    product.say(customer, WHERE)
    product.replied(customer)

    until(lambda: product.outgoing(customer.person), lambda found: found and found[0]["state"] == "read")
    never(lambda: product.outgoing(customer.person)[0]["state"] != "read", for_s=0.5)


def test_a_time_is_rfc_3339_in_utc(product: Product) -> None:
    customer = Customer("5511900010090", "BR.10090")
    product.say(customer, "oi", timestamp=str(int(time.time()) - 30))
    product.replied(customer)

    for message in product.conversation(customer.person)["messages"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", message["at"])
