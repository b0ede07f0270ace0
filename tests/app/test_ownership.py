"""A person beats the agent: promise 7, and what happens when the thread is given back."""

import pytest

from shared.domain.errors import Misconfigured, UnknownPerson
from shared.ports.assistant import Decision, NextStep
from shared.ports.graph import Refused, Unclear
from tests.app.customers import Customer, deliver, echo, outgoing, states
from tests.support.installation import MINUTE, SECOND, START_MS, Installation

RETRY = Refused(131016, 500, "try again")
PERMANENT = Refused(131026, 400, "undeliverable")


def take_over(installation: Installation, owner: str = "person:bia") -> None:
    installation.use_cases.set_owner("acme", "BR.1", owner)


def give_back(installation: Installation) -> None:
    take_over(installation, "agent")


@pytest.mark.parametrize("owner", ["person:bia", "queue", "paused"])
def test_after_a_takeover_before_the_turn_nothing_is_written(
    installation: Installation, ana: Customer, owner: str
) -> None:
    ana.writes()
    take_over(installation, owner)
    installation.rest()
    assert installation.assistant.briefings == []
    assert installation.view("BR.1")["owner"] == owner


def test_a_takeover_during_the_draft_drops_it(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.assistant.meanwhile.append(lambda: take_over(installation))
    installation.rest()
    assert outgoing(installation, "BR.1") == []
    assert installation.graph.posts == []


def test_taken_and_given_back_during_the_draft_is_answered_anew_and_once(
    installation: Installation, ana: Customer
) -> None:
    def there_and_back() -> None:
        take_over(installation)
        give_back(installation)

    ana.writes()
    installation.assistant.meanwhile.append(there_and_back)
    installation.rest()
    assert installation.texts() == ["oi"]
    assert len(outgoing(installation, "BR.1")) == 1


def test_a_takeover_cancels_what_is_queued(installation: Installation, ana: Customer) -> None:
    installation.assistant.script.append(Decision(("um", "dois", "três")))
    installation.graph.meanwhile.append(lambda: take_over(installation))
    ana.writes()
    installation.rest()
    assert installation.texts() == ["um"]
    assert states(installation, "BR.1") == [
        ("accepted", ""),
        ("cancelled", "taken over"),
        ("cancelled", "taken over"),
    ]


def test_what_is_in_flight_at_a_takeover_is_shown_so(installation: Installation, ana: Customer) -> None:
    seen: list[str] = []

    def look() -> None:
        take_over(installation)
        seen.extend(m["state"] for m in outgoing(installation, "BR.1"))

    installation.graph.meanwhile.append(look)
    ana.writes()
    installation.rest()
    assert seen == ["sending"]


def test_what_was_refused_in_flight_does_not_leave_after_a_takeover(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.append(RETRY)
    installation.graph.meanwhile.append(lambda: take_over(installation))
    ana.writes()
    installation.rest()
    assert len(installation.graph.posts) == 1
    assert states(installation, "BR.1") == [("cancelled", "taken over")]
    give_back(installation)
    installation.rest()
    assert installation.texts() == ["oi", "oi"]


@pytest.mark.parametrize("outcome", [RETRY, PERMANENT])
def test_refused_in_flight_while_taken_and_given_back(
    installation: Installation, ana: Customer, outcome: Refused
) -> None:
    def there_and_back() -> None:
        take_over(installation)
        give_back(installation)

    installation.graph.outcomes.append(outcome)
    installation.graph.meanwhile.append(there_and_back)
    ana.writes()
    installation.rest()
    answered = len(installation.graph.posts) == 2
    assert answered or installation.view("BR.1")["owner"] == "queue"


def test_unclear_in_flight_at_a_takeover_is_never_posted_again(
    installation: Installation, ana: Customer
) -> None:
    installation.graph.outcomes.append(Unclear("cut"))
    installation.graph.meanwhile.append(lambda: take_over(installation))
    ana.writes()
    installation.rest()
    assert states(installation, "BR.1") == [("unclear", "unclear send")]
    assert installation.view("BR.1")["owner"] == "person:bia"


def test_given_back_what_nobody_answered_is_answered_in_one_turn(
    installation: Installation, ana: Customer
) -> None:
    take_over_first(installation, ana)
    for text in ("a", "b", "c"):
        ana.writes(text)
        installation.run(MINUTE)
    give_back(installation)
    installation.rest()
    assert installation.texts() == ["a + b + c"]


def test_given_back_what_was_answered_stays_so(installation: Installation, ana: Customer) -> None:
    ana.writes("a")
    installation.rest()
    take_over(installation)
    ana.writes("b")
    give_back(installation)
    give_back(installation)
    installation.rest()
    assert installation.texts() == ["a", "b"]


def test_a_goodbye_that_had_not_left_is_not_sent_beside_the_new_answer(
    installation: Installation, ana: Customer
) -> None:
    installation.assistant.script.append(Decision(("tchau",), NextStep.HANDOVER))
    installation.graph.outcomes.append(RETRY)
    ana.writes()
    installation.run(3 * SECOND)
    give_back(installation)
    installation.rest()
    assert installation.texts() == ["tchau", "oi"]


def test_who_takes_over_a_thread_that_nobody_began(installation: Installation) -> None:
    with pytest.raises(UnknownPerson):
        take_over(installation)


@pytest.mark.parametrize("owner", ["", "person:", "nobody", "Agent"])
def test_an_owner_that_is_none_is_refused(installation: Installation, ana: Customer, owner: str) -> None:
    ana.writes()
    with pytest.raises(Misconfigured):
        take_over(installation, owner)


def test_the_epoch_moves_with_every_change_and_only_then(installation: Installation, ana: Customer) -> None:
    ana.writes()
    before = int(installation.view("BR.1")["epoch"])
    take_over(installation)
    take_over(installation)
    give_back(installation)
    assert installation.view("BR.1")["epoch"] == before + 2


def test_an_echo_is_a_takeover_and_answers_what_was_before_it(
    installation: Installation, ana: Customer
) -> None:
    ana.writes()
    installation.run(SECOND)
    echo(ana)
    installation.rest()
    assert installation.graph.posts == []
    found = installation.view("BR.1")
    assert found["owner"] == "person:phone"
    assert [m["text"] for m in found["messages"]] == ["oi", "aqui é a loja"]
    give_back(installation)
    installation.rest()
    assert installation.graph.posts == []


def test_an_echo_that_comes_twice_counts_once(installation: Installation, ana: Customer) -> None:
    ana.writes()
    echo(ana)
    give_back(installation)
    echo(ana)
    found = installation.view("BR.1")
    assert found["owner"] == "agent"
    assert len(found["messages"]) == 2


def test_an_echo_leaves_the_thread_to_the_person_who_has_it(
    installation: Installation, ana: Customer
) -> None:
    ana.writes()
    take_over(installation)
    echo(ana)
    assert installation.view("BR.1")["owner"] == "person:bia"


def test_an_older_echo_does_not_answer_newer_messages(installation: Installation, ana: Customer) -> None:
    installation.clock.ms += 100 * SECOND
    ana.writes("antes", at_ms=START_MS)
    ana.writes("depois", at_ms=START_MS + 50 * SECOND)
    echo(ana, at_ms=START_MS + 20 * SECOND)
    give_back(installation)
    installation.rest()
    assert installation.texts() == ["depois"]


def test_nor_when_the_newer_message_was_recorded_first(installation: Installation, ana: Customer) -> None:
    installation.clock.ms += 100 * SECOND
    ana.writes("depois", at_ms=START_MS + 50 * SECOND)
    ana.writes("antes", at_ms=START_MS)
    echo(ana, at_ms=START_MS + 20 * SECOND)
    give_back(installation)
    installation.rest()
    assert "depois" in installation.texts()[0]


def test_an_echo_cancels_what_is_queued(installation: Installation, ana: Customer) -> None:
    installation.assistant.script.append(Decision(("um", "dois")))
    installation.graph.meanwhile.append(lambda: echo(ana))
    ana.writes()
    installation.rest()
    assert installation.texts() == ["um"]


def test_an_echo_to_somebody_new_begins_a_conversation_of_a_person(
    installation: Installation, ana: Customer
) -> None:
    echo(ana)
    ana.writes()
    installation.rest()
    assert installation.graph.posts == []
    assert installation.view("BR.1")["owner"] == "person:phone"
    assert installation.view("5511987654321")["conversation"] == installation.view("BR.1")["conversation"]


@pytest.mark.parametrize("receiver", [{}, {"to": "   "}, {"to": True}, {"to_user_id": ["x"]}])
def test_an_echo_to_nobody_is_kept_and_makes_no_person(
    installation: Installation, receiver: dict[str, object]
) -> None:
    update = {"id": "w", "timestamp": "1790000000", "type": "text", "text": {"body": "x"}, **receiver}
    deliver(installation, {"message_echoes": [update]}, field_name="smb_message_echoes")
    assert installation.documents("persons") == []
    assert [d.data["reason"] for d in installation.documents("kept")] == ["no receiver"]


def take_over_first(installation: Installation, ana: Customer) -> None:
    ana.sends("reaction", {"emoji": "👍"})
    take_over(installation)


def test_what_failed_before_a_goodbye_is_answered_when_given_back(
    installation: Installation, ana: Customer
) -> None:
    """A goodbye that leaves after a failed answer must not count for what that one answered."""

    def hands_over_meanwhile() -> None:
        ana.writes("quero uma pessoa")
        installation.run(10 * SECOND)

    installation.assistant.script.append(Decision(("resposta",)))
    installation.assistant.script.append(Decision(("tchau",), NextStep.HANDOVER, reason="asked"))
    installation.graph.meanwhile.append(hands_over_meanwhile)
    installation.graph.outcomes.append(PERMANENT)
    ana.writes("quanto custa?")
    installation.rest()
    assert installation.view("BR.1")["owner"] == "queue"
    give_back(installation)
    installation.rest()
    assert "quanto custa?" in installation.texts()[-1]
