"""Splitting a payload: every update an event of its own, everything else kept, nothing lost."""

import itertools
import json
import random
import re
from collections.abc import Callable, Mapping

import pytest

from shared.app import intake
from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS, Event
from tests.support.payloads import ANA, BIA, METADATA, NOW_MS, Json, change, payload, split, text


def data(events: list[Event]) -> list[dict[str, Json]]:
    return [json.loads(event.data) for event in events]


def messages(body: Mapping[str, Json]) -> list[dict[str, Json]]:
    return data(split(body).get(INBOUND_MESSAGE, []))


def others(body: Mapping[str, Json]) -> list[dict[str, Json]]:
    return [event for event in data(split(body).get(INBOUND_STATUS, [])) if event["kind"] == "other"]


def test_a_message_is_one_event_with_its_contact_and_attributes() -> None:
    message = text("wamid.1", **{"from": "5511988887777", "from_user_id": "BR.1"})

    topics = split(payload(change(contacts=[ANA], messages=[message])))

    assert list(topics) == [INBOUND_MESSAGE]
    [event] = topics[INBOUND_MESSAGE]
    assert json.loads(event.data) == {
        "v": 1,
        "kind": "message",
        "field": "messages",
        "waba": "700",
        "number": "900",
        "received_ms": NOW_MS,
        "index": 1,
        "contact": ANA,
        "update": message,
        "errors": [],
    }
    assert event.attributes == {"kind": "message", "number": "900", "received_ms": str(NOW_MS)}


def test_statuses_and_messages_of_one_batch_go_to_their_topics_in_order() -> None:
    body = payload(
        change(messages=[text("m1"), text("m2")]),
        change(statuses=[{"id": "s1", "status": "read"}, {"id": "s2", "status": "sent"}]),
        change(messages=[text("m3")]),
    )

    topics = split(body)

    assert [event["update"]["id"] for event in data(topics[INBOUND_MESSAGE])] == ["m1", "m2", "m3"]
    assert [(e["kind"], e["update"]["id"]) for e in data(topics[INBOUND_STATUS])] == [
        ("status", "s1"),
        ("status", "s2"),
    ]


def test_an_echo_carries_the_contact_of_whom_it_went_to() -> None:
    echo = {"id": "e1", "from": "551130000000", "to": "5511977776666", "type": "text", "text": {"body": "x"}}

    [event] = messages(payload(change("smb_message_echoes", contacts=[ANA, BIA], message_echoes=[echo])))

    assert (event["kind"], event["update"], event["contact"]) == ("echo", echo, BIA)


def test_every_other_field_is_kept_whole() -> None:
    changes = [
        {"field": "message_template_status_update", "value": {"event": "APPROVED", "message_template_id": 5}},
        change("standby", standby={"messages": [text("m1")]}),
        change("messages", errors=[{"code": 131000}]),
        change("messages", user_actions=[{"action_type": "marketing_messages_link_click"}]),
        {"field": "messages", "value": "nothing"},
        {"field": {"a": 1}, "value": {}},
        {"value": [1]},
    ]

    kept = others(payload(*changes))

    assert [event["update"] for event in kept] == changes
    assert kept[0]["field"] == "message_template_status_update"
    assert kept[1]["number"] == "900"


def test_each_update_carries_its_own_contact_only() -> None:
    body = payload(
        change(
            contacts=[ANA, BIA],
            messages=[
                text("m1", **{"from": "5511977776666"}),
                text("m2", from_user_id="BR.1"),
                text("m3", **{"from": "5511999990000"}),
            ],
        )
    )

    assert [event["contact"] for event in messages(body)] == [BIA, ANA, None]
    assert others(body) == []


def test_a_phone_is_found_in_its_other_spelling() -> None:
    body = payload(change(contacts=[BIA, ANA], messages=[text("m1", **{"from": "551188887777"}), text("m2")]))

    assert [event["contact"] for event in messages(body)] == [ANA, None]


def test_the_business_scoped_id_decides_before_the_phone() -> None:
    recycled = {"wa_id": "5511988887777", "user_id": "BR.9"}
    written = text("m1", **{"from": "5511988887777", "from_user_id": "BR.9"})

    body = payload(change(contacts=[ANA, recycled], messages=[written, text("m2", from_user_id="BR.3")]))

    assert [event["contact"] for event in messages(body)] == [recycled, None]


def test_the_only_contact_belongs_to_the_only_update_unless_it_is_somebody_else() -> None:
    spelt_otherwise = text("m1", **{"from": "16505551234"})
    somebody_else = text("m1", **{"from": "5511988887777", "from_user_id": "BR.3"})

    assert messages(payload(change(contacts=[ANA], messages=[spelt_otherwise])))[0]["contact"] == ANA
    assert messages(payload(change(contacts=[ANA], messages=[somebody_else])))[0]["contact"] is None


def test_a_contact_of_nobody_is_kept() -> None:
    body = payload(change(contacts=[ANA, BIA, 7], messages=[text("m1", from_user_id="BR.1"), text("m2")]))

    [kept] = others(body)

    assert kept["update"]["value"]["contacts"] == [BIA, 7]


def test_contacts_repeated_per_message_are_handed_out_in_turn() -> None:
    renamed = {**ANA, "profile": {"name": "Ana M."}}
    body = payload(
        change(
            contacts=[ANA, renamed],
            messages=[text("m1", from_user_id="BR.1"), text("m2", from_user_id="BR.1")],
        )
    )

    assert [event["contact"] for event in messages(body)] == [ANA, renamed]
    assert others(body) == []


@pytest.mark.parametrize(
    "status",
    [
        {"recipient_id": "5511977776666"},
        {"recipient_user_id": "BR.2"},
        {"recipient_id": "a-group", "recipient_participant_id": "5511977776666"},
    ],
)
def test_a_status_carries_the_contact_of_its_recipient(status: dict[str, str]) -> None:
    body = payload(change(contacts=[ANA, BIA], statuses=[{"id": "s1", **status}, {"id": "s2"}]))

    events = [event for event in data(split(body)[INBOUND_STATUS]) if event["kind"] == "status"]

    assert [event["contact"] for event in events] == [BIA, None]


def test_errors_go_with_the_only_message_else_they_are_kept() -> None:
    errors = [{"code": 131000, "title": "x"}]

    [alone] = messages(payload(change(messages=[text("m1")], errors=errors)))
    two = payload(change(messages=[text("m1"), text("m2")], errors=errors))

    assert alone["errors"] == errors
    assert [event["errors"] for event in messages(two)] == [[], []]
    assert others(two)[0]["update"]["value"]["errors"] == errors


def test_junk_in_a_good_batch_is_kept_and_fails_nothing() -> None:
    junk: list[Json] = [None, 5, "x", [], {}, [text("hidden")], True]

    body = payload(change(messages=[*junk[:3], text("m1"), *junk[3:], text("m2")]), None, 7)

    assert [event["update"]["id"] for event in messages(body)] == ["m1", "m2"]
    inside, around = others(body)
    assert inside["update"] == {"field": "messages", "value": {"metadata": METADATA, "messages": junk}}
    assert around["update"] == {"entry": [{"changes": [None, 7]}]}


def test_unknown_names_beside_a_message_are_kept() -> None:
    body = payload(
        {**change(messages=[text("m1")], conversation_context={"a": 1}, statuses="none"), "beside": 2},
        later=3,
    )
    body["entry"][0]["more"] = 4
    body["object"] = "page"

    assert len(messages(body)) == 1
    assert [event["update"] for event in others(body)] == [
        {
            "beside": 2,
            "field": "messages",
            "value": {"metadata": METADATA, "conversation_context": {"a": 1}, "statuses": "none"},
        },
        {"entry": [{"more": 4}]},
        {"later": 3, "object": "page"},
    ]


def test_an_object_that_is_not_whatsapps_is_kept_beside_the_message() -> None:
    body = payload(change(messages=[text("m1")]), object="page")

    assert len(messages(body)) == 1
    assert [event["update"] for event in others(body)] == [{"object": "page"}]


def test_what_stands_beside_the_value_alone_is_kept() -> None:
    [kept] = others(payload({**change(messages=[text("m1")]), "beside": 2}))

    assert kept["update"] == {"beside": 2, "field": "messages", "value": {"metadata": METADATA}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"object": "whatsapp_business_account"},
        {"entry": []},
        {"entry": "x"},
        {"entry": {"id": "700"}},
        {"entry": [None, 1, "x", {}, []]},
        {"anything": [1, 2, {"a": None}]},
    ],
)
def test_a_payload_without_entries_is_kept_whole(body: dict[str, Json]) -> None:
    assert [event["update"] for event in others(body)] == [body]


@pytest.mark.parametrize("changes", [None, [], "x", {}, [None], 7])
def test_an_entry_without_changes_is_kept_whole(changes: Json) -> None:
    entry = {"id": "700", "changes": changes}

    [kept] = others({"entry": [entry]})

    assert (kept["update"], kept["waba"]) == ({"entry": [entry]}, "700")


@pytest.mark.parametrize(
    ("metadata", "number"),
    [
        ({"phone_number_id": 900}, "900"),
        ({"phone_number_id": ""}, ""),
        ({"phone_number_id": None}, ""),
        ({"phone_number_id": True}, ""),
        ({"phone_number_id": {"a": 1}}, ""),
        ({"phone_number_id": "9" * 2000}, ""),
        ({"phone_number_id": "9\x00"}, ""),
        ({}, ""),
        ("x", ""),
        (None, ""),
    ],
)
def test_whatever_the_number_is_the_message_is_an_event(metadata: Json, number: str) -> None:
    body = payload({"field": "messages", "value": {"metadata": metadata, "messages": [text("m1")]}})

    [event] = messages(body)

    assert event["number"] == number
    unusable = bool(metadata) and not number
    assert [kept["update"]["value"] for kept in others(body)] == (
        [{"metadata": metadata}] if unusable else []
    )


def test_an_account_id_that_is_none_is_kept_beside_the_message() -> None:
    body = payload(change(messages=[text("m1")]))
    body["entry"][0]["id"] = ["700"]

    assert messages(body)[0]["waba"] == ""
    assert [event["update"] for event in others(body)] == [{"entry": [{"id": ["700"]}]}]


@pytest.mark.parametrize("wamid", [None, "", 5, "a/b", {"x": 1}, "é" * 5000, 1.5])
def test_whatever_its_id_is_a_message_is_an_event(wamid: Json) -> None:
    [event] = messages(payload(change(messages=[text(wamid)])))

    assert event["update"]["id"] == wamid


def test_a_thousand_messages_of_a_thousand_people_keep_their_contacts() -> None:
    people = [{"wa_id": f"1650{n:07}", "user_id": f"US.{n}"} for n in range(1000)]
    written = [text(f"m{n}", **{"from": f"1650{n:07}", "from_user_id": f"US.{n}"}) for n in range(1000)]
    random.Random(3).shuffle(written)

    events = messages(payload(change(contacts=people, messages=written)))

    assert [event["update"] for event in events] == written
    assert all(event["contact"]["user_id"] == event["update"]["from_user_id"] for event in events)


def test_a_large_contact_is_not_copied_without_end() -> None:
    contact = {"user_id": "BR.1", "profile": {"name": "n" * 1024 * 1024}}
    body = payload(
        change(contacts=[contact], messages=[text(f"m{n}", from_user_id="BR.1") for n in range(1000)])
    )

    events = split(body)[INBOUND_MESSAGE]

    assert sum(len(event.data) for event in events) < 16 * 1024 * 1024
    assert json.loads(events[0].data)["contact"] == contact
    assert json.loads(events[-1].data)["contact"] is None


def test_a_body_can_be_kept_as_its_text() -> None:
    topics = intake.whole('{"a": 1}', received_ms=NOW_MS)

    [event] = topics[INBOUND_STATUS]
    assert json.loads(event.data)["update"] == '{"a": 1}'


def test_every_marker_of_a_random_payload_is_in_some_event() -> None:
    seeded = random.Random(11)
    for _ in range(500):
        body = _random_payload(seeded)
        written = b" ".join(event.data for events in split(body).values() for event in events)

        assert set(_MARKER.findall(json.dumps(body))) - set(_MARKER.findall(written.decode())) == set()


_MARKER = re.compile("mark-[0-9]+")
_NAMES = ["messages", "statuses", "message_echoes", "contacts", "errors", "calls"]


def _random_payload(seeded: random.Random) -> dict[str, Json]:
    """Put marked values where Meta's lists and objects stand, or would."""
    numbers = itertools.count()

    def mark() -> str:
        return f"mark-{next(numbers)}"

    def junk() -> Json:
        return seeded.choice([mark(), [mark()], {mark(): 1}, {"id": mark()}, {"user_id": mark()}, None, {}])

    def some(make: Callable[[], Json]) -> Json:
        if seeded.random() < 0.2:
            return junk()
        return [make() if seeded.random() < 0.7 else junk() for _ in range(seeded.randint(1, 3))]

    def one_update() -> Json:
        return text(mark(), **{"from": mark()})

    def one_change() -> Json:
        value = {name: some(one_update) for name in seeded.sample(_NAMES, 3)}
        value["metadata"] = METADATA if seeded.random() < 0.8 else junk()
        return {"field": seeded.choice(["messages", "smb_message_echoes", "flows"]), "value": value}

    def one_entry() -> Json:
        return {"id": "700" if seeded.random() < 0.8 else junk(), "changes": some(one_change)}

    return {"object": "whatsapp_business_account", "entry": some(one_entry)}
