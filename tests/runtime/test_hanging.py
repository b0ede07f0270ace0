"""A Graph server that hangs: what goes on beside it, and how the process ends under it."""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.running import Running, get, send

pytestmark = pytest.mark.slow

SECRET = "signs-webhooks"
HANGING, HEALTHY = "111", "222"


class Graph(ThreadingHTTPServer):
    """Accepts what one number sends, and leaves what another sends without an answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.release = threading.Event()
        self.posted: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers as Meta does, or doesn't."""

    server: Graph

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = self.path.split("/")[2]
        if "to" in body:
            self.server.posted.append(number)
            if number == HANGING:
                self.server.release.wait(60)
                return
        answer = json.dumps({"messages": [{"id": f"wamid.{number}.{len(self.server.posted)}"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def graph() -> Iterator[Graph]:
    server = Graph()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def running(tmp_path: Path, graph: Graph) -> Iterator[Running]:
    with Running(
        tmp_path / "data",
        GRAPH_API_URL=graph.url,
        META_APP_SECRET=SECRET,
        WHATSAPP_PHONE_NUMBER_ID=f"{HANGING},{HEALTHY}",
        TURN_QUIET_SECONDS="0",
    ) as process:
        yield process


def say(running: Running, number: str, *, phone: str) -> None:
    update = {
        "from": phone,
        "id": f"wamid.{number}.{phone}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": "oi"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": number, "display_phone_number": number},
        "contacts": [{"wa_id": phone, "profile": {"name": "A"}}],
        "messages": [update],
    }
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }
    body = json.dumps(payload).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    answer = send(running.port, "POST", "/webhook", body=body, headers={"X-Hub-Signature-256": signature})
    assert answer.status == 200


def eventually(graph: Graph, number: str, count: int, *, within_s: float) -> None:
    until = time.monotonic() + within_s
    while graph.posted.count(number) < count:
        assert time.monotonic() < until, graph.posted
        time.sleep(0.05)


def test_a_number_whose_posts_hang_does_not_stop_the_others(running: Running, graph: Graph) -> None:
    for person in range(40):
        say(running, HANGING, phone=f"55118{person:08d}")
    eventually(graph, HANGING, 10, within_s=10)

    for person in range(10):
        say(running, HEALTHY, phone=f"55219{person:08d}")
    eventually(graph, HEALTHY, 10, within_s=10)


def test_posts_in_flight_do_not_hold_the_end_up(running: Running, graph: Graph) -> None:
    for person in range(5):
        say(running, HANGING, phone=f"55118{person:08d}")
    eventually(graph, HANGING, 5, within_s=10)
    upload = socket.create_connection(("127.0.0.1", running.port))
    upload.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n{")
    started = time.monotonic()

    running.process.terminate()

    assert running.process.wait(10) == 0
    assert time.monotonic() - started < 5
    upload.close()


def test_what_was_in_flight_is_seen_again_after_the_next_start(
    running: Running, graph: Graph, tmp_path: Path
) -> None:
    say(running, HANGING, phone="5511900000001")
    eventually(graph, HANGING, 1, within_s=10)
    running.process.kill()
    running.process.wait(10)

    with Running(
        tmp_path / "data",
        GRAPH_API_URL=graph.url,
        META_APP_SECRET=SECRET,
        WHATSAPP_PHONE_NUMBER_ID=f"{HANGING},{HEALTHY}",
        SEND_UNCLEAR_SECONDS="1",
    ) as again:
        until = time.monotonic() + 11
        while (found := get(again.port, "/api/conversations/5511900000001").json())["owner"] != "queue":
            assert time.monotonic() < until, found
            time.sleep(0.2)
        assert graph.posted == [HANGING]
        assert found["messages"][-1]["state"] == "unclear"
