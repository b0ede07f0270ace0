"""A reply is neither lost nor doubled, in order, by the rules: promises 5, 6 and 8."""

import pytest

from shared.domain.errors import TasksUnavailable
from shared.ports.assistant import Decision
from shared.ports.graph import Accepted, Refused
from tests.app.customers import Customer, seconds, states
from tests.support.installation import HOUR, MINUTE, SECOND, Installation

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
