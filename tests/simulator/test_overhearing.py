"""What the simulator learns from updates that the product got from somebody else."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from shared.domain.incoming import incoming_of
from shared.simulator.depth import DEEPEST
from shared.simulator.records import Answer, Chat, Customer, Message
from tests.simulator.rig import NUMBER, OTHER_NUMBER, START_MS, Bench, bench, simulator

PHONE, MOVED = "5511987650001", "5511987650002"
USER_ID, NEW_ID = "BR.1000000000000000001", "BR.1000000000000000002"


class Outside(Bench):
    """A bench where somebody else posts webhooks."""

    serial = 0

    def hears(
        self,
        *,
        phone: str | None = None,
        user_id: str | None = None,
        contact: Any = None,
        number: str = NUMBER,
        received_ms: int | None = None,
        **keys: Any,
    ) -> str:
        """Hear one message with these keys; returns its id."""
        self.serial += 1
        who = {"from": phone, "from_user_id": user_id}
        update = {
            **{key: value for key, value in who.items() if value is not None},
            "id": f"wamid.outside.{self.serial}",
            "timestamp": str(self.clock.at_ms // 1000),
            "type": "text",
            "text": {"body": f"recado {self.serial}"},
            **keys,
        }
        event = {
            "kind": "message",
            "number": number,
            "received_ms": self.clock.at_ms if received_ms is None else received_ms,
            "contact": contact,
            "update": update,
        }
        self.core.overhearing.hear(incoming_of(event, event_id=""))
        return str(update["id"])

    def changes(self, kind: str, *, phone: str | None = None, **system: str) -> str:
        return self.hears(
            phone=phone, type="system", system={"type": kind, "body": "changed", **system}, text=None
        )

    def to(self, target: str) -> Answer:
        name = "recipient" if "." in target else "to"
        return self.posts(**{name: target}, type="text", text={"body": "olá"})

    def of(self, name: str) -> Customer:
        found = self.core.state.customer(name)
        assert found is not None
        return found

    def chat(self, name: str, number: str = NUMBER) -> Chat:
        return self.core.state.chats[f"{number}:{self.of(name).id}"]

    def lines(self, name: str, number: str = NUMBER) -> list[Message]:
        return self.core.state.lines.get(self.chat(name, number).key, [])


@pytest.fixture
def outside() -> Outside:
    plain = bench()
    return Outside(plain.core, plain.clock)


def code(answer: Answer) -> int:
    found: int = answer.body["error"]["code"] if answer.status != 200 else 0
    return found


def consistent(bench: Bench) -> bool:
    """Everybody is found by their phone and user id, and nobody shares one."""
    state = bench.core.state
    people = list(state.customers.values())
    phones = [one.phone for one in people if one.phone]
    found = [state.by_user_id(one.user_id) is one for one in people]
    found += [state.by_phone(one.phone) is one for one in people if one.phone]
    ids = {one.user_id for one in people}
    return all(found) and len(set(phones)) == len(phones) and len(ids) == len(people)


def test_a_stranger_becomes_a_customer_whose_reply_is_taken(outside: Outside) -> None:
    contact = {"profile": {"name": "Ana", "username": "ana.b"}, "wa_id": PHONE, "user_id": USER_ID}
    wamid = outside.hears(phone=PHONE, user_id=USER_ID, contact=contact)

    ana = outside.of(PHONE)
    assert (ana.user_id, ana.name, ana.username, ana.hidden) == (USER_ID, "Ana", "ana.b", False)
    (line,) = outside.lines(PHONE)
    assert (line.id, line.text, line.status, line.direction) == (wamid, "recado 1", "delivered", "in")
    assert outside.drain() == []
    assert outside.posts(status="read", message_id=wamid).status == 200
    assert (outside.to(PHONE).status, outside.to(USER_ID).status) == (200, 200)
    outside.wait(1000)
    assert [one["recipient_user_id"] for one in outside.statuses()] == [USER_ID] * 4


def test_without_a_phone_they_are_hidden_and_reached_by_user_id(outside: Outside) -> None:
    outside.hears(user_id=USER_ID)

    hidden = outside.of(USER_ID)
    assert hidden.hidden
    assert hidden.username
    assert outside.to(USER_ID).status == 200
    outside.wait(1000)
    assert all("recipient_id" not in one for one in outside.statuses())


def test_the_window_opens_at_the_message_s_time(outside: Outside) -> None:
    day = 24 * 3600 * 1000
    outside.hears(phone=PHONE, timestamp=str((START_MS - day) // 1000))
    assert code(outside.to(PHONE)) == 131047
    outside.hears(phone=PHONE, timestamp=str((START_MS - day) // 1000 + 10))
    assert code(outside.to(PHONE)) == 0
    outside.hears(phone=PHONE, timestamp=str((START_MS + 9 * day) // 1000))
    assert outside.chat(PHONE).last_in_ms == START_MS


def test_what_was_sent_from_here_changes_nothing(outside: Outside) -> None:
    customer = outside.customer()
    wamid = outside.writes(customer)
    outside.core.take_changes()
    outside.hears(phone=PHONE, id=wamid)
    assert outside.core.take_changes() == []
    assert outside.core.state.by_phone(PHONE) is None


def test_the_same_message_twice_is_kept_once(outside: Outside) -> None:
    outside.hears(phone=PHONE, id="wamid.x")
    outside.hears(phone=PHONE, id="wamid.x")
    assert len(outside.lines(PHONE)) == 1


def test_the_same_id_at_another_number_opens_that_window_too(outside: Outside) -> None:
    outside.hears(phone=PHONE, id="wamid.x")
    outside.hears(phone=PHONE, id="wamid.x", number=OTHER_NUMBER)
    assert outside.chat(PHONE, OTHER_NUMBER).last_in_ms == START_MS
    assert len(outside.lines(PHONE)) == 1


def test_a_message_without_an_id_opens_the_window_and_is_not_kept(outside: Outside) -> None:
    outside.hears(phone=PHONE, id=None)
    assert outside.to(PHONE).status == 200
    assert [one.direction for one in outside.lines(PHONE)] == ["out"]


def test_one_person_shown_bit_by_bit_stays_one(outside: Outside) -> None:
    outside.hears(phone=PHONE)
    guessed = outside.of(PHONE).user_id
    outside.hears(phone=PHONE, user_id=USER_ID)
    outside.hears(user_id=USER_ID)
    assert outside.of(USER_ID).hidden
    outside.hears(phone=MOVED, user_id=USER_ID)

    (customer,) = outside.core.state.customers.values()
    assert (customer.phone, customer.user_id, customer.hidden) == (MOVED, USER_ID, False)
    assert (code(outside.to(PHONE)), code(outside.to(guessed))) == (131026, 131026)
    assert len(outside.lines(MOVED)) == 4
    assert consistent(outside)


def test_either_spelling_of_a_brazilian_mobile_is_one_person(outside: Outside) -> None:
    outside.hears(phone="551187650001")
    outside.hears(phone="+55 11 9 8765-0001")
    assert len(outside.core.state.customers) == 1
    assert outside.to(PHONE).status == 200


def test_a_phone_of_somebody_known_goes_to_its_new_holder(outside: Outside) -> None:
    old = outside.known(phone=PHONE)
    outside.hears(phone=PHONE, user_id=USER_ID)

    assert outside.of(PHONE).user_id == USER_ID
    assert old.phone == ""
    assert outside.of(old.id).user_id == old.user_id
    assert consistent(outside)


def test_a_phone_of_a_page_s_customer_without_user_id_is_that_customer(outside: Outside) -> None:
    customer = outside.known(phone=PHONE, name="Maria")
    outside.hears(phone=PHONE)
    assert outside.of(PHONE) is customer
    assert (customer.name, len(outside.lines(PHONE))) == ("Maria", 2)


def test_a_guessed_user_id_counts_once_the_page_has_shown_it(outside: Outside) -> None:
    outside.hears(phone=PHONE)
    shown = outside.of(PHONE)
    outside.writes(shown)
    outside.hears(phone=PHONE, user_id=USER_ID)
    assert outside.of(PHONE) is not shown
    assert consistent(outside)


def test_a_changed_number_moves_the_customer(outside: Outside) -> None:
    outside.hears(phone=PHONE, user_id=USER_ID)
    customer = outside.of(PHONE)
    wamid = outside.changes(
        "user_changed_number", phone=PHONE, wa_id=MOVED, user_id=NEW_ID, previous_user_id=USER_ID
    )

    assert (customer.phone, customer.user_id, customer.previous_user_ids) == (MOVED, NEW_ID, [USER_ID])
    assert (outside.to(MOVED).status, outside.to(NEW_ID).status) == (200, 200)
    assert (code(outside.to(PHONE)), code(outside.to(USER_ID))) == (131026, 131026)
    assert outside.lines(MOVED)[1].id == wamid
    assert outside.lines(MOVED)[1].text == "changed"
    outside.hears(user_id=USER_ID)
    assert len(outside.core.state.customers) == 1
    assert consistent(outside)


def test_a_changed_user_id_moves_a_hidden_customer(outside: Outside) -> None:
    outside.hears(user_id=USER_ID)
    customer = outside.of(USER_ID)
    former = customer.phone
    outside.changes("user_changed_user_id", user_id=NEW_ID, previous_user_id=USER_ID)

    assert (customer.user_id, customer.hidden) == (NEW_ID, True)
    assert customer.phone not in ("", former)
    assert (outside.to(NEW_ID).status, code(outside.to(USER_ID))) == (200, 131026)
    assert consistent(outside)


def test_a_change_opens_no_window(outside: Outside) -> None:
    outside.changes("user_changed_number", phone=PHONE, wa_id=MOVED, user_id=NEW_ID, previous_user_id=USER_ID)
    assert code(outside.to(MOVED)) == 131047


def test_a_change_that_comes_late_leaves_the_new_address_alone(outside: Outside) -> None:
    outside.hears(phone=PHONE, user_id=USER_ID)
    outside.hears(phone=MOVED, user_id=NEW_ID)
    outside.changes("user_changed_number", phone=PHONE, wa_id=MOVED, user_id=NEW_ID, previous_user_id=USER_ID)
    assert (outside.to(MOVED).status, outside.to(NEW_ID).status) == (200, 200)
    assert code(outside.to(PHONE)) == 131026
    assert consistent(outside)


def test_an_old_change_told_again_undoes_nothing(outside: Outside) -> None:
    third = "BR.1000000000000000003"
    outside.hears(user_id=USER_ID)
    outside.changes("user_changed_user_id", user_id=NEW_ID, previous_user_id=USER_ID)
    outside.changes("user_changed_user_id", user_id=third, previous_user_id=NEW_ID)
    outside.changes("user_changed_user_id", user_id=NEW_ID, previous_user_id=USER_ID)
    assert outside.of(third).previous_user_ids == [USER_ID, NEW_ID]
    assert outside.to(third).status == 200


def test_a_reaction_shows_on_the_message_and_is_no_bubble(outside: Outside) -> None:
    first = outside.hears(phone=PHONE)
    outside.hears(phone=PHONE, type="reaction", reaction={"message_id": first, "emoji": "👍"}, text=None)
    assert outside.core.state.messages[first].reactions == {"customer": "👍"}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "keys",
    [
        {"from": ["x"], "from_user_id": 7},
        {"from": "nobody"},
        {"phone": PHONE, "type": ["text"]},
        {"phone": PHONE, "type": "x" * 100},
        {"phone": PHONE, "type": "system", "system": "x"},
        {"phone": PHONE, "type": "system", "system": {"type": "user_changed_number"}},
        {"type": "system", "system": {"type": "user_changed_number", "wa_id": {}, "user_id": 3}},
        {"phone": PHONE, "context": 3, "text": {"body": nested(DEEPEST + 5)}},
        {"phone": PHONE, "context": {"id": nested(900)}, "text": nested(900)},
        {"phone": PHONE, "type": "reaction", "reaction": {"message_id": {}, "emoji": nested(900)}},
        {"phone": PHONE, "type": "edit", "edit": {"original_message_id": [], "message": 3}},
        {"phone": PHONE, "contact": {"profile": {"name": ["x"], "username": {}}, "user_id": 3}},
        {"phone": PHONE, "contact": {"profile": "x"}},
        {"phone": PHONE, "timestamp": {"x": 1}},
        {"phone": PHONE, "id": "x" * 600},
        {"phone": PHONE, "id": "\ud800\x00"},
        {"user_id": "\ud800" * 500},
        {"phone": "1" * 5000},
        {"number": "404", "phone": PHONE},
    ],
)
def test_no_update_breaks_it(outside: Outside, keys: dict[str, Any]) -> None:
    outside.hears(**keys)
    outside.hears(**{**keys, "id": "wamid.again"})
    assert consistent(outside)
    for change in outside.core.take_changes():
        assert change.record is None or json.dumps(asdict(change.record))


def test_what_was_learned_survives_a_restart(tmp_path: Path) -> None:
    update = {"from_user_id": NEW_ID, "id": "wamid.a", "type": "text", "text": {"body": "oi"}}
    event = {"kind": "message", "number": NUMBER, "received_ms": START_MS, "contact": None, "update": update}
    change = {"type": "user_changed_user_id", "previous_user_id": NEW_ID, "user_id": USER_ID}
    moved = {"id": "wamid.b", "type": "system", "system": change}
    for _ in range(2):
        found = simulator(tmp_path, "http://127.0.0.1:9/webhook")
        found.overhear(event)
        found.overhear({**event, "update": moved})
        found.overhear({"kind": 3})
        found.stop()
    found = simulator(tmp_path, "http://127.0.0.1:9/webhook")
    customer = found.act(lambda core: core.state.by_former_user_id(NEW_ID))
    found.stop()
    assert customer is not None
    assert (customer.user_id, customer.hidden) == (USER_ID, True)
