"""Somebody posts signed webhooks of their own: the agent's reply reaches them in the simulator."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import Running, get, send

pytestmark = pytest.mark.slow

SECRET = "signs-webhooks"
NUMBER, PHONE = "111", "5511987650001"
USER_ID, HIDDEN_ID, NEW_ID = (f"BR.100000000000000000{last}" for last in range(3))
ANSWERED_WITHIN_S = 10


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with Running(
        tmp_path / "data",
        META_APP_SECRET=SECRET,
        WHATSAPP_PHONE_NUMBER_ID=NUMBER,
        TURN_QUIET_SECONDS="0",
    ) as process:
        yield process


def say(running: Running, *, contact: dict[str, Any] | None = None, **keys: Any) -> None:
    """Post one signed message with these keys."""
    update = {"timestamp": str(int(time.time())), "type": "text", "text": {"body": "oi"}, **keys}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": NUMBER, "display_phone_number": NUMBER},
        "messages": [update],
    }
    if contact is not None:
        value["contacts"] = [contact]
    change = {"field": "messages", "value": value}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})
    signature = "sha256=" + hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": signature}
    assert send(running.port, "POST", "/webhook", body=body.encode(), headers=headers).status == 200


def replies(running: Running, name: str, count: int) -> list[dict[str, Any]]:
    """Wait until that many replies to a person have arrived, and return them."""
    until = time.monotonic() + ANSWERED_WITHIN_S
    while True:
        answer = get(running.port, f"/api/conversations/{name}")
        messages = answer.json()["messages"] if answer.status == 200 else []
        found = [one for one in messages if one["direction"] == "out"]
        if [one["state"] for one in found] == ["delivered"] * count:
            return found
        assert time.monotonic() < until, messages
        time.sleep(0.05)


def on_the_phone(running: Running, name: str) -> list[dict[str, Any]]:
    found = get(running.port, f"/simulator/api/customers/{name}/chat").json()["messages"]
    return [one for one in found if one["visible"]]


def test_somebody_unknown_is_answered(running: Running) -> None:
    contact = {"profile": {"name": "Ana"}, "wa_id": PHONE, "user_id": USER_ID}
    say(running, contact=contact, **{"from": PHONE, "from_user_id": USER_ID, "id": "wamid.outside.1"})

    (reply,) = replies(running, PHONE, 1)
    asked, answered = on_the_phone(running, PHONE)
    assert (asked["id"], asked["text"], asked["status"]) == ("wamid.outside.1", "oi", "read")
    assert (answered["id"], answered["text"]) == (reply["wamid"], reply["text"])


def test_somebody_without_a_phone_is_answered_and_followed_to_a_new_user_id(running: Running) -> None:
    say(running, from_user_id=HIDDEN_ID, id="wamid.outside.2")
    replies(running, HIDDEN_ID, 1)

    change = {"type": "user_changed_user_id", "previous_user_id": HIDDEN_ID, "user_id": NEW_ID}
    say(running, id="wamid.outside.3", type="system", system={**change, "body": "changed"}, text=None)
    say(running, from_user_id=NEW_ID, id="wamid.outside.4")

    replies(running, NEW_ID, 2)
    posts = get(running.port, "/simulator/api/posts").json()["posts"]
    sent = [one["body"] for one in posts if one["body"].get("type") == "text"]
    assert [one["recipient"] for one in sent] == [HIDDEN_ID, NEW_ID]
    assert all("to" not in one for one in sent)
