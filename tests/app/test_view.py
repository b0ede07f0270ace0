"""What people see: order, states, reasons, times, and what was kept."""

import json

from shared.ports.assistant import Decision
from shared.ports.graph import Refused
from tests.app.customers import Customer, echo
from tests.support.installation import HOUR, SECOND, START_MS, Installation


def texts(installation: Installation, identifier: str = "BR.1") -> list[str]:
    return [m["text"] for m in installation.view(identifier)["messages"]]


def test_an_unknown_person_has_no_view(installation: Installation, ana: Customer) -> None:
    ana.writes()
    for identifier in ("BR.2", "5511900000000", "", " ", "a/b", "id" + "0" * 18, "é" * 300):
        assert installation.use_cases.view("acme", identifier) is None


def test_a_row_has_what_the_contract_names(installation: Installation, ana: Customer) -> None:
    wamid = ana.writes()
    installation.rest()
    found = installation.view("BR.1")
    assert {"conversation", "owner", "epoch", "person", "messages", "kept"} <= set(found)
    incoming, answer = found["messages"]
    assert incoming == {
        "id": incoming["id"],
        "direction": "in",
        "kind": "text",
        "text": "oi",
        "state": "received",
        "reason": "",
        "at": "2026-09-21T14:13:20.000Z",
        "wamid": wamid,
    }
    assert (answer["direction"], answer["state"], answer["wamid"]) == ("out", "accepted", "wamid.out.1")
    json.dumps(found)


def test_every_alias_is_told(installation: Installation) -> None:
    Customer(installation, parent="BR.P").writes()
    aliases = installation.view("BR.1")["person"]["aliases"]
    assert {"BR.1", "BR.P", "5511987654321"} <= set(aliases)


def test_an_answer_stands_after_what_it_answers_and_before_what_came_later(
    installation: Installation, ana: Customer
) -> None:
    installation.clock.ms += 999
    ana.writes("a", at_ms=START_MS)
    installation.run(3 * SECOND)
    ana.writes("b")
    installation.rest()
    assert texts(installation) == ["a", "a", "b", "b"]


def test_what_comes_late_stands_where_it_was_written(installation: Installation, ana: Customer) -> None:
    installation.clock.ms += HOUR
    ana.writes("depois")
    installation.rest()
    ana.writes("antes", at_ms=START_MS)
    installation.rest()
    assert texts(installation) == ["antes", "depois", "depois", "antes"]


def test_an_answer_to_a_message_with_a_future_timestamp_stands_after_it(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("do futuro", at_ms=START_MS + HOUR)
    installation.rest()
    assert texts(installation) == ["do futuro", "do futuro"]
    assert installation.view("BR.1")["messages"][0]["at"] == "2026-09-21T14:13:20.000Z"


def test_an_echo_stands_where_it_was_typed(installation: Installation, ana: Customer) -> None:
    installation.clock.ms += HOUR
    ana.writes("primeiro", at_ms=START_MS)
    ana.writes("terceiro", at_ms=START_MS + 20 * SECOND)
    echo(ana, "segundo", at_ms=START_MS + 10 * SECOND)
    assert texts(installation) == ["primeiro", "segundo", "terceiro"]


def test_more_messages_than_a_page_are_all_shown(installation: Installation, ana: Customer) -> None:
    for n in range(450):
        ana.sends("reaction", {"emoji": str(n)})
        installation.clock.ms += SECOND
    assert len(installation.view("BR.1")["messages"]) == 450


def test_a_burst_of_more_than_a_page_is_answered_whole(installation: Installation, ana: Customer) -> None:
    for n in range(450):
        ana.writes(f"{n}")
    installation.rest()
    assert len(installation.assistant.briefings[0].unanswered) == 450


def test_media_that_nobody_has_understood_yet_says_so(installation: Installation, ana: Customer) -> None:
    ana.sends("audio", {"id": "1"})
    [row] = installation.view("BR.1")["messages"]
    assert (row["kind"], row["reason"]) == ("audio", "not understood")
    assert installation.view("BR.1")["kept"] == []


def test_the_history_that_an_assistant_gets_does_not_hold_what_never_left(
    installation: Installation, ana: Customer
) -> None:
    """A cancelled answer was never said: a model that reads it believes that the customer knows."""
    installation.assistant.script.append(Decision(("o preço é 10",)))
    installation.graph.outcomes.append(Refused(131016, 500, "again"))
    ana.writes("quanto?")
    installation.run(3 * SECOND)
    installation.use_cases.set_owner("acme", "BR.1", "person:bia")
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    installation.rest()
    last = installation.assistant.briefings[-1]
    assert [line.text for line in last.unanswered] == ["quanto?"]
    assert "o preço é 10" not in [line.text for line in last.history]


def test_the_overview_lists_the_live_conversations_newest_first(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("a")
    installation.rest()
    installation.run(SECOND)
    bia = Customer(installation, None, "BR.2", name="Bia")
    bia.writes("b")
    rows = installation.use_cases.overview("acme", limit=10)
    assert [(row["name"], row["last_text"], row["unanswered"]) for row in rows] == [
        ("Bia", "b", True),
        ("Ana", "a", False),
    ]
    assert len(installation.use_cases.overview("acme", limit=1)) == 1


def test_what_comes_for_a_number_that_is_not_ours_is_kept_and_not_answered(
    installation: Installation, ana: Customer
) -> None:
    ana.writes("engano", number="9009", times=2)
    installation.rest()
    assert installation.graph.posts == []
    assert installation.use_cases.view("acme", "BR.1") is None
    rows = installation.use_cases.kept("acme", limit=10)
    assert [row["raw"]["text"]["body"] for row in rows] == ["engano"]
