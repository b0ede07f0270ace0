"""A reply is neither lost nor doubled, in order, by the rules: promises 5, 6 and 8."""

import pytest

from shared.domain.errors import TasksUnavailable
from shared.ports.assistant import Decision
from shared.ports.graph import Accepted, Refused, Unclear
from tests.app.customers import Customer, receipt, seconds, states
from tests.support.installation import HOUR, MINUTE, SECOND, Installation, Moment

RETRY = Refused(131016, 500, "try again")
NOT_REACHED = Refused(None, None, "connection refused")
PAIR = Refused(131056, 400, "too many to one person")
BUSY = Refused(130429, 429, "too many")
TOKEN = Refused(190, 401, "token expired")
PERMANENT = Refused(131026, 400, "undeliverable")
OPTED_OUT = Refused(131050, 400, "opted out")


def post_times(installation: Installation) -> list[float]:
    """Tell the seconds of every post, from the first on."""
    first = installation.graph.posts[0].at_ms
    return [(post.at_ms - first) / SECOND for post in installation.graph.posts]


@pytest.mark.parametrize("refusal", [RETRY, NOT_REACHED, BUSY])
def test_a_passing_refusal_is_tried_again_ever_later(
    installation: Installation, ana: Customer, refusal: Refused
) -> None:
    installation.graph.outcomes.extend([refusal] * 8)
    ana.writes()
    installation.rest()
    assert post_times(installation) == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert states(installation, "BR.1") == [("accepted", "")]


def test_every_attempt_tells_its_number(installation: Installation, ana: Customer) -> None:
    installation.graph.outcomes.extend([RETRY] * 2)
    ana.writes()
    installation.rest()
    message = installation.graph.posts[0].message
    assert [post.callback for post in installation.graph.posts] == [
        f"atende:{message}:{attempt}" for attempt in (1, 2, 3)
    ]


def test_too_high_a_throughput_halves_the_rate_for_a_minute(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.append(BUSY)
    ana.writes()
    installation.run(3 * SECOND)
    until_ms = installation.graph.posts[0].at_ms + MINUTE
    assert installation.tasks.slowed == [("live-1001", 0.5, until_ms)]


def test_the_pair_rate_waits_4_to_the_x_for_that_person_only(
    installation: Installation, ana: Customer
) -> None:
    bia = Customer(installation, "5511911112222", "BR.2", name="Bia")
    installation.graph.outcomes.extend([PAIR] * 5)
    ana.writes()
    installation.run(100 * SECOND)
    bia.writes("eu sou outra")
    installation.rest()
    to_ana = [p.at_ms for p in installation.graph.posts if p.body["to"] == ana.phone]
    assert [(at_ms - to_ana[0]) / SECOND for at_ms in to_ana] == [0, 1, 5, 21, 85, 341]
    to_bia = [seconds(p.at_ms) for p in installation.graph.posts if p.body["to"] == bia.phone]
    assert to_bia == [103.0]


def test_the_pair_waits_start_again_after_a_success(installation: Installation, ana: Customer) -> None:
    installation.graph.outcomes.extend([PAIR, PAIR, Accepted("w1"), PAIR, Accepted("w2")])
    installation.assistant.script.append(Decision(("um", "dois")))
    ana.writes()
    installation.rest()
    assert installation.texts() == ["um", "um", "um", "dois", "dois"]
    times = post_times(installation)
    assert times[4] - times[3] == 1


def test_a_person_gets_45_at_once_and_then_one_per_six_seconds(
    installation: Installation, ana: Customer
) -> None:
    installation.assistant.script.append(Decision(tuple(str(n) for n in range(50))))
    ana.writes()
    installation.rest()
    times = post_times(installation)
    assert times[:46] == [0.0] * 45 + [6.0]
    assert times[46:] == [12.0, 18.0, 24.0, 30.0]


@pytest.mark.parametrize(("refusal", "reason"), [(PERMANENT, "undeliverable"), (OPTED_OUT, "opted out")])
def test_a_refusal_for_good_cancels_the_rest_and_calls_people(
    installation: Installation, ana: Customer, refusal: Refused, reason: str
) -> None:
    installation.assistant.script.append(Decision(("um", "dois", "três")))
    installation.graph.outcomes.extend([Accepted("w1"), refusal])
    ana.writes()
    installation.rest()
    assert installation.texts() == ["um", "dois"]
    assert states(installation, "BR.1") == [("accepted", ""), ("failed", reason), ("cancelled", reason)]
    found = installation.view("BR.1")
    assert (found["owner"], found["reason"]) == ("queue", reason)


def test_what_was_refused_for_good_is_answered_anew_when_given_back(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.append(PERMANENT)
    ana.writes()
    installation.rest()
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    assert installation.texts() == ["oi", "oi"]


def test_a_later_answer_behind_a_failed_one_does_not_leave_either(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.append(PERMANENT)
    installation.graph.meanwhile.append(lambda: void(ana.writes("mais")))
    ana.writes()
    installation.rest()
    assert installation.texts() == ["oi"]
    assert installation.view("BR.1")["owner"] == "queue"


def test_an_opt_out_is_recorded(installation: Installation, ana: Customer) -> None:
    installation.graph.outcomes.append(OPTED_OUT)
    ana.writes()
    installation.rest()
    assert installation.documents("conversations")[0].data["opted_out"] is True


def test_trouble_for_the_operator_stops_the_number_until_it_is_resumed(
    installation: Installation, ana: Customer
) -> None:
    bia = Customer(installation, "5511911112222", "BR.2")
    installation.graph.outcomes.append(TOKEN)
    ana.writes("a")
    installation.run(5 * SECOND)
    bia.writes("b")
    installation.run(30 * MINUTE)
    assert installation.texts() == ["a"]
    assert states(installation, "BR.1") == [("queued", "token invalid")]
    installation.use_cases.resume_number("acme", "1001")
    installation.run(MINUTE + SECOND)
    assert sorted(installation.texts()) == ["a", "a", "b"]


def test_a_stopped_number_does_not_stop_another(installation: Installation, ana: Customer) -> None:
    bia = Customer(installation, "5511911112222", "BR.2")
    installation.graph.outcomes.append(TOKEN)
    ana.writes("a", number="1001")
    installation.run(5 * SECOND)
    bia.writes("b", number="1002")
    installation.run(5 * SECOND)
    assert installation.texts() == ["a", "b"]


def test_an_answer_that_cannot_leave_in_time_goes_to_people(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.extend([TOKEN] * 10_000)
    ana.writes("a")
    installation.run(5 * HOUR)
    assert states(installation, "BR.1") == [("cancelled", "deadline passed")]
    assert installation.view("BR.1")["owner"] == "queue"


def test_a_person_without_a_phone_is_addressed_by_user_id(installation: Installation) -> None:
    hidden = Customer(installation, phone=None)
    hidden.writes()
    installation.rest()
    body = installation.graph.posts[0].body
    assert body["recipient"] == "BR.1"
    assert "to" not in body


# An unclear outcome


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


def test_a_tasks_outage_does_not_make_a_certain_refusal_unclear(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.append(BUSY)
    installation.fate.strike(lambda moment: moment.label == "tasks.slow_down", TasksUnavailable())
    ana.writes("a")
    installation.rest()
    assert installation.texts() == ["a", "a"]


def void(_: object) -> None:
    """Forget a result."""
