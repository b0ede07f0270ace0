"""Actions: after the commit, once where it matters, and told. Promise 13."""

from shared.ports.actions import Declined, Unknown
from shared.ports.assistant import Action, Decision, NextStep
from tests.app.customers import Customer, seconds
from tests.support.installation import SECOND, Installation


def asks_for(installation: Installation, *kinds: str) -> None:
    installation.assistant.script.append(Decision(("já pedi",), actions=tuple(Action(k) for k in kinds)))


def test_an_action_is_carried_out_after_the_commit_and_its_result_opens_a_turn(
    installation: Installation, ana: Customer
) -> None:
    asks_for(installation, "order")
    ana.writes()
    installation.rest()
    assert [kind for kind, _ in installation.actions.performed] == ["order"]
    assert installation.texts() == ["já pedi", "order: done: ok"]
    told = installation.assistant.briefings[1].unanswered
    assert [(line.author, line.text) for line in told] == [("action", "order: done: ok")]


def test_the_result_is_no_message_of_the_timeline(installation: Installation, ana: Customer) -> None:
    asks_for(installation, "order")
    ana.writes()
    installation.rest()
    assert len(installation.view("BR.1")["messages"]) == 3


def test_a_dropped_draft_leaves_no_trace(installation: Installation, ana: Customer) -> None:
    asks_for(installation, "order")
    installation.assistant.script.append(Decision(("sem pedido",)))
    ana.writes()
    installation.assistant.meanwhile.append(lambda: forget(ana.writes("não, espera")))
    installation.rest()
    assert installation.actions.performed == []
    assert installation.documents("actions") == []


def test_what_the_provider_declines_is_told_too(installation: Installation, ana: Customer) -> None:
    asks_for(installation, "charge")
    installation.actions.outcomes.append(Declined("no card"))
    ana.writes()
    installation.rest()
    assert installation.texts()[1] == "charge: declined: no card"


def test_a_provider_that_takes_our_key_is_asked_again_with_it(
    installation: Installation, ana: Customer
) -> None:
    asks_for(installation, "order")
    installation.actions.outcomes.extend([Unknown("lost"), Unknown("lost")])
    ana.writes()
    installation.rest()
    assert len(installation.actions.performed) == 3
    assert len({key for _, key in installation.actions.performed}) == 1
    assert installation.texts()[1] == "order: done: ok"


def test_it_is_asked_five_times_at_most(installation: Installation, ana: Customer) -> None:
    asks_for(installation, "order")
    installation.actions.outcomes.extend([Unknown("lost")] * 9)
    ana.writes()
    installation.rest()
    assert len(installation.actions.performed) == 5
    assert installation.view("BR.1")["reason"] == "unclear action: order"


def test_any_other_provider_is_asked_once_and_an_unclear_outcome_goes_to_a_person(
    installation: Installation, ana: Customer
) -> None:
    asks_for(installation, "charge")
    installation.actions.outcomes.append(Unknown("lost"))
    ana.writes()
    installation.rest()
    assert len(installation.actions.performed) == 1
    found = installation.view("BR.1")
    assert (found["owner"], found["reason"]) == ("queue", "unclear action: charge")


def test_an_attempt_that_was_cut_off_is_not_repeated_without_a_key(
    installation: Installation, ana: Customer
) -> None:
    asks_for(installation, "charge")
    installation.fate.strike(lambda moment: moment.label == "actions.perform" and moment.done)
    ana.writes()
    installation.rest()
    assert installation.deaths == 1
    assert len(installation.actions.performed) == 1
    assert installation.view("BR.1")["reason"] == "unclear action: charge"


def test_an_attempt_that_was_cut_off_is_repeated_with_the_key(
    installation: Installation, ana: Customer
) -> None:
    asks_for(installation, "order")
    installation.fate.strike(lambda moment: moment.label == "actions.perform" and moment.done)
    ana.writes()
    installation.rest()
    assert len(installation.actions.performed) == 2
    assert installation.texts()[1] == "order: done: ok"


def test_a_result_after_a_takeover_waits_for_the_agent(installation: Installation, ana: Customer) -> None:
    asks_for(installation, "order")
    installation.graph.meanwhile.append(
        lambda: forget(installation.use_cases.set_owner("acme", "BR.1", "person:bia"))
    )
    ana.writes()
    installation.rest()
    assert installation.texts() == ["já pedi"]
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    assert installation.texts() == ["já pedi", "order: done: ok"]


def test_a_handover_with_an_action_is_carried_out_and_people_have_the_thread(
    installation: Installation, ana: Customer
) -> None:
    installation.assistant.script.append(
        Decision(("tchau",), NextStep.HANDOVER, actions=(Action("order"),), reason="wants a person")
    )
    ana.writes()
    installation.rest()
    assert len(installation.actions.performed) == 1
    assert installation.texts() == ["tchau"]
    assert installation.view("BR.1")["reason"] == "wants a person"


def test_several_actions_are_told_in_one_turn(installation: Installation, ana: Customer) -> None:
    asks_for(installation, "order", "charge")
    ana.writes()
    installation.rest()
    assert installation.texts()[1:] == ["order: done: ok + charge: done: ok"]


def test_a_death_after_the_result_delays_its_turn_by_little(
    installation: Installation, ana: Customer
) -> None:
    """The result is stored, its turn not yet asked for: the task's repetition must ask for it."""
    asks_for(installation, "order")
    ana.writes()
    installation.run(2 * SECOND)
    finished = False

    def after_finish(moment: object) -> bool:
        nonlocal finished
        finished = any(d.data["state"] == "done" for d in installation.documents("actions"))
        return finished

    installation.fate.strike(after_finish)
    installation.rest()
    assert installation.deaths == 1
    assert installation.texts() == ["já pedi", "order: done: ok"]
    assert seconds(installation.graph.posts[1].at_ms) <= 3 + 3 + 10


def forget(_: object) -> None:
    """Forget a result."""
