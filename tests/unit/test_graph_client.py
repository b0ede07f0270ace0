"""What the Graph client makes of answers, and what it shows of itself."""

import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.whatsapp.client import GraphClient
from shared.domain.errors import Misconfigured
from shared.ports.graph import Accepted, Refused, SendOutcome, Unclear
from tests.support.raw_server import BODY, TAKEN, TOKEN, Connect, Serve, Server, graph_error, http


@pytest.fixture
def answer(serve: Serve, connect: Connect) -> Callable[..., tuple[SendOutcome, Server]]:
    """Send one message to a server that reads it and writes these bytes."""

    def ask(raw: bytes, *, hang_up: bool = False) -> tuple[SendOutcome, Server]:
        def handler(connection: socket.socket, _: int) -> None:
            while server.read_request(connection):
                connection.sendall(raw)
                if hang_up:
                    connection.shutdown(socket.SHUT_RDWR)
                    return

        server = serve(handler)
        return connect(server.url).send("1055", BODY), server

    return ask


Answer = Callable[..., tuple[SendOutcome, Server]]


def test_an_accepted_message_tells_its_id(answer: Answer) -> None:
    outcome, server = answer(http(200, TAKEN))
    assert outcome == Accepted("wamid.A")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /graph/v26.0/1055/messages HTTP/1.1\r\n")
    assert f"Authorization: Bearer {TOKEN}".encode() in head
    assert json.loads(body) == BODY


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 131047), (429, 130429), (500, 131016), (401, 190), (400, 1), (400, 131000), (200, 100)],
)
def test_a_graph_error_is_a_certain_refusal(answer: Answer, status: int, code: int) -> None:
    outcome, server = answer(http(status, graph_error(code, error_data={"details": "why"})))
    assert outcome == Refused(code=code, http_status=status, details="(#1) Oops: why")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("code", "subcode", "read"), [(100, 33, 33), ("100", "33", 33), (100, 2494010, 100), (190, 33, 190)]
)
def test_an_unknown_number_is_told_from_other_invalid_parameters(
    answer: Answer, code: object, subcode: object, read: int
) -> None:
    outcome, _ = answer(http(400, graph_error(code, error_subcode=subcode)))
    assert outcome == Refused(code=read, http_status=400, details="(#1) Oops")


@pytest.mark.parametrize("code", [1, 2, 131000])
@pytest.mark.parametrize("status", [500, 503])
def test_metas_catch_all_codes_with_a_5xx_are_unclear(answer: Answer, status: int, code: int) -> None:
    outcome, server = answer(http(status, graph_error(code)))
    assert outcome == Unclear(f"uncertain error: HTTP {status}: (#1) Oops")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "details"),
    [
        (graph_error("131047"), "(#1) Oops"),
        (graph_error(131047, error_data="bare words"), "(#1) Oops: bare words"),
        (graph_error(131047, error_data=[1], message=None), ""),
        (graph_error(131047, message="x" * 9000), "x" * 300),
    ],
)
def test_odd_spellings_of_a_graph_error_are_read(answer: Answer, error: dict[str, Any], details: str) -> None:
    outcome, _ = answer(http(400, error))
    assert outcome == Refused(code=131047, http_status=400, details=details)


NEITHER_YES_NOR_NO = {
    "words": http(200, b"OK"),
    "nothing": http(200, b""),
    "deep nesting": http(200, b"[" * 50_000),
    "no encoding": http(200, b"\xff\xfe{"),
    "a list": http(200, []),
    "no message": http(200, {"messages": []}),
    "an empty id": http(200, {"messages": [{"id": ""}]}),
    "a number as id": http(200, {"messages": [{"id": 7}]}),
    "an object of messages": http(200, {"messages": {"id": "wamid.A"}}),
    "too long": http(200, b'{"messages": [{"id": "wamid.A"}], "x": "' + b"x" * 400_000 + b'"}'),
    "a page": http(400, b"<html>Bad Request</html>"),
    "a word as error": http(400, {"error": "no"}),
    "no code": http(400, {"error": {"message": "no code"}}),
    "a boolean code": http(400, graph_error(True)),
    "an error and an id": http(400, {"error": {"code": 100}} | TAKEN),
    "a gateway's page": http(503, b"<html>upstream</html>"),
    "an id with a 500": http(500, TAKEN),
    "a redirect": http(302, b"", "Location: /elsewhere"),
    "not HTTP": b"\x00\x01\x02 garbage that is not HTTP at all\r\n\r\n",
}


@pytest.mark.parametrize("raw", NEITHER_YES_NOR_NO.values(), ids=NEITHER_YES_NOR_NO.keys())
def test_an_answer_that_says_neither_yes_nor_no_is_unclear(answer: Answer, raw: bytes) -> None:
    outcome, server = answer(raw, hang_up=True)
    assert isinstance(outcome, Unclear)
    assert outcome.details.startswith("unreadable answer")
    assert len(server.requests) == 1


def test_an_answer_cut_in_the_middle_is_unclear(answer: Answer) -> None:
    outcome, server = answer(http(200, TAKEN)[:-4], hang_up=True)
    assert outcome == Unclear("connection lost")
    assert len(server.requests) == 1


def test_a_connection_that_ends_the_body_is_read_whole(answer: Answer) -> None:
    outcome, _ = answer(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(TAKEN).encode(), hang_up=True)
    assert outcome == Accepted("wamid.A")


def test_the_number_can_not_change_the_path(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(200, TAKEN))

    server = serve(handler)
    connect(server.url).send("10/../55?x=1#y", BODY)
    assert server.requests[0].startswith(b"POST /graph/v26.0/10%2F..%2F55%3Fx%3D1%23y/messages HTTP/1.1")


def test_a_lone_surrogate_is_posted_as_json(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(200, TAKEN))

    server = serve(handler)
    assert connect(server.url).send("1055", {"text": "\ud800"}) == Accepted("wamid.A")


def test_a_message_is_marked_read_with_the_typing_indicator(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(200, {"success": True}))

    server = serve(handler)
    connect(server.url).mark_read("1055", "wamid.B")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /graph/v26.0/1055/messages HTTP/1.1")
    assert json.loads(body) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.B",
        "typing_indicator": {"type": "text"},
    }


def test_a_failed_read_receipt_is_noted_by_its_code_alone(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(400, graph_error(131009, error_data={"details": "5511988887777"})))

    server = serve(handler)
    client = connect(server.url)
    with caplog.at_level(logging.INFO):
        client.mark_read("1055", "wamid.B")
        server.close()
        client.mark_read("1055", "wamid.B")
    told = [(record.message, vars(record)["code"], vars(record)["http_status"]) for record in caplog.records]
    assert told == [("read_receipt.failed", 131009, 400), ("read_receipt.failed", None, None)]
    assert "5511988887777" not in caplog.text


def test_the_token_is_never_shown(serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        while server.read_request(connection):
            connection.sendall(http(401, graph_error(190)))

    server = serve(handler)
    client = connect(server.url)
    with caplog.at_level(logging.DEBUG):
        outcome = client.send("1055", BODY)
        client.mark_read("1055", "wamid.B")
    assert len(server.requests) == 2
    shown = repr(client) + str(client) + repr(outcome) + caplog.text
    assert TOKEN not in shown
    assert "olá" not in shown


def test_proxies_and_passwords_of_the_machine_are_not_used(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(200, TAKEN))

    server = serve(handler)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert connect(server.url).send("1055", BODY) == Accepted("wamid.A")
    assert f"Bearer {TOKEN}".encode() in server.requests[0]


@pytest.mark.parametrize("url", ["graph.facebook.com", "ftp://graph.facebook.com", "https://", ""])
def test_an_address_that_is_none_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(Misconfigured, match="GRAPH_API_URL"):
        GraphClient(url, "v26.0", TOKEN)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "é"])
def test_a_token_that_no_header_can_hold_is_a_wrong_setting(token: str) -> None:
    with pytest.raises(Misconfigured, match="WHATSAPP_ACCESS_TOKEN") as caught:
        GraphClient("https://graph.facebook.com", "v26.0", token)
    assert not token or token not in str(caught.value)
