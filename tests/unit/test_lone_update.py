"""The short cut for the usual payload finds what the general way finds, or nothing."""

import random

import pytest

from shared.app import lone_update
from tests.support.payloads import ANA, BIA, METADATA, Json, change, payload, split, text


def test_the_usual_shape_is_split_as_every_other_is() -> None:
    seeded = random.Random(5)
    bodies = [_nearly_usual_payload(seeded) for _ in range(20_000)]
    usual = [body for body in bodies if lone_update.find(body) is not None]

    assert 4000 < len(usual) < 16_000
    for body in usual:
        # Without its object a payload means the same, but is not usual.
        assert split(body) == split({name: body[name] for name in body if name != "object"}), body


@pytest.mark.parametrize("kind", ["messages", "statuses"])
@pytest.mark.parametrize("contacts", [[], [ANA]])
def test_what_meta_sends_most_is_usual(kind: str, contacts: Json) -> None:
    update = text("m1", from_user_id="BR.1", recipient_user_id="BR.1")
    value = {kind: [update], "contacts": contacts}
    body = payload(change("messages", **value))

    assert lone_update.find(body) is not None


def _nearly_usual_payload(seeded: random.Random) -> dict[str, Json]:
    """Make a usual payload and do to its parts, often, what may make it unusual."""
    update = text("m1", **{"from": "5511988887777"})
    for name in seeded.sample(["from_user_id", "recipient_user_id", "recipient_participant_user_id"], 2):
        update[name] = seeded.choice(["BR.1", "BR.2", ""])
    kind = seeded.choice(["messages", "statuses"])
    value: dict[str, Json] = {"messaging_product": "whatsapp", "metadata": dict(METADATA), kind: [update]}
    value["contacts"] = seeded.choice([[ANA], [BIA], [{"wa_id": "5511988887777"}]])
    entry: dict[str, Json] = {"id": "700", "time": 1_790_000_000}
    parts: list[dict[str, Json]] = [update, value, value["metadata"], entry]
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    entry["changes"] = [{"field": "messages", "value": value}]
    parts += [entry["changes"][0], body]
    for _ in range(seeded.choice([0, 0, 1, 2])):
        _disturb(seeded.choice(parts), seeded)
    return body


def _disturb(part: dict[str, Json], seeded: random.Random) -> None:
    name = seeded.choice([*part, "contacts", "errors", "statuses", "messages", "unknown"])
    odd: list[Json] = [None, 0, 7, True, "", "x", "700", "²", "7" * 200, [], {}, [None], [{}], ["x"]]
    odd += [{"a": 1}, [{"a": 1}], [{"a": 1}, {"b": 2}], [ANA, BIA], "smb_message_echoes"]
    if name == "object":
        return
    if seeded.random() < 0.3:
        part.pop(name, None)
    elif seeded.random() < 0.3 and isinstance(part.get(name), list):
        part[name] = part[name] * 2
    else:
        part[name] = seeded.choice(odd)
