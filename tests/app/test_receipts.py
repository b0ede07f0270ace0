"""Receipts: forward only, in any order, and the effects of a failure once. Promises 2, 8 and 9."""

from itertools import permutations

import pytest

from shared.ports.assistant import Decision
from shared.ports.graph import Unclear
from tests.app.customers import Customer, deliver, outgoing, receipt, states
from tests.support.installation import SECOND, Installation, Post


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])))
def test_the_state_only_moves_forward(
    installation: Installation, ana: Customer, order: tuple[str, ...]
) -> None:
    ana.writes()
    installation.rest()
    for name in order:
        receipt(installation, installation.graph.posts[0], name, times=2)
    assert [state for state, _ in states(installation, "BR.1")] == ["read"]


def test_a_receipt_may_come_before_the_answer_to_the_post(installation: Installation, ana: Customer) -> None:
    def at_once() -> None:
        receipt(installation, installation.graph.posts[0], "delivered")

    installation.graph.meanwhile.append(at_once)
    ana.writes()
    installation.rest()
    assert [(m["state"], m["wamid"]) for m in outgoing(installation, "BR.1")] == [
        ("delivered", "wamid.out.1")
    ]


def test_a_receipt_for_nothing_is_kept_and_makes_no_ghost(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.rest()
    stranger = Post(0, "1001", {"biz_opaque_callback_data": "atende:never:1", "text": {"body": ""}})
    before = len(installation.documents("messages"))
    receipt(installation, stranger, "read", wamid="wamid.x", times=2)
    receipt(installation, stranger, "read", wamid="wamid.x", ours=False)
    assert len(installation.documents("messages")) == before
    assert {d.data["reason"] for d in installation.documents("kept")} == {"orphan receipt"}


def test_a_send_without_our_id_is_found_by_metas(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.rest()
    receipt(installation, installation.graph.posts[0], "read", ours=False)
    assert [state for state, _ in states(installation, "BR.1")] == ["read"]


def test_a_receipt_for_metas_id_of_an_incoming_message_is_an_orphan(
    installation: Installation, ana: Customer
) -> None:
    wamid = ana.writes()
    installation.rest()
    receipt(installation, installation.graph.posts[0], "read", ours=False, wamid=wamid)
    assert [d.data["reason"] for d in installation.documents("kept")] == ["orphan receipt"]


def test_a_failed_receipt_cancels_the_rest_and_calls_people_once(
    installation: Installation, ana: Customer
) -> None:
    def fails() -> None:
        receipt(installation, installation.graph.posts[0], "failed", times=2)

    installation.assistant.script.append(Decision(("um", "dois", "três")))
    installation.graph.meanwhile.extend([lambda: None, fails])
    ana.writes()
    installation.rest()
    assert states(installation, "BR.1") == [
        ("failed", "undeliverable"),
        ("accepted", ""),
        ("cancelled", "undeliverable"),
    ]
    installation.use_cases.set_owner("acme", "BR.1", "agent")
    receipt(installation, installation.graph.posts[0], "failed")
    found = installation.view("BR.1")
    assert found["owner"] == "agent"


def test_a_failure_after_a_delivery_changes_nothing(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.rest()
    receipt(installation, installation.graph.posts[0], "delivered")
    receipt(installation, installation.graph.posts[0], "failed")
    assert [state for state, _ in states(installation, "BR.1")] == ["delivered"]
    assert installation.view("BR.1")["owner"] == "agent"


def test_a_failed_receipt_of_an_opt_out_is_recorded(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.rest()
    receipt(installation, installation.graph.posts[0], "failed", code=131050)
    assert installation.documents("conversations")[0].data["opted_out"] is True


def test_a_failed_receipt_for_the_operator_stops_the_number(
    installation: Installation, ana: Customer
) -> None:
    ana.writes()
    installation.rest()
    receipt(installation, installation.graph.posts[0], "failed", code=131042)
    ana_again = installation.documents("numbers")
    assert [d.data["stopped"] for d in ana_again] == [True]


def test_a_failed_receipt_of_a_lost_attempt_comes_while_it_waits_to_leave_again(
    installation: Installation, ana: Customer
) -> None:
    """The late failure of attempt 1 meets attempt 2 in the queue: both are the same document."""
    bia = Customer(installation, "5511911112222", "BR.2")
    installation.graph.outcomes.append(Unclear("cut"))
    ana.writes("a")
    installation.run(13 * SECOND)
    bia.writes("b")
    installation.run(4 * SECOND)
    receipt(installation, installation.graph.posts[1], "sent", wamid="wamid.out.2")
    first = installation.graph.posts[0]
    waiting = stop_before_the_repost(installation)
    receipt(installation, first, "failed", wamid="wamid.late")
    assert waiting == "queued"
    installation.rest()
    assert installation.texts() == ["a", "b"]
    found = installation.view("BR.1")
    assert (found["owner"], found["reason"]) == ("queue", "undeliverable")


def stop_before_the_repost(installation: Installation) -> str:
    """Stop the number, so that what is to be posted again stays queued; return its state."""
    bia = Customer(installation, "5511911112222", "BR.2")
    receipt_of_operator_trouble(installation, bia)
    installation.run(50 * SECOND)
    return str(outgoing(installation, "BR.1")[0]["state"])


def receipt_of_operator_trouble(installation: Installation, who: Customer) -> None:
    receipt(installation, installation.graph.posts[1], "failed", wamid="wamid.out.2", code=131042)
    assert installation.view(who.identifier)["owner"] == "queue"


def test_a_receipt_for_another_business_reaches_nothing(installation: Installation, ana: Customer) -> None:
    ana.writes()
    installation.rest()
    post = installation.graph.posts[0]
    receipt(installation, Post(0, "2001", post.body), "failed")
    assert states(installation, "BR.1") == [("accepted", "")]
    assert [d.data["reason"] for d in installation.documents("kept", "other")] == ["orphan receipt"]


def test_an_unknown_status_is_kept(installation: Installation) -> None:
    deliver(installation, {"statuses": [{"id": "w", "status": "held"}]})
    assert [d.data["reason"] for d in installation.documents("kept")] == ["unknown status"]
