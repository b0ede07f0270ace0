"""The fake Graph API and the control API over real HTTP."""

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from shared.simulator.core import Core
from tests.simulator.rig import (
    ACCOUNT,
    NUMBER,
    SECRET,
    TOKEN,
    Running,
    callback_server,
    running,
    simulator,
)

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def customer(live: Running, **given: Any) -> dict[str, Any]:
    made: dict[str, Any] = requests.post(f"{live.api}/customers", json=given, timeout=5).json()
    return made


def writes(live: Running, who: dict[str, Any], text: str = "oi", **more: Any) -> str:
    url = f"{live.api}/customers/{who['id']}/messages"
    answer = requests.post(url, json={"kind": "text", "text": text, **more}, timeout=5)
    assert answer.status_code == 201, answer.text
    wamid: str = answer.json()["id"]
    return wamid


def known(live: Running, **given: Any) -> dict[str, Any]:
    """Return a customer with an open window, after its webhook has arrived."""
    who = customer(live, **given)
    wamid = writes(live, who)
    live.callback.wait_for(lambda: any(one["id"] == wamid for one in live.callback.messages()))
    return who


def texts(live: Running, who: dict[str, Any], **more: Any) -> requests.Response:
    body = {"messaging_product": "whatsapp", "to": who["phone"], "type": "text", "text": {"body": "olá"}}
    return requests.post(live.messages, json={**body, **more}, headers=BEARER, timeout=5)


def faults(live: Running, **wanted: Any) -> None:
    assert requests.patch(f"{live.api}/faults", json=wanted, timeout=5).status_code == 200


def test_webhooks_are_signed_over_their_raw_bytes(live: Running) -> None:
    known(live, name="João 🎉")
    body, header = live.callback.got[0]
    assert header == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def test_a_post_is_answered_and_its_receipts_come(live: Running) -> None:
    who = known(live, reads="auto")
    answer = texts(live, who, biz_opaque_callback_data="m9")
    assert answer.status_code == 200
    wamid = answer.json()["messages"][0]["id"]
    live.callback.wait_for(lambda: len(live.callback.statuses()) == 3)
    assert [one["status"] for one in live.callback.statuses()] == ["sent", "delivered", "read"]
    assert {one["id"] for one in live.callback.statuses()} == {wamid}


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("v26.0/{number}/messages", 190, 401),
        ("v22.0/{number}/messages", 2635, 400),
        ("{number}/messages", 2500, 400),
        ("v26.0/{number}/message", 2500, 400),
        ("v26/{number}/messages", 2500, 400),
        ("v26.0", 2500, 400),
        ("v26.0/999/messages", 100, 400),
    ],
)
def test_paths_versions_and_tokens_are_checked(standing: Running, path: str, code: int, status: int) -> None:
    url = f"{standing.origin}/graph/{path.format(number=NUMBER)}"
    headers = {} if code == 190 else BEARER
    answer = requests.post(url, json={"messaging_product": "whatsapp"}, headers=headers, timeout=5)
    assert (answer.json()["error"]["code"], answer.status_code) == (code, status)


def test_a_body_that_is_not_json_is_refused(standing: Running) -> None:
    for body in (b"{", b"\xff", b"[" * 100_000):
        answer = requests.post(standing.messages, data=body, headers=BEARER, timeout=5)
        assert answer.json()["error"]["code"] == 100


def test_cut_closes_the_connection_after_taking_the_message(live: Running) -> None:
    who = known(live)
    faults(live, cut_next=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        texts(live, who, biz_opaque_callback_data="cut")
    live.callback.wait_for(lambda: len(live.callback.statuses()) == 2)
    assert live.callback.statuses()[0]["biz_opaque_callback_data"] == "cut"
    assert texts(live, who).status_code == 200


def test_lose_closes_the_connection_without_taking_the_message(live: Running) -> None:
    who = known(live)
    faults(live, lose_next=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        texts(live, who)
    journal = requests.get(f"{live.api}/posts", timeout=5).json()["posts"]
    assert [post["outcome"] for post in journal] == ["lost"]
    chat = requests.get(f"{live.api}/customers/{who['id']}/chat", timeout=5).json()
    assert [one["direction"] for one in chat["messages"]] == ["in"]


def test_a_cut_connection_carries_not_one_byte(live: Running) -> None:
    who = known(live)
    faults(live, cut_next=1, latency_ms=50)
    body = json.dumps(
        {"messaging_product": "whatsapp", "to": who["phone"], "type": "text", "text": {"body": "x"}}
    )
    host, port = live.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(
            f"POST /graph/v26.0/{NUMBER}/messages HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""


def test_latency_delays_the_answer(live: Running) -> None:
    who = known(live)
    faults(live, latency_ms=300)
    start = time.monotonic()
    assert texts(live, who).status_code == 200
    assert time.monotonic() - start >= 0.3


def test_a_webhook_is_retried_until_the_callback_takes_it(live: Running) -> None:
    live.callback.status = 503
    who = customer(live)
    wamid = writes(live, who)
    live.callback.wait_for(lambda: len(live.callback.got) >= 2)
    live.callback.status = 200
    live.callback.wait_for(lambda: len(live.callback.got) >= 3)
    assert {one["id"] for one in live.callback.messages()} == {wamid}
    assert len({body for body, _ in live.callback.got}) == 1
    for _ in range(100):
        if not requests.get(f"{live.api}/webhooks", timeout=5).json()["webhooks"]:
            break
        time.sleep(0.02)
    else:
        pytest.fail("the webhook is still pending")


def test_state_survives_the_process(tmp_path: Path) -> None:
    with callback_server() as callback:
        callback.status = 500
        first = simulator(tmp_path, callback.url)
        who = first.act(lambda core: core.people.create({"name": "Zé"}))
        wamid = first.act(lambda core: core.customer_sends(who, NUMBER, "text", text="oi"))
        first.act(lambda core: core.set_faults({"latency_ms": 7}))
        # Nothing is closed here: the file holds what `act` returned from, as after a kill.
        callback.status = 200
        second = simulator(tmp_path, callback.url)
        second.start()
        callback.wait_for(lambda: [one["id"] for one in callback.messages()] == [wamid])
        assert second.act(lambda core: core.state.faults.latency_ms) == 7
        found = second.act(lambda core: core.state.by_phone(who.phone))
        assert found is not None
        assert found.name == "Zé"
        second.stop()
        first.stop()


def test_a_callback_is_challenged_before_it_is_used(live: Running) -> None:
    url = f"{live.origin}/graph/v26.0/{ACCOUNT}/subscribed_apps"
    with callback_server() as other:
        other.verify_token = "right"
        for token, status in (("wrong", 400), ("right", 200)):
            body = {"override_callback_uri": other.url, "verify_token": token}
            assert requests.post(url, json=body, headers=BEARER, timeout=5).status_code == status
        (app,) = requests.get(url, headers=BEARER, timeout=5).json()["data"]
        assert app["override_callback_uri"] == other.url
        wamid = writes(live, customer(live))
        other.wait_for(lambda: [one["id"] for one in other.messages()] == [wamid])
        assert requests.delete(url, headers=BEARER, timeout=5).json() == {"success": True}
    known(live)


@pytest.mark.parametrize("place", ["https://example.com/w", "http://10.0.0.1/w", "http://127.0.0.1.nip.io/"])
def test_callbacks_beyond_this_machine_are_refused(standing: Running, place: str) -> None:
    body = {"webhook_configuration": {"override_callback_uri": place, "verify_token": "x"}}
    url = f"{standing.origin}/graph/v26.0/{NUMBER}"
    answer = requests.post(url, json=body, headers=BEARER, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


def test_numbers_and_templates_are_listed(standing: Running) -> None:
    base = f"{standing.origin}/graph/v26.0"
    fields = {"fields": "verified_name,quality_rating"}
    number = requests.get(f"{base}/{NUMBER}", params=fields, headers=BEARER, timeout=5).json()
    assert number == {"verified_name": "Atende", "quality_rating": "GREEN", "id": NUMBER}
    numbers = requests.get(f"{base}/{ACCOUNT}/phone_numbers", headers=BEARER, timeout=5).json()
    assert NUMBER in [one["id"] for one in numbers["data"]]
    named = {"name": "hello_world"}
    listed = requests.get(f"{base}/{ACCOUNT}/message_templates", params=named, headers=BEARER, timeout=5)
    assert [one["name"] for one in listed.json()["data"]] == ["hello_world"]
    assert requests.get(f"{base}/{ACCOUNT}", timeout=5).status_code == 401


def test_a_picture_goes_from_the_phone_to_graph(live: Running) -> None:
    picture = b"\x89PNG\r\n" + bytes(range(256))
    upload = {"mime_type": "image/png", "data": base64.b64encode(picture).decode()}
    media = requests.post(f"{live.api}/media", json=upload, timeout=5).json()
    who = customer(live)
    body = {"kind": "image", "media_id": media["id"], "caption": "vitrine"}
    requests.post(f"{live.api}/customers/{who['id']}/messages", json=body, timeout=5)
    live.callback.wait_for(lambda: bool(live.callback.messages()))
    image = live.callback.messages()[0]["image"]
    digest = base64.b64encode(hashlib.sha256(picture).digest()).decode()
    assert (image["mime_type"], image["sha256"], image["caption"]) == ("image/png", digest, "vitrine")
    found = requests.get(f"{live.origin}/graph/v26.0/{image['id']}", headers=BEARER, timeout=5).json()
    assert found["file_size"] == len(picture)
    path = found["url"].split("/graph/")[1]
    assert requests.get(f"{live.origin}/graph/{path}", headers=BEARER, timeout=5).content == picture
    assert requests.get(f"{live.origin}/graph/{path}", timeout=5).status_code == 401
    shown = requests.get(f"{live.api}/media/{media['id']}", timeout=5)
    assert (shown.content, shown.headers["content-type"]) == (picture, "image/png")


def test_an_uploaded_page_is_never_served_as_one(standing: Running) -> None:
    upload = {"mime_type": "text/html", "data": base64.b64encode(b"<script>1</script>").decode()}
    media = requests.post(f"{standing.api}/media", json=upload, timeout=5).json()
    shown = requests.get(f"{standing.api}/media/{media['id']}", timeout=5)
    assert shown.headers["content-type"] == "application/octet-stream"
    assert shown.headers["content-disposition"] == "attachment"


def test_the_whole_control_api_is_described_and_drives_customers(live: Running) -> None:
    described = requests.get(f"{live.api}/help", timeout=5).json()
    assert {"PATCH", "POST", "GET", "DELETE", "PUT"} == {call["method"] for call in described["calls"]}
    assert {one["name"] for one in described["faults"]} >= {"cut_next", "batch"}
    who = customer(live, name="Ana", phone="5511912345678")
    base = f"{live.api}/customers/{who['phone']}"
    hidden = requests.patch(base, json={"hidden": True}, timeout=5).json()
    assert hidden["username"]
    moved = requests.post(f"{base}/number", json={}, timeout=5).json()
    assert moved["phone"] != who["phone"]
    assert requests.patch(base, json={"hidden": False}, timeout=5).status_code == 404
    base = f"{live.api}/customers/{moved['user_id']}"
    writes(live, moved)
    assert requests.post(f"{base}/window", json={}, timeout=5).status_code == 200
    assert texts(live, moved).json()["error"]["code"] == 131047
    template = {"name": "novo", "language": "pt_BR", "body": "Oi, {{1}}!"}
    assert requests.put(f"{live.api}/templates", json=template, timeout=5).json()["status"] == "APPROVED"
    assert requests.post(f"{live.api}/reset", json={}, timeout=5).status_code == 200
    left = requests.get(f"{live.api}/state", timeout=5).json()
    assert [one["name"] for one in left["customers"]] == ["Maria Souza"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/customers", {"phone": "123"}),
        ("POST", "/customers", {"reads": "maybe"}),
        ("POST", "/customers", []),
        ("PATCH", "/faults", {"batch": 0}),
        ("PUT", "/templates", {"name": "x"}),
        ("POST", "/webhooks", {}),
        ("POST", "/media", {"mime_type": "image/png", "data": "***"}),
        ("POST", "/media", {"mime_type": "image/png", "data": 5}),
    ],
)
def test_mistakes_are_told(standing: Running, method: str, path: str, body: Any) -> None:
    answer = requests.request(method, standing.api + path, json=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_hundreds_of_webhooks_arrive(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        people = live.simulator.act(lambda core: [core.people.create({}) for _ in range(10)])
        for index in range(300):
            who = people[index % 10]
            live.simulator.act(
                partial(Core.customer_sends, customer=who, number_id=NUMBER, kind="text", text="x")
            )
        live.callback.wait_for(lambda: len(live.callback.got) == 300, seconds=15)
        assert len({one["id"] for one in live.callback.messages()}) == 300


def test_the_live_stream_tells_what_happens(live: Running) -> None:
    with requests.get(f"{live.api}/live", stream=True, timeout=5) as stream:
        lines = (line.decode() for line in stream.iter_lines(chunk_size=1))
        assert next(lines).startswith("retry")
        writes(live, customer(live), "vivo <b>")
        events: list[str] = []
        for line in lines:
            if line.startswith("data: ") and events[-1:] == ["event: message"]:
                assert json.loads(line[6:])["text"] == "vivo <b>"
                break
            events.append(line)
        assert "event: customer" in events


def test_a_reset_forgets_webhooks_in_flight(live: Running) -> None:
    live.callback.status = 500
    writes(live, customer(live))
    requests.post(f"{live.api}/reset", json={}, timeout=5)
    live.callback.status = 200
    wamid = writes(live, customer(live))
    live.callback.wait_for(lambda: wamid in [one["id"] for one in live.callback.messages()])


@pytest.mark.parametrize("odd", ["\ud800", "a/b\x00c", "'; DROP TABLE records; --", "é" * 300])
def test_odd_ids_and_texts_go_through_whole(live: Running, odd: str) -> None:
    who = customer(live, name=odd)
    body = {"kind": "raw", "message": {"id": f"id {odd}", "type": "text", "text": {"body": odd}}}
    answer = requests.post(
        f"{live.api}/customers/{who['id']}/messages",
        data=json.dumps(body),
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.json()["id"] == f"id {odd}"
    live.callback.wait_for(lambda: bool(live.callback.messages()))
    assert live.callback.messages()[0]["text"]["body"] == odd
    chat = requests.get(f"{live.api}/customers/{who['id']}/chat", timeout=5).json()
    assert chat["messages"][0]["text"] == odd


@pytest.mark.parametrize("raw", ["[" * 5000 + "]" * 5000, "[" * 300 + "]" * 300, "NaN", "[1e999]", "{"])
def test_json_that_cannot_be_written_again_is_refused(standing: Running, raw: str) -> None:
    headers = {"Content-Type": "application/json"}
    body = f'{{"body": {raw}}}'
    answer = requests.post(f"{standing.api}/webhooks", data=body, headers=headers, timeout=5)
    assert answer.status_code == 400
    assert requests.post(standing.messages, data=body, headers=BEARER, timeout=5).status_code == 400
