"""`kill -9` of the whole process under load, at random moments, counted from outside.

Every accepted message is answered once, or its conversation stands in the people's queue
with a reason; nothing is answered twice; what was under way resumes in time.
"""

import random
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.crowd import Crowd, Twice, in_queue_with_reason, message_of
from tests.support.graph_server import ACCEPT, Behaviour, Receipts, hang_up, refuse
from tests.support.polling import until
from tests.support.product import QUIET_S, Product

pytestmark = pytest.mark.slow

UNCLEAR_S = 3.0
RESUMES_WITHIN_S = QUIET_S + 10
SETTLES_WITHIN_S = UNCLEAR_S + 10
CUSTOMERS, BURSTS = 20, 3
PROVEN = {"sent", "delivered", "read"}


def tell(line: str) -> None:
    """Say something that is shown when the test fails."""
    sys.stderr.write(line + "\n")


class Moody:
    """A Graph server's moods: mostly well, sometimes slow, deaf, busy or gone."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def __call__(self, body: dict[str, Any]) -> Behaviour:
        receipts = Receipts(
            after_s=self._rng.uniform(0, 0.4), copies=self._rng.choice((1, 1, 2)), shuffled=True
        )
        mood = self._rng.random()
        if mood < 0.06:
            return hang_up(taken=True, receipts=receipts)
        if mood < 0.12:
            return hang_up(taken=False)
        if mood < 0.18:
            return refuse(131016, 503)
        return Behaviour(after_s=self._rng.uniform(0, 0.5), receipts=receipts)


@pytest.mark.parametrize(("seed", "rounds"), [(1, 3)])
def test_killed_under_load(tmp_path: Path, seed: int, rounds: int) -> None:
    play(tmp_path, seed=seed, rounds=rounds)


@pytest.mark.parametrize("moment_s", [0.05, QUIET_S + 0.15, QUIET_S + 0.6])
def test_killed_in_the_middle_of_a_large_batch(tmp_path: Path, moment_s: float) -> None:
    """While its messages are recorded, while their turns are taken, and while replies leave."""
    with Product(tmp_path / "data", SEND_UNCLEAR_SECONDS=str(UNCLEAR_S)) as product:
        product.graph.choose = lambda _: Behaviour(after_s=0.1)
        crowd = Crowd(product, random.Random(5), name="surge")
        crowd.surge(customers=60)
        time.sleep(moment_s)
        product.kill()
        product.start()
        settle(product, crowd)
        assert_nothing_twice(product, crowd, [product.ready_s])
        assert_all_is_shown(product, crowd)
        assert_most_were_answered(product, [crowd])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_killed_under_load_again_and_again(tmp_path: Path, seed: int) -> None:
    play(tmp_path, seed=seed, rounds=8)


def play(data: Path, *, seed: int, rounds: int) -> None:
    """Let several crowds write, one per round, and kill the process under each."""
    tell(f"seed {seed}, {rounds} rounds")
    rng = random.Random(seed)
    with Product(data / "data", SEND_UNCLEAR_SECONDS=str(UNCLEAR_S)) as product:
        moody = Moody(random.Random(rng.random()))
        crowds: list[Crowd] = []
        starts_s = [product.ready_s]
        for number in range(rounds):
            crowds.append(Crowd(product, rng, name=f"round {number}"))
            starts_s += kill_under(product, crowds[-1], moody, rng)
            settle(product, crowds[-1])
        for crowd in crowds:
            assert_nothing_twice(product, crowd, starts_s)
            assert_all_is_shown(product, crowd)
        assert_most_were_answered(product, crowds)


def kill_under(product: Product, crowd: Crowd, moody: Moody, rng: random.Random) -> list[float]:
    """Kill the process once to three times while a crowd writes; return when it was ready again."""
    product.graph.choose = moody
    crowd.write(customers=CUSTOMERS, bursts=BURSTS, within_s=2.0)
    starts_s = []
    for kill in range(rng.randint(1, 3)):
        moment_s = rng.uniform(0.05, 1.0) if kill else rng.uniform(0.3, 2.3)
        time.sleep(moment_s)
        product.kill()
        tell(f"killed {moment_s:.3f} s after the start")
        product.start()
        starts_s.append(product.ready_s)
    return starts_s


def settle(product: Product, crowd: Crowd) -> None:
    """Wait until everything that was accepted is answered or with people, and look how long it took."""
    product.graph.choose = lambda _: ACCEPT
    claimed = {person for person in crowd.unanswered() if is_claimed(product, person)}
    until(lambda: all(asked.accepted_s is not None for asked in crowd.asked))
    last_s = max([product.ready_s, *(asked.accepted_s or 0.0 for asked in crowd.asked)])
    left = until(
        lambda: still_open(product, crowd),
        lambda left: left <= claimed or time.monotonic() > last_s + RESUMES_WITHIN_S,
    )
    assert left <= claimed, f"not resumed: {[product.find(person) for person in left - claimed]}"
    left = until(
        lambda: still_open(product, crowd),
        lambda left: not left or time.monotonic() > last_s + SETTLES_WITHIN_S,
    )
    assert not left, f"not settled: {[product.find(person) for person in left]}"
    tell(f"settled {time.monotonic() - product.ready_s:.1f} s after ready, {len(claimed)} were claimed")


def still_open(product: Product, crowd: Crowd) -> set[str]:
    """List whose messages are neither answered nor in the people's queue."""
    return {person for person in crowd.unanswered() if not in_queue_with_reason(product.find(person))}


def is_claimed(product: Product, person: str) -> bool:
    return any(message["state"] in ("sending", "unclear") for message in product.outgoing(person))


def assert_nothing_twice(product: Product, crowd: Crowd, starts_s: list[float]) -> None:
    wrong = [twice for twice in crowd.twice() if not is_late_receipt(product, twice, starts_s)]
    assert not wrong, wrong


def is_late_receipt(product: Product, twice: Twice, starts_s: list[float]) -> bool:
    """Tell whether a second post is the rest that the promise states, which takes a receipt so late.

    Such a post is the same message again, after the unclear seconds in full, and no receipt
    of the first had been accepted by then.
    """
    (first, attempt), (second, again) = message_of(twice.first), message_of(twice.second)
    began_s = max([twice.first.at_s, *(start for start in starts_s if start < twice.second.at_s)])
    waited = twice.second.at_s - began_s >= UNCLEAR_S - 0.5
    receipt_s = product.graph.receipted_s.get(twice.first.wamid)
    unknown = receipt_s is None or receipt_s > twice.second.at_s - 1
    return first == second and again > attempt and waited and unknown


def assert_all_is_shown(product: Product, crowd: Crowd) -> None:
    until(product.courier.idle)
    for person in crowd.persons():
        taken = {message_of(post)[0] for post in product.graph.taken(person)}
        found = until(partial(shown, product, person, taken), lambda found: not found[1])
        assert sorted(found[0]) == sorted(crowd.wamids(person))


def shown(product: Product, person: str, taken: set[str]) -> tuple[list[str], set[str]]:
    """Return the incoming messages that the API shows, and what was taken without being shown so."""
    messages = product.conversation(person)["messages"]
    incoming = [message["wamid"] for message in messages if message["direction"] == "in"]
    proven = {message["id"] for message in messages if message["state"] in PROVEN}
    return incoming, taken - proven


def assert_most_were_answered(product: Product, crowds: list[Crowd]) -> None:
    """The people's queue is for what is unclear, not a way out."""
    open_ones = sum(len(asked) for crowd in crowds for asked in crowd.unanswered().values())
    total = sum(len(crowd.asked) for crowd in crowds)
    tell(f"{total} messages, {open_ones} of them with people")
    assert open_ones < total / 2
