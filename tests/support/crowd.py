"""Customers who write in bursts, each a question of its own, and who know what they got.

Every question is asked once by each customer, so that its answer tells from outside which
message was answered, and how often.
"""

import random
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.support.customers import Customer, batch, change, payload, somebody
from tests.support.graph_server import Post
from tests.support.knowledge import ANSWERS, QUESTIONS
from tests.support.product import Product


@dataclass(slots=True)
class Asked:
    """One question that was brought, and when it was accepted (monotonic)."""

    customer: Customer
    wamid: str
    answer: str
    accepted_s: float | None = None

    def accepted(self, at_s: float) -> None:
        """Count from the first 200."""
        if self.accepted_s is None:
            self.accepted_s = at_s


@dataclass(frozen=True, slots=True)
class Twice:
    """An answer that a customer got twice."""

    first: Post
    second: Post


class Crowd:
    """Writes to one process; the seed decides who writes what, and when."""

    def __init__(self, product: Product, rng: random.Random, *, name: str) -> None:
        """Nobody writes yet."""
        self.asked: list[Asked] = []
        self._product = product
        self._rng = rng
        self._name = name

    def write(self, *, customers: int, bursts: int, within_s: float) -> None:
        """Let so many customers write in the background, some webhooks doubled, some swapped."""
        for index in range(customers):
            customer = Customer(
                f"55{self._rng.randint(11, 19)}9{self._rng.randrange(10**8):08}", name=self._name
            )
            questions = list(QUESTIONS)
            self._rng.shuffle(questions)
            if index % 4 == 0:
                customer = Customer(None, f"BR.{self._rng.randrange(10**12)}", self._name)
            for _ in range(bursts):
                self._burst(customer, questions, self._rng.uniform(0, within_s))

    def surge(self, *, customers: int) -> None:
        """Let so many customers write three messages each, all in one webhook, until it is accepted."""
        number, messages, contacts = self._product.number, [], []
        for _ in range(customers):
            customer = somebody(self._name)
            contacts.append(customer.contact())
            for question in self._rng.sample(QUESTIONS, 3):
                messages.append(customer.says(question))
                self.asked.append(Asked(customer, str(messages[-1]["id"]), ANSWERS[question]))
        self._rng.shuffle(messages)
        self._product.deliver(payload(change(number, contacts=contacts, messages=messages)))
        for asked in self.asked:
            asked.accepted(time.monotonic())

    def _burst(self, customer: Customer, questions: list[str], at_s: float) -> None:
        for _ in range(self._rng.randint(1, 3)):
            question = questions.pop()
            update = customer.says(question, timestamp=str(int(time.time() + at_s)))
            asked = Asked(customer, str(update["id"]), ANSWERS[question])
            self.asked.append(asked)
            body = batch(self._product.number, customer, update)
            for _ in range(self._rng.choice((1, 1, 1, 2))):
                after_s = at_s + self._rng.uniform(0, 0.2)
                self._product.courier.bring(body, after_s=after_s, done=asked.accepted)

    def unanswered(self) -> dict[str, list[Asked]]:
        """List, by person, what was accepted and not answered."""
        got = self._got()
        found: dict[str, list[Asked]] = defaultdict(list)
        for asked in self.asked:
            person = asked.customer.person
            if asked.accepted_s is not None and not got[person, asked.answer]:
                found[person].append(asked)
        return found

    def twice(self) -> list[Twice]:
        """List what was answered more than once."""
        got = self._got()
        return [
            Twice(*posts[:2])
            for asked in self.asked
            if len(posts := got[asked.customer.person, asked.answer]) > 1
        ]

    def persons(self) -> list[str]:
        """List everybody whose message was accepted."""
        return sorted({asked.customer.person for asked in self.asked if asked.accepted_s is not None})

    def wamids(self, person: str) -> list[str]:
        """List what was accepted from somebody."""
        return [
            asked.wamid
            for asked in self.asked
            if asked.customer.person == person and asked.accepted_s is not None
        ]

    def _got(self) -> defaultdict[tuple[str, str], list[Post]]:
        got: defaultdict[tuple[str, str], list[Post]] = defaultdict(list)
        wanted: defaultdict[str, list[str]] = defaultdict(list)
        for asked in self.asked:
            wanted[asked.customer.person].append(asked.answer)
        for post in list(self._product.graph.posts):
            for answer in wanted[post.person]:
                if post.taken and answer in post.text:
                    got[post.person, answer].append(post)
        return got


def message_of(post: Post) -> tuple[str, int]:
    """Return our id of the message and the attempt, as the post told them."""
    _, message, attempt = str(post.body["biz_opaque_callback_data"]).split(":")
    return message, int(attempt)


def in_queue_with_reason(conversation: dict[str, Any] | None) -> bool:
    """Tell whether a person of ours will look at it, and is told why."""
    return bool(conversation and conversation["owner"] == "queue" and conversation["reason"])
