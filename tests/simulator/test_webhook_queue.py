"""Webhooks are retried with growing waits; faults delay, shuffle, double, drop and batch them."""

import json
from dataclasses import asdict

import pytest

from shared.simulator.core import Core
from tests.simulator.rig import ACCOUNT, NUMBER, Bench, bench


def attempt(desk: Bench, *, accepted: bool) -> bool:
    dispatch = desk.core.due_webhook()
    if dispatch is None:
        return False
    desk.core.webhook_result(dispatch, accepted=accepted)
    return True


def test_a_refused_webhook_comes_again_with_growing_waits(desk: Bench) -> None:
    wamid = desk.writes(desk.customer())
    assert attempt(desk, accepted=False)
    waits = []
    for _ in range(5):
        start = desk.clock.at_ms
        desk.clock.at_ms = desk.core.next_ms()
        waits.append(desk.clock.at_ms - start)
        assert attempt(desk, accepted=False)
    assert waits == [0, 1000, 2000, 4000, 8000]
    assert desk.core.state.messages[wamid].status == "sent"
    desk.clock.at_ms = desk.core.next_ms()
    assert attempt(desk, accepted=True)
    assert desk.core.state.messages[wamid].status == "delivered"
    assert not desk.core.state.deliveries


def test_a_webhook_is_given_up_after_seven_days(desk: Bench) -> None:
    desk.writes(desk.customer())
    start = desk.clock.at_ms
    while attempt(desk, accepted=False):
        desk.clock.at_ms = max(desk.clock.at_ms, min(desk.core.next_ms(), desk.clock.at_ms + 10**8))
    days = (desk.clock.at_ms - start) / 86_400_000
    assert 6.9 < days <= 8.2
    assert not desk.core.state.deliveries


def test_a_webhook_in_flight_is_not_taken_twice(desk: Bench) -> None:
    desk.writes(desk.customer())
    assert desk.core.due_webhook() is not None
    assert desk.core.due_webhook() is None


def test_duplicates_carry_the_same_message(desk: Bench) -> None:
    desk.core.set_faults({"duplicate_probability": 1})
    wamid = desk.writes(desk.customer())
    desk.wait(1000)
    assert [change["value"]["messages"][0]["id"] for change in desk.drain()] == [wamid, wamid]


def test_delay_and_reordering(desk: Bench) -> None:
    customer = desk.customer()
    desk.core.set_faults({"webhook_delay_ms": 500, "reorder_ms": 5000})
    sent = [desk.writes(customer, str(index)) for index in range(12)]
    desk.wait(499)
    assert desk.drain() == []
    desk.wait(5001)
    got = [change["value"]["messages"][0]["id"] for change in desk.drain()]
    assert sorted(got) == sorted(sent)
    assert got != sent


def test_dropped_and_delayed_receipts(desk: Bench) -> None:
    customer = desk.known(reads="auto")
    desk.core.set_faults({"drop_receipts_probability": 1, "drop_receipt_kinds": ["delivered"]})
    wamid = desk.texts(customer).body["messages"][0]["id"]
    got = []
    for _ in range(4):
        desk.wait(1000)
        got += [one["status"] for one in desk.statuses()]
    assert got == ["sent", "read"]
    assert desk.core.state.messages[wamid].status == "read"
    desk.core.clear_faults()
    desk.core.set_faults({"receipt_delay_ms": 60_000})
    desk.texts(customer)
    desk.wait(10_000)
    assert desk.statuses() == []
    desk.wait(60_000)
    assert [one["status"] for one in desk.statuses()] == ["sent", "delivered", "read"]


def test_batches_and_held_webhooks(desk: Bench) -> None:
    desk.core.set_faults({"hold_webhooks": True, "batch": 3})
    customer = desk.customer()
    for index in range(4):
        desk.writes(customer, str(index))
    assert desk.core.due_webhook() is None
    desk.core.set_faults({"hold_webhooks": False})
    sizes = []
    while (dispatch := desk.core.due_webhook()) is not None:
        (entry,) = json.loads(dispatch.body)["entry"]
        sizes.append(len(entry["changes"]))
        desk.core.webhook_result(dispatch, accepted=True)
    assert sizes == [3, 1]


def test_a_numbers_callback_beats_the_accounts_and_that_beats_the_default(desk: Bench) -> None:
    customer = desk.customer()
    urls = []
    for key, url in ((ACCOUNT, "http://127.0.0.1:1/a"), (NUMBER, "http://127.0.0.1:1/n"), (NUMBER, "")):
        desk.core.set_callback(key, url)
        desk.writes(customer)
        dispatch = desk.core.due_webhook()
        assert dispatch is not None
        urls.append(dispatch.url)
    assert urls == ["http://127.0.0.1:1/a", "http://127.0.0.1:1/n", "http://127.0.0.1:1/a"]


def test_any_body_can_be_sent(desk: Bench) -> None:
    desk.core.webhooks.enqueue_body({"object": 3, "x": "\ud800"})
    dispatch = desk.core.due_webhook()
    assert dispatch is not None
    assert json.loads(dispatch.body) == {"object": 3, "x": "\ud800"}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"error_next": 1, "error_status": 500}, 500, 131000),
        ({"error_next": 1, "error_status": 503}, 503, 131016),
        ({"error_next": 1, "error_status": 429}, 429, 130429),
        ({"refuse_next": 1, "refuse_code": 131056}, 400, 131056),
        ({"refuse_next": 1, "refuse_code": 190}, 401, 190),
    ],
)
def test_faults_refuse_the_next_post_only(
    desk: Bench, fault: dict[str, object], status: int, code: int
) -> None:
    customer = desk.known()
    desk.core.set_faults(fault)
    answer = desk.texts(customer)
    assert (answer.status, answer.body["error"]["code"]) == (status, code)
    assert desk.texts(customer).status == 200


def test_cut_posts_are_taken_and_lost_ones_are_not(desk: Bench) -> None:
    customer = desk.known()
    desk.core.set_faults({"cut_next": 1, "lose_next": 1})
    lost, cut, fine = (desk.texts(customer) for _ in range(3))
    assert (lost.cut, cut.cut, fine.cut) == (True, True, False)
    desk.wait(2000)
    assert len({one["id"] for one in desk.statuses()}) == 2
    assert [post.outcome for post in desk.core.state.posts] == ["lost", "accepted", "accepted"]


def test_faults_leave_read_receipts_alone_unless_asked(desk: Bench) -> None:
    wamid = desk.writes(desk.customer())
    desk.core.set_faults({"error_next": 1})
    assert desk.posts(status="read", message_id=wamid).status == 200
    desk.core.set_faults({"scope": "all"})
    assert desk.posts(status="read", message_id=wamid).status == 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"nope": 1},
        {"batch": 0},
        {"batch": True},
        {"cut_next": -1},
        {"cut_next": 1.5},
        {"cut_probability": 2},
        {"cut_probability": "x"},
        {"hold_webhooks": 1},
        {"scope": "some"},
        {"drop_receipt_kinds": ["x"]},
    ],
)
def test_wrong_faults_are_refused_and_change_nothing(desk: Bench, wrong: dict[str, object]) -> None:
    before = desk.core.state.faults
    with pytest.raises(ValueError, match=r"\w"):
        desk.core.set_faults(wrong)
    assert desk.core.state.faults == before


def test_a_closed_window_can_fail_by_receipt(desk: Bench) -> None:
    customer = desk.customer()
    desk.core.set_faults({"late_window_refusal": True})
    assert desk.texts(customer).status == 200
    desk.wait(2000)
    (status,) = desk.statuses()
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


def history(seed: int) -> list[object]:
    desk = bench(seed=seed)
    desk.core.set_faults({"reorder_ms": 700, "duplicate_probability": 0.5, "cut_probability": 0.5})
    people = [desk.customer(reads="auto") for _ in range(4)]
    told: list[object] = []
    for step in range(40):
        desk.writes(people[step % 4], str(step))
        told.append(desk.texts(people[step % 3]))
        desk.wait(130)
        told += desk.drain()
    return told


def test_the_same_seed_gives_the_same_history() -> None:
    assert history(7) == history(7)
    assert history(7) != history(8)


def stored(core: Core) -> list[tuple[str, str, dict[str, object]]]:
    changes = core.take_changes()
    return [(one.kind, one.key, asdict(one.record)) for one in changes if one.record is not None]


def test_what_was_pending_is_pending_after_a_restart(desk: Bench) -> None:
    customer = desk.known(name="Ana")
    desk.texts(customer)
    desk.core.set_callback(NUMBER, "http://127.0.0.1:1/n")
    desk.core.set_faults({"latency_ms": 5})
    waiting = desk.writes(customer, "segunda")
    attempt(desk, accepted=False)
    again = bench(rows=json.loads(json.dumps(stored(desk.core))))
    again.wait(3000)
    assert again.core.state.faults.latency_ms == 5
    assert again.core.state.by_phone(customer.phone) is not None
    changes = again.drain()
    assert [one["id"] for change in changes for one in change["value"].get("messages", [])] == [waiting]
    assert [one["status"] for c in changes for one in c["value"].get("statuses", [])] == [
        "sent",
        "delivered",
    ]
    assert again.customer().id != customer.id
    assert again.texts(again.core.state.customers[customer.id]).status == 200
