"""Something happens at every single port call of a story: between any read and its commit."""

from collections.abc import Callable, Iterator

import pytest

from shared.domain.errors import Retryable, UnknownPerson
from tests.app.customers import Customer, echo, outgoing
from tests.app.test_identity import humans
from tests.support.installation import SECOND, START_MS, Installation, Moment

Step = Callable[[Installation, Customer], None]


def story(installation: Installation, *, balloons: bool) -> Customer:
    """Two messages one second apart, answered in one balloon or in two."""
    installation.assistant.balloons = balloons
    ana = Customer(installation)
    ana.publishes("oi")
    installation.clock.ms += SECOND
    ana.publishes("é pra hoje")
    return ana


def with_step_at_every_call(step: Step, *, balloons: bool = False) -> Iterator[tuple[int, Installation]]:
    """Live through the story, once per port call, with the step taken just before that call."""
    plain = Installation()
    story(plain, balloons=balloons)
    plain.rest()
    for place in range(len(plain.fate.calls)):
        installation = Installation()
        ana = story(installation, balloons=balloons)
        taken: list[int] = []

        def strike(moment: Moment, *, place: int = place, taken: list[int] = taken) -> bool:
            if moment.place == place and not moment.done and not taken:
                taken.append(place)
                step(installation, ana)  # noqa: B023 - called before the next round
            return False

        installation.fate.strike(strike)
        installation.rest()
        assert taken == [place]
        installation.fate.spare()
        yield place, installation


def answered(installation: Installation) -> list[str]:
    """List what the messages that reached Meta answer, token by token."""
    shown = outgoing(installation, "BR.1")
    sent = [m["text"] for m in shown if m["state"] == "accepted" and m["wamid"].startswith("wamid.out")]
    return sorted(part for text in sent for part in text.split(" + "))


def test_a_takeover_at_any_moment_beats_the_agent() -> None:
    claimed: list[bool] = []
    posts: list[int] = []

    def takes_over(installation: Installation, _ana: Customer) -> None:
        del claimed[:], posts[:]
        try:
            installation.use_cases.set_owner("acme", "BR.1", "person:bia")
        except UnknownPerson:
            return
        held = installation.documents("conversations")[0].data["outbox"]["inflight"]
        claimed.append(held is not None)
        posts.append(len(installation.graph.posts))

    for place, installation in with_step_at_every_call(takes_over):
        if not claimed:
            continue
        assert len(installation.graph.posts) - posts[0] <= int(claimed[0]), place
        installation.use_cases.set_owner("acme", "BR.1", "agent")
        installation.rest()
        assert set(answered(installation)) == {"oi", "é pra hoje"}, place


@pytest.mark.parametrize("balloons", [False, True])
def test_a_message_at_any_moment_is_answered_once(balloons: bool) -> None:
    def writes(_installation: Installation, ana: Customer) -> None:
        ana.writes("no meio")

    for place, installation in with_step_at_every_call(writes, balloons=balloons):
        assert answered(installation) == ["no meio", "oi", "é pra hoje"], place


def test_a_second_delivery_at_any_moment_changes_nothing() -> None:
    def again(installation: Installation, _ana: Customer) -> None:
        for topic, event in installation.bus.published:
            installation.take(topic, event)

    for place, installation in with_step_at_every_call(again, balloons=True):
        assert answered(installation) == ["oi", "é pra hoje"], place
        assert len(installation.view("BR.1")["messages"]) == 4, place


def test_every_task_once_more_at_any_moment_changes_nothing() -> None:
    def again(installation: Installation, _ana: Customer) -> None:
        for task in list(installation.tasks.asked):
            handler = installation.use_cases.take_turn
            handler = handler if task.queue == "turns" else installation.use_cases.send_next
            handler(task.payload)

    for place, installation in with_step_at_every_call(again):
        assert answered(installation) == ["oi", "é pra hoje"], place


def test_an_echo_at_any_moment_beats_the_agent() -> None:
    claimed: list[int] = []

    def types(installation: Installation, ana: Customer) -> None:
        echo(ana, at_ms=START_MS)
        held = installation.documents("conversations")[0].data["outbox"]["inflight"]
        claimed[:] = [len(installation.graph.posts) + int(held is not None)]

    for place, installation in with_step_at_every_call(types):
        assert len(installation.graph.posts) <= claimed[0], place
        assert installation.view("BR.1")["owner"] == "person:phone", place


def test_a_merge_at_any_moment_answers_everything_once() -> None:
    def shows_both(installation: Installation, _ana: Customer) -> None:
        Customer(installation, None, None, parent="BR.P").writes("antes de tudo")
        try:
            Customer(installation, parent="BR.P").writes("sou eu")
        except Retryable:
            Customer(installation, parent="BR.P").publishes("sou eu")

    for place, installation in with_step_at_every_call(shows_both):
        assert humans(installation) == 1, place
        assert answered(installation) == ["antes de tudo", "oi", "sou eu", "é pra hoje"], place


@pytest.mark.parametrize("owner", ["queue", "paused"])
def test_taken_and_given_back_at_any_moment_answers_everything(owner: str) -> None:
    def there_and_back(installation: Installation, _ana: Customer) -> None:
        try:
            installation.use_cases.set_owner("acme", "BR.1", owner)
            installation.use_cases.set_owner("acme", "BR.1", "agent")
        except UnknownPerson:
            return

    for place, installation in with_step_at_every_call(there_and_back):
        assert set(answered(installation)) == {"oi", "é pra hoje"}, place
