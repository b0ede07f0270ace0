"""What the sweeper finds, and how a killed process comes back: promises 1, 4 and 5."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from shared.domain.errors import Retryable, StoreUnavailable, TasksUnavailable
from shared.domain.rules import Rules
from shared.ports.assistant import Action, Decision, NextStep
from shared.ports.graph import Accepted, Refused, SendOutcome, Unclear
from tests.app.customers import Customer, outgoing, states
from tests.support.installation import HOUR, MINUTE, SECOND, Installation, Moment


def sweep_for(installation: Installation, minutes: int) -> None:
    for _ in range(minutes):
        installation.run(MINUTE)
        installation.use_cases.sweep()
    installation.run(5 * SECOND)


def test_the_sweeper_finds_a_lost_turn_task(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.forget_jobs()
    sweep_for(installation, 3)
    assert installation.texts() == ["oi"]


def test_the_sweeper_finds_a_lost_sender_task(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.assistant.meanwhile.append(lambda: setattr(installation.tasks, "loses", True))
    installation.run(4 * SECOND)
    installation.tasks.loses = False
    assert installation.texts() == []
    sweep_for(installation, 3)
    assert installation.texts() == ["oi"]


def test_the_sweeper_asks_for_a_lost_task_by_a_new_name(installation: Installation, ana: Customer) -> None:
    """Its own name was used: the queue would refuse it for an hour."""
    installation.graph.outcomes.append(Refused(131016, 500, "again"))
    ana.writes()
    installation.run(3 * SECOND)
    installation.forget_jobs()
    sweep_for(installation, 3)
    assert installation.texts() == ["oi", "oi"]


def test_the_sweeper_finds_a_dead_lease(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.run(2 * SECOND)
    installation.fate.strike(lambda moment: moment.label == "assistant.decide", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        installation.run(2 * SECOND)
    sweep_for(installation, 4)
    assert installation.texts() == ["oi"]


def test_a_lease_that_died_during_a_takeover_leads_to_no_answer(
    installation: Installation, ana: Customer
) -> None:
    def taken_over(moment: Moment) -> bool:
        if moment.label != "assistant.decide":
            return False
        installation.use_cases.set_owner("acme", "BR.1", "person:bia")
        return True

    ana.writes()
    installation.fate.strike(taken_over, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        installation.run(3 * SECOND)
    sweep_for(installation, 4)
    assert outgoing(installation, "BR.1") == []
    assert installation.documents("conversations")[0].data["turn"]["lease"] is None


def test_the_sweeper_finds_a_dead_claim(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.run(2 * SECOND)
    installation.fate.strike(lambda moment: moment.label == "graph.send", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        installation.run(2 * SECOND)
    sweep_for(installation, 6)
    assert installation.texts() == []
    assert installation.view("BR.1")["reason"] == "unclear send"


def test_the_sweeper_finds_a_lost_action(installation: Installation, ana: Customer) -> None:
    installation.assistant.script.append(Decision(("já",), actions=(Action("order"),)))
    ana.writes()
    installation.assistant.meanwhile.append(lambda: setattr(installation.tasks, "loses", True))
    installation.run(4 * SECOND)
    installation.tasks.loses = False
    sweep_for(installation, 5)
    assert len(installation.actions.performed) == 1
    assert installation.texts() == ["já", "order: done: ok"]


def test_the_sweeper_leaves_alone_what_is_not_stuck(installation: Installation, ana: Customer) -> None:
    for _ in range(3):
        assert installation.use_cases.sweep() == 0
        ana.writes()
        installation.run(10 * SECOND)
    assert installation.use_cases.sweep() == 0
    installation.rest()
    installation.run(HOUR)
    assert installation.use_cases.sweep() == 0


def test_two_sweeps_ask_for_one_task_per_stuck_thing(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.forget_jobs()
    installation.run(2 * MINUTE)
    before = len(installation.tasks.asked)
    assert installation.use_cases.sweep() == 1
    assert installation.use_cases.sweep() == 0
    assert len(installation.tasks.asked) == before + 1


def test_the_sweeper_bounds_its_work_and_comes_to_everybody(installation: Installation) -> None:
    for n in range(130):
        Customer(installation, f"55119111{n:05d}", f"BR.{n}").writes()
    installation.forget_jobs()
    installation.run(2 * MINUTE)
    assert installation.use_cases.sweep() == 100
    assert installation.use_cases.sweep() == 30
    installation.rest()
    assert len(installation.graph.posts) == 130


def test_recover_voids_a_lease_at_once(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.fate.strike(lambda moment: moment.label == "assistant.decide")
    installation.rest()
    assert installation.deaths == 1
    assert (installation.graph.posts[0].at_ms - installation.tasks.asked[0].at_ms) <= 10 * SECOND


def test_recover_asks_for_a_due_turn_whose_task_was_never_asked_for(
    installation: Installation, ana: Customer
) -> None:
    """Killed between the commit that gave the thread back and its task."""
    ana.writes()
    installation.use_cases.set_owner("acme", "BR.1", "person:bia")
    installation.rest()
    installation.tasks.loses = True
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.tasks.loses = False
    installation.use_cases.recover()
    installation.run(13 * SECOND)
    assert installation.texts() == ["oi"]


# Death at every port call of a whole story

Story = Callable[[Installation], None]


def simple(installation: Installation) -> None:
    ana = Customer(installation)
    ana.publishes("oi")
    installation.clock.ms += SECOND
    ana.publishes("é pra hoje")


def with_action(installation: Installation) -> None:
    installation.assistant.script.append(Decision(("já pedi",), actions=(Action("order"),)))
    simple(installation)


def handed_over(installation: Installation) -> None:
    installation.assistant.script.append(Decision(("um", "dois"), NextStep.HANDOVER, reason="asked"))
    simple(installation)


def refused(outcome: SendOutcome) -> Story:
    def story(installation: Installation) -> None:
        installation.graph.outcomes.append(outcome)
        installation.graph.outcomes.append(Accepted("w"))
        simple(installation)

    return story


def calls_of(story: Story) -> int:
    installation = Installation()
    story(installation)
    installation.rest()
    return len(installation.fate.calls)


STORIES = [simple, with_action, handed_over, refused(Refused(131016, 500, "")), refused(Unclear("cut"))]
NAMES = ["simple", "action", "handover", "refused", "unclear"]


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_a_death_at_any_port_call_neither_loses_nor_doubles(story: Story, done: bool) -> None:
    calls = calls_of(story)
    assert calls > 15
    for place in range(calls):
        installation = Installation()
        installation.fate.strike(partial(is_at, place=place, done=done))
        story(installation)
        installation.rest()
        assert installation.deaths == 1, place
        check_once(installation, place)


def check_once(installation: Installation, place: int) -> None:
    """Each text was posted once, or refused and then posted once, or people see it as unclear."""
    installation.fate.spare()
    found = installation.view("BR.1")
    shown = states(installation, "BR.1")
    incoming = [m["text"] for m in found["messages"] if m["direction"] == "in"]
    assert incoming == ["oi", "é pra hoje"], place
    texts = [m["text"] for m in found["messages"] if m["state"] in ("accepted", "unclear")]
    assert len(set(texts)) == len(texts), (place, texts)
    unclear = any(state == "unclear" for state, _ in shown)
    assert shown, place
    assert all(state in ("accepted", "unclear", "cancelled") for state, _ in shown), (place, shown)
    if unclear:
        assert (found["owner"], found["reason"]) in (
            ("queue", "unclear send"),
            ("queue", "asked"),
        ), (place, found)
    assert len({p.callback for p in installation.graph.posts}) == len(installation.graph.posts), place
    documents = installation.documents("conversations")
    assert not any(d.data["outbox"]["queued"] for d in documents), place
    assert len([d for d in documents if not d.data["merged_into"]]) == 1


@pytest.mark.parametrize("story", STORIES[:2], ids=NAMES[:2])
def test_two_deaths_neither_lose_nor_double(story: Story) -> None:
    calls = calls_of(story)
    for first in range(0, calls, 3):
        for second in range(first + 1, calls + 10, 4):
            installation = Installation(Rules(quiet_ms=SECOND))
            fall = iter((first, second))
            strike_again(installation, fall)
            story(installation)
            installation.rest()
            check_once(installation, first)


def strike_again(installation: Installation, places: Iterator[int]) -> None:
    place = next(places, None)
    if place is None:
        return

    def when(moment: Moment) -> bool:
        if moment.place < place:
            return False
        strike_again(installation, places)
        return True

    installation.fate.strike(when)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES[:4], ids=NAMES[:4])
def test_an_outage_at_any_port_call_neither_loses_nor_doubles_nor_makes_unclear(
    story: Story, done: bool
) -> None:
    plain = Installation()
    story(plain)
    plain.rest()
    for place, label in enumerate(plain.fate.calls):
        error = OUTAGES.get(label.partition(".")[0])
        if error is None:
            continue
        installation = Installation()
        installation.fate.strike(partial(is_at, place=place, done=done), error())
        story(installation)
        installation.rest()
        check_once(installation, place)
        assert "unclear" not in {state for state, _ in states(installation, "BR.1")}, (place, label)


OUTAGES: dict[str, type[Retryable]] = {"store": StoreUnavailable, "tasks": TasksUnavailable}


def is_at(moment: Moment, *, place: int, done: bool) -> bool:
    return (moment.place, moment.done) == (place, done)
