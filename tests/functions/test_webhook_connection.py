"""The webhook over a real connection: bodies in pieces, without end, cut off, and of a false length."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import ASGIApp

from shared.adapters.whatsapp.signature import sign
from shared.runtime.server import Server, listen
from shared.wiring.webhook import MAX_BODY
from tests.support.webhook import GOOD, SECRET, Published, deployed


@pytest.fixture
def bus() -> Published:
    return Published()


@pytest.fixture
def app(bus: Published) -> Iterator[ASGIApp]:
    with deployed(bus) as served:
        yield served


@pytest.fixture
def port(app: ASGIApp) -> Iterator[int]:
    listener = listen(0)
    server = Server(app, listener=listener)
    server.start()
    yield listener.getsockname()[1]
    server.stop(within_s=5)
    listener.close()


def padded(length: int) -> bytes:
    body = json.dumps(GOOD).encode()
    return body + b" " * (length - len(body))


def head(body: bytes, *lines: str) -> bytes:
    fixed = ["POST / HTTP/1.1", "Host: webhook", f"X-Hub-Signature-256: {sign(body, SECRET)}"]
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def exchange(port: int, *pieces: bytes, half_closed: bool = False) -> bytes:
    """Send the pieces one by one and return the first line of the answer, or nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                connection.sendall(piece)
            if half_closed:
                connection.shutdown(socket.SHUT_WR)
            return connection.recv(65536).partition(b"\r\n")[0]
        except ConnectionError:
            # What is no HTTP is hung up on while it is still being sent, and the answer with it.
            return b""


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_three_mebibytes_are_accepted_and_a_byte_more_is_not(port: int, bus: Published) -> None:
    url = f"http://127.0.0.1:{port}/"
    fits, over = padded(MAX_BODY), padded(MAX_BODY + 1)

    assert (
        httpx.post(url, content=fits, headers={"X-Hub-Signature-256": sign(fits, SECRET)}).status_code == 200
    )
    assert (
        httpx.post(url, content=over, headers={"X-Hub-Signature-256": sign(over, SECRET)}).status_code == 413
    )
    assert len(bus.calls) == 1


def test_a_chunked_body_is_read_and_measured(port: int, bus: Published) -> None:
    url = f"http://127.0.0.1:{port}/"

    def send(body: bytes) -> int:
        pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
        return httpx.post(
            url, content=pieces, headers={"X-Hub-Signature-256": sign(body, SECRET)}
        ).status_code

    assert send(padded(1000)) == 200
    assert send(padded(MAX_BODY)) == 200
    assert send(padded(MAX_BODY + 1)) == 413
    assert send(padded(6 * MAX_BODY)) == 413
    assert len(bus.calls) == 2


def test_a_content_length_beside_chunks_hides_nothing(port: int, bus: Published) -> None:
    body = padded(MAX_BODY + 1)
    lines = ("Content-Length: 10", "Transfer-Encoding: chunked")

    answer = exchange(port, head(body, *lines), chunk(body), b"0\r\n\r\n")

    assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413", b"")
    assert bus.calls == []


def test_a_content_length_that_is_too_small_breaks_the_signature(port: int, bus: Published) -> None:
    body = padded(1000)

    answer = exchange(port, head(body, "Content-Length: 100") + body)

    # What follows the hundred bytes is no request: the server may refuse before we do.
    assert answer[:12] in (b"HTTP/1.1 401", b"HTTP/1.1 400")
    assert bus.calls == []


def test_a_body_that_is_cut_off_is_not_published(port: int, bus: Published) -> None:
    body = json.dumps(GOOD).encode()

    exchange(port, head(body, f"Content-Length: {len(body) + 1}"), body, half_closed=True)
    exchange(port, head(body, "Transfer-Encoding: chunked"), chunk(body), half_closed=True)

    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 403
    assert bus.calls == []


def test_a_body_may_come_byte_by_byte(port: int, bus: Published) -> None:
    body = json.dumps(GOOD).encode()
    bytes_ = [body[position : position + 1] for position in range(len(body))]

    assert exchange(port, head(body, f"Content-Length: {len(body)}"), *bytes_) == b"HTTP/1.1 200 OK"
    assert len(bus.calls) == 1


def test_a_body_without_end_is_answered_in_the_end(port: int) -> None:
    piece = chunk(b" " * 1024 * 1024)

    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head(b"", "Transfer-Encoding: chunked"))
        sent = _send_until_refused(connection, piece, times=200)

    assert 30 < sent < 200


def _send_until_refused(connection: socket.socket, piece: bytes, *, times: int) -> int:
    for number in range(times):
        try:
            connection.sendall(piece)
        except OSError:
            return number
    return times
