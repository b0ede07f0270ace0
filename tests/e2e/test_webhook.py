"""The webhook from outside: the handshake, the refusals in their order, and what is 200 regardless."""

import json
import time
from urllib.parse import quote

import pytest

from tests.support.courier import signature
from tests.support.customers import Customer, Json, batch, change, payload
from tests.support.knowledge import ANSWERS
from tests.support.polling import never, until
from tests.support.product import NUMBER, QUIET_S, SECRET, VERIFY, Product
from tests.support.running import get, send

WHERE = "Onde fica a loja?"
MIB = 1024 * 1024
BIG = b'{"x":"' + b"x" * (3 * MIB) + b'"}'
FORGED = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
UNSIGNED = {"X-Hub-Signature-256": ""}


def kept(product: Product) -> list[Json]:
    found: list[Json] = get(product.port, "/api/kept?limit=500").json()
    return found


def handshake(product: Product, **parameters: str) -> tuple[int, bytes, str]:
    query = "&".join(f"hub.{name}={quote(value)}" for name, value in parameters.items())
    answer = get(product.port, f"/webhook?{query}")
    return answer.status, answer.body, answer.headers.get("content-type", "")


def test_the_handshake_answers_the_challenge_as_text(product: Product) -> None:
    status, body, kind = handshake(product, mode="subscribe", challenge="1158201444", verify_token=VERIFY)

    assert (status, body) == (200, b"1158201444")
    assert kind.startswith("text/plain")


@pytest.mark.parametrize("token", [{}, {"verify_token": ""}, {"verify_token": "guess"}])
def test_a_handshake_with_another_token_or_none_is_403(product: Product, token: dict[str, str]) -> None:
    assert handshake(product, mode="subscribe", challenge="1", **token)[0] == 403


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (BIG, FORGED, 413),
        (BIG, UNSIGNED, 413),
        (b"not json", FORGED, 401),
        (b"not json", UNSIGNED, 401),
        (b'{"object":"whatsapp_business_account","entry":[]}', FORGED, 401),
        (b"{}", {"X-Hub-Signature-256": signature(b"{}", "another secret")}, 401),
        (b"not json", {}, 400),
        (b"", {}, 400),
        (b"[]", {}, 400),
        (b'"text"', {}, 400),
        (b"null", {}, 400),
        (b'{"a":NaN}', {}, 400),
        (b'{"a":"\xff"}', {}, 400),
        (b"{}", {}, 200),
    ],
)
def test_refusals_come_in_their_order(
    product: Product, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert product.courier.post(body, **headers).status == status


def test_three_mebibytes_are_taken_and_one_byte_more_is_not(product: Product) -> None:
    head, tail = b'{"x":"', b'"}'
    fits = head + b"y" * (3 * MIB - len(head) - len(tail)) + tail

    assert product.courier.post(fits).status == 200
    assert product.courier.post(fits + b" ").status == 413


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_405(product: Product, method: str) -> None:
    assert send(product.port, method, "/webhook").status == 405


HOSTILE = {
    "nothing": b"{}",
    "no entry": b'{"object":"whatsapp_business_account"}',
    "entry of junk": b'{"entry":[null,7,"x",[],{}]}',
    "changes of junk": b'{"entry":[{"id":7,"changes":[null,{"field":[],"value":9}]}]}',
    "messages of junk": json.dumps(payload(change(NUMBER, messages=[None, 1, "x", [], {}]))).encode(),
    "messages no list": json.dumps(payload(change(NUMBER, messages={"id": 1}))).encode(),  # type: ignore[arg-type]
    "deep lists": b'{"entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep message": json.dumps(payload(change(NUMBER, messages=["@"])))
    .encode()
    .replace(
        b'"@"',
        b'{"id":"deep","from":"5511900049999","type":"text","text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ),
    "lone surrogate": b'{"entry":[{"id":"\\ud800"}]}',
    "nul": b'{"entry":[{"id":"\\u0000"}]}',
    "huge number": b'{"entry":' + b"9" * 5000 + b"}",
    "huge exponent": b'{"entry":[{"time":1e999999}]}',
    "same key twice": b'{"entry":1,"entry":[]}',
    "unknown field": json.dumps(payload({"field": "phases_of_the_moon", "value": {"full": True}})).encode(),
    "errors alone": json.dumps(payload(change(NUMBER, errors=[{"code": 131000}]))).encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_every_other_object_is_200(product: Product, name: str) -> None:
    assert product.courier.post(HOSTILE[name]).status == 200


def test_after_all_that_it_still_answers(product: Product) -> None:
    for body in HOSTILE.values():
        product.courier.post(body)
    customer = Customer("5511900040001")
    product.say(customer, WHERE)

    assert ANSWERS[WHERE] in product.replied(customer)
    listed = until(
        lambda: kept(product), lambda rows: any("phases_of_the_moon" in json.dumps(r) for r in rows)
    )
    assert all({"id", "kind", "reason", "raw"} <= row.keys() for row in listed)
    assert get(product.port, "/").status == 200


def test_an_update_for_another_number_is_kept_and_never_answered(product: Product) -> None:
    customer = Customer("5511900040002", "BR.40002")
    update = customer.says(WHERE)
    product.write(customer, update, number="999000111")

    rows = until(lambda: [row for row in kept(product) if row["number"] == "999000111"])

    assert [row["reason"] for row in rows] == ["not our number"]
    assert update["id"] in json.dumps(rows[0]["raw"])
    never(lambda: product.graph.to(customer.person), for_s=QUIET_S + 0.7)
    assert product.find(customer.person) is None
    assert b"999000111" in get(product.port, "/").body


def test_a_receipt_for_nothing_of_ours_is_kept_and_makes_no_ghost(product: Product) -> None:
    told = {"id": "wamid.of.nobody", "status": "read", "timestamp": str(int(time.time()))}
    told |= {"recipient_id": "5511900040003"}
    product.deliver(payload(change(NUMBER, statuses=[told])))

    until(lambda: any("wamid.of.nobody" in json.dumps(row) for row in kept(product)))
    assert product.find("5511900040003") is None


@pytest.mark.parametrize(
    "path", ["/simulator", "/simulator/api/customers", "/graph", f"/graph/v26.0/{NUMBER}/messages"]
)
def test_with_graph_elsewhere_there_is_neither_simulator_nor_graph(product: Product, path: str) -> None:
    assert get(product.port, path).status == 404
    assert send(product.port, "POST", path, body=b"{}").status == 404


GUARDED = ("/", "/api/conversations", "/api/conversations/5511900040001", "/api/kept")


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=["host", "lookalike host", "origin", "null origin", "cross-site"],
)
def test_pages_and_api_refuse_who_is_not_loopback(
    product: Product, path: str, headers: dict[str, str]
) -> None:
    assert get(product.port, path, **headers).status == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Content-Type": "text/plain"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_nobody_else_changes_an_owner(product: Product, headers: dict[str, str]) -> None:
    customer = Customer("5511900040004")
    product.say(customer, "oi")
    product.conversation(customer.person)
    own = {"Content-Type": "application/json"} | headers

    path = f"/api/conversations/{customer.person}/owner"
    assert send(product.port, "POST", path, body=b'{"owner":"queue"}', headers=own).status == 403
    assert product.conversation(customer.person)["owner"] == "agent"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_every_name_of_loopback_is_welcome(product: Product, host: str) -> None:
    assert get(product.port, "/api/conversations", Host=f"{host}:{product.port}").status == 200


@pytest.mark.parametrize("headers", [{"Host": "atende.example"}, {"Origin": "https://graph.facebook.com"}])
def test_meta_reaches_the_webhook_by_any_name(product: Product, headers: dict[str, str]) -> None:
    customer = Customer("5511900040005")
    body = json.dumps(batch(NUMBER, customer, customer.says("oi"))).encode()

    own = {"X-Hub-Signature-256": signature(body, SECRET)} | headers
    assert send(product.port, "POST", "/webhook", body=body, headers=own).status == 200
