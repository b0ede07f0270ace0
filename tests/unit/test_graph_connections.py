"""What the Graph client makes of everything that a network and a server can do to it."""

import json
import socket
import threading
import time

import pytest

from shared.adapters.whatsapp import transport
from shared.adapters.whatsapp.transport import Timeouts
from shared.ports.graph import Accepted, Refused, Unclear
from tests.support.raw_server import BODY, TAKEN, Connect, Serve, http


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(serve: Serve, connect: Connect, status: int) -> None:
    other = serve(lambda connection, _: connection.sendall(http(200, TAKEN)))

    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(status, b"", f"Location: http://127.0.0.1:{other.port}/v26.0/1055/messages"))

    server = serve(handler)
    assert isinstance(connect(server.url).send("1055", BODY), Unclear)
    assert other.connections == 0
    assert len(server.requests) == 1


def test_a_refused_connection_is_a_certain_refusal(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcome = connect(f"http://127.0.0.1:{port}").send("1055", BODY)
    assert outcome == Refused(code=None, http_status=None, details="connection refused")


def test_a_name_that_is_not_found_is_a_certain_refusal(connect: Connect) -> None:
    outcome = connect("http://[::1%25nosuchcard]:80").send("1055", BODY)
    assert outcome == Refused(code=None, http_status=None, details="address not found")


def test_a_server_that_takes_no_connection_is_a_certain_refusal(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(address)
        try:
            outcome = connect(f"http://127.0.0.1:{address[1]}", Timeouts(0.3, 0.3, 2.0)).send("1055", BODY)
        finally:
            for client in waiting:
                client.close()
    assert outcome == Refused(code=None, http_status=None, details="no answer in time")


def test_a_plain_server_on_a_tls_address_is_a_certain_refusal(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    outcome = connect(serve(handler).url.replace("http://", "https://")).send("1055", BODY)
    assert outcome == Refused(code=None, http_status=None, details="secure connection failed")


def test_a_hang_up_in_the_tls_handshake_is_a_certain_refusal(serve: Serve, connect: Connect) -> None:
    server = serve(lambda connection, _: connection.shutdown(socket.SHUT_RDWR))
    outcome = connect(server.url.replace("http://", "https://")).send("1055", BODY)
    assert outcome == Refused(code=None, http_status=None, details="connection lost")


def test_a_handshake_that_never_ends_is_cut_and_nothing_is_written_later(
    serve: Serve, connect: Connect
) -> None:
    seen = bytearray()
    ended = threading.Event()

    def handler(connection: socket.socket, _: int) -> None:
        while received := connection.recv(4096):
            seen.extend(received)
        ended.set()

    url = serve(handler).url.replace("http://", "https://")
    begun = time.monotonic()
    outcome = connect(url, Timeouts(connect_s=0.8, read_s=5, total_s=0.3)).send("1055", BODY)
    assert outcome == Refused(code=None, http_status=None, details="no answer in time")
    assert time.monotonic() - begun < 0.7
    assert ended.wait(5)
    assert seen.startswith(b"\x16\x03")
    assert b"POST" not in seen


def test_a_hang_up_after_reading_is_unclear_and_not_repeated(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(handler)
    assert connect(server.url).send("1055", BODY) == Unclear("connection lost")
    assert (len(server.requests), server.connections) == (1, 1)


def test_a_hang_up_on_a_kept_connection_after_reading_is_not_repeated(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(200, TAKEN))
        server.read_request(connection)
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(handler)
    client = connect(server.url)
    assert client.send("1055", BODY) == Accepted("wamid.A")
    assert client.send("1055", BODY) == Unclear("connection lost")
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_reset_before_reading_is_unclear(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()

    server = serve(handler)
    assert connect(server.url).send("1055", BODY) == Unclear("connection lost")
    assert server.connections == 1


def test_silence_is_unclear_after_the_read_timeout(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        server.read_request(connection)

    server = serve(handler)
    begun = time.monotonic()
    assert connect(server.url).send("1055", BODY) == Unclear("no answer in time")
    assert 0.3 < time.monotonic() - begun < 2
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "opening",
    [
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_server_that_drips_is_cut_off_in_time(serve: Serve, connect: Connect, opening: bytes) -> None:
    hung_up = threading.Event()

    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(opening)
        pause = threading.Event()
        try:
            while not pause.wait(0.05):
                connection.sendall(b"x")
        finally:
            hung_up.set()

    server = serve(handler)
    begun = time.monotonic()
    assert connect(server.url).send("1055", BODY) == Unclear("no answer in time")
    assert time.monotonic() - begun < 2
    assert hung_up.wait(5)
    assert len(server.requests) == 1


def test_one_connection_serves_several_messages(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        while server.read_request(connection):
            connection.sendall(http(200, TAKEN))

    server = serve(handler)
    client = connect(server.url)
    assert [client.send("1055", BODY) for _ in range(5)] == [Accepted("wamid.A")] * 5
    assert server.connections == 1


def test_a_connection_that_the_server_dropped_while_idle_loses_nothing(
    serve: Serve, connect: Connect
) -> None:
    dropped = threading.Event()

    def handler(connection: socket.socket, _: int) -> None:
        server.read_request(connection)
        connection.sendall(http(200, TAKEN))
        connection.shutdown(socket.SHUT_RDWR)
        dropped.set()

    server = serve(handler)
    client = connect(server.url)
    for _ in range(10):
        assert client.send("1055", BODY) == Accepted("wamid.A")
        assert dropped.wait(5)
        dropped.clear()
    assert server.connections == 10


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one(serve: Serve, connect: Connect) -> None:
    spoken = threading.Event()

    def handler(connection: socket.socket, number: int) -> None:
        while server.read_request(connection):
            connection.sendall(http(200, {"messages": [{"id": f"wamid.{number}"}]}))
            spoken.wait(0.1)
            connection.sendall(http(200, {"messages": [{"id": "wamid.stray"}]}))
            spoken.set()

    server = serve(handler)
    client = connect(server.url)
    for number in (1, 2, 3):
        assert client.send("1055", BODY) == Accepted(f"wamid.{number}")
        assert spoken.wait(5)
        spoken.clear()


def test_many_threads_share_one_client(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        while request := server.read_request(connection):
            body = json.loads(request.partition(b"\r\n\r\n")[2])
            connection.sendall(http(200, {"messages": [{"id": body["to"]}]}))

    server = serve(handler)
    client = connect(server.url, Timeouts(5, 5, 10))
    wrong: list[str] = []

    def work(first: int) -> None:
        wrong.extend(
            str(n)
            for n in range(first, first + 25)
            if client.send("1055", {"to": str(n)}) != Accepted(str(n))
        )

    threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert len(server.requests) == 200
    assert server.connections <= 8


@pytest.mark.slow
def test_a_connection_that_rested_too_long_is_not_used_again(serve: Serve, connect: Connect) -> None:
    def handler(connection: socket.socket, _: int) -> None:
        while server.read_request(connection):
            connection.sendall(http(200, TAKEN))

    server = serve(handler)
    client = connect(server.url)
    client.send("1055", BODY)
    threading.Event().wait(transport.IDLE_S + 0.2)
    client.send("1055", BODY)
    assert server.connections == 2
