"""A post whose outcome is unclear: proven by its receipt, posted once more on evidence, or a person's."""

from shared.domain.errors import StoreUnavailable
from shared.ports.graph import Accepted, Refused, Unclear
from tests.app.customers import Customer, receipt, states
from tests.app.test_sending import post_times
from tests.support.installation import MINUTE, SECOND, Installation, Moment

RETRY = Refused(131016, 500, "try again")


def unclear_answer(installation: Installation, ana: Customer) -> None:
    installation.graph.outcomes.append(Unclear("cut"))
    ana.writes("a")
    installation.run(3 * SECOND)


def other_post_with_receipt(installation: Installation, *, after_ms: int = 10 * SECOND) -> None:
    """Let somebody else's answer be posted later, and a receipt for it arrive."""
    bia = Customer(installation, "5511911112222", "BR.2")
    installation.run(after_ms)
    bia.writes("b")
    installation.run(4 * SECOND)
    receipt(installation, installation.graph.posts[-1], "sent", wamid="wamid.out.2")


def test_an_unclear_post_that_a_receipt_proves_stands_as_sent(
    installation: Installation, ana: Customer
) -> None:
    unclear_answer(installation, ana)
    installation.run(10 * SECOND)
    receipt(installation, installation.graph.posts[0], "delivered")
    installation.rest()
    assert installation.texts() == ["a"]
    assert states(installation, "BR.1") == [("delivered", "")]
    assert installation.view("BR.1")["owner"] == "agent"


def test_evidence_of_loss_posts_it_once_more(installation: Installation, ana: Customer) -> None:
    unclear_answer(installation, ana)
    other_post_with_receipt(installation)
    installation.rest()
    assert installation.texts() == ["a", "b", "a"]
    assert post_times(installation)[2] == 60.0
    assert states(installation, "BR.1") == [("accepted", "")]


def test_a_receipt_that_comes_while_it_is_decided_is_not_overlooked(
    installation: Installation, ana: Customer
) -> None:
    """It arrives after the decision was read for, and before it is stored."""
    unclear_answer(installation, ana)
    other_post_with_receipt(installation)
    installation.run(40 * SECOND)
    first = installation.graph.posts[0]

    arrived: list[int] = []

    def just_in_time(moment: Moment) -> bool:
        if moment.label == "store.commit" and not moment.done and not arrived:
            arrived.append(installation.clock.ms)
            receipt(installation, first, "sent")
        return False

    installation.fate.strike(just_in_time)
    installation.rest()
    assert installation.texts() == ["a", "b"]


def test_a_second_unclear_outcome_goes_to_a_person(installation: Installation, ana: Customer) -> None:
    unclear_answer(installation, ana)
    installation.graph.outcomes.extend([Accepted("w"), Unclear("cut again")])
    other_post_with_receipt(installation)
    installation.run(47 * SECOND)
    assert installation.texts() == ["a", "b", "a"]
    other_post_with_receipt(installation)
    installation.rest()
    assert installation.texts() == ["a", "b", "a", "b"]
    assert states(installation, "BR.1") == [("unclear", "unclear send")]
    found = installation.view("BR.1")
    assert (found["owner"], found["reason"]) == ("queue", "unclear send")


def test_without_evidence_it_goes_to_a_person(installation: Installation, ana: Customer) -> None:
    unclear_answer(installation, ana)
    installation.rest()
    assert installation.texts() == ["a"]
    assert states(installation, "BR.1") == [("unclear", "unclear send")]
    assert installation.view("BR.1")["reason"] == "unclear send"


def test_receipts_for_earlier_posts_are_no_evidence(installation: Installation, ana: Customer) -> None:
    bia = Customer(installation, "5511911112222", "BR.2")
    bia.writes("b")
    installation.run(3 * SECOND)
    unclear_answer(installation, ana)
    installation.run(10 * SECOND)
    receipt(installation, installation.graph.posts[0], "sent")
    installation.rest()
    assert installation.texts() == ["b", "a"]
    assert installation.view("BR.1")["owner"] == "queue"


def test_receipts_of_another_number_are_no_evidence(installation: Installation, ana: Customer) -> None:
    bia = Customer(installation, "5511911112222", "BR.2")
    unclear_answer(installation, ana)
    bia.writes("b", number="1002")
    installation.run(4 * SECOND)
    receipt(installation, installation.graph.posts[-1], "sent", wamid="wamid.out.2")
    installation.rest()
    assert installation.texts() == ["a", "b"]


def test_an_unclear_post_holds_back_what_comes_after_it(installation: Installation, ana: Customer) -> None:
    unclear_answer(installation, ana)
    ana.writes("depois")
    installation.run(30 * SECOND)
    assert installation.texts() == ["a"]
    receipt(installation, installation.graph.posts[0], "sent")
    installation.run(31 * SECOND)
    assert installation.texts() == ["a", "depois"]


def test_a_receipt_after_the_decision_tells_that_it_had_arrived(
    installation: Installation, ana: Customer
) -> None:
    unclear_answer(installation, ana)
    installation.rest()
    receipt(installation, installation.graph.posts[0], "read")
    assert [state for state, _ in states(installation, "BR.1")] == ["read"]


def test_a_sender_that_died_after_the_claim_leaves_it_unclear(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("a")
    installation.fate.strike(lambda moment: moment.label == "graph.send" and not moment.done)
    installation.run(3 * SECOND)
    assert installation.deaths == 1
    died_ms = installation.clock.ms
    assert [state for state, _ in states(installation, "BR.1")] == ["unclear"]
    installation.rest()
    assert installation.texts() == []
    assert installation.view("BR.1")["reason"] == "unclear send"
    assert installation.clock.ms - died_ms <= 70 * SECOND


def test_a_claim_without_an_answer_is_not_mistaken_for_anothers(
    installation: Installation, ana: Customer
) -> None:
    """Two senders meet: the store does not answer the one, and the other has the claim."""
    installation.graph.outcomes.append(Unclear("cut"))
    ana.writes("a")
    installation.run(2 * SECOND)

    def other_sender_first(moment: Moment) -> bool:
        found = installation.documents("conversations")[0].data["outbox"]
        if moment.label != "store.commit" or moment.done or not found["queued"]:
            return False
        task = next(t for t in installation.tasks.asked if t.queue == "live-1001")
        installation.use_cases.send_next(task.payload)
        return True

    installation.fate.strike(other_sender_first, StoreUnavailable())
    installation.run(30 * SECOND)
    assert installation.texts() == ["a"]


def test_an_outcome_that_comes_very_late_is_not_taken_for_the_next_posts(
    installation: Installation, ana: Customer
) -> None:
    def meanwhile() -> None:
        for _ in range(4):
            installation.run(MINUTE)
            installation.use_cases.sweep()
        installation.run(SECOND)
        assert installation.view("BR.1")["reason"] == "unclear send"
        installation.use_cases.set_owner("acme", "BR.1", "agent")
        installation.graph.outcomes.append(Unclear("cut"))
        ana.writes("b")
        installation.run(5 * SECOND)
        installation.graph.outcomes.append(Accepted("wamid.late"))

    ana.writes("a")
    installation.graph.meanwhile.append(meanwhile)
    installation.run(3 * SECOND)
    assert installation.texts() == ["a", "b"]
    first, second = states(installation, "BR.1")
    assert first[0] == second[0] == "unclear"


def test_a_late_sender_does_not_post_what_may_be_settled_meanwhile(
    installation: Installation, ana: Customer
) -> None:
    """The claim's commit takes so long that the post would end after the claim."""

    def slow_commit(moment: Moment) -> bool:
        stored = [d.data["outbox"]["inflight"] for d in installation.documents("conversations")]
        if moment.label == "store.commit" and moment.done and any(stored):
            installation.clock.ms += 31 * SECOND
        return False

    installation.fate.strike(slow_commit)
    ana.writes("a")
    installation.run(3 * SECOND)
    assert installation.texts() == []


def test_a_reposted_answer_that_a_takeover_cancels_is_not_forgotten(
    installation: Installation, ana: Customer
) -> None:
    """Evidence said that it was lost: given back, the customer is still without an answer."""
    unclear_answer(installation, ana)
    other_post_with_receipt(installation)
    installation.graph.outcomes.append(RETRY)
    installation.run(46 * SECOND)
    assert installation.texts() == ["a", "b", "a"]
    installation.use_cases.set_owner("acme", "BR.1", "person:bia")
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    assert installation.texts() == ["a", "b", "a", "a"]
