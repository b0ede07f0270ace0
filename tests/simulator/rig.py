"""What the simulator's tests stand on: a clock to move, a core, real servers on loopback."""

import http.server
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from shared.simulator.core import Core, StoredRow
from shared.simulator.records import Answer, Customer, Number
from shared.simulator.simulator import Simulator
from shared.simulator.web import build

NUMBER = "100200300400500"
OTHER_NUMBER = "100200300400501"
ACCOUNT = "900800700600500"
TOKEN = "token-of-the-tests"
SECRET = "secret-of-the-tests"
START_MS = 1_790_000_000_000


@dataclass
class MovableClock:
    """A clock that stands still until it is moved."""

    at_ms: int = START_MS

    def now_ms(self) -> int:
        return self.at_ms


class RealClock:
    """The time of this machine."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass
class Bench:
    """A core with its clock and shorthands."""

    core: Core
    clock: MovableClock

    def customer(self, **given: Any) -> Customer:
        return self.core.people.create(given)

    def writes(self, customer: Customer, text: str = "oi") -> str:
        return self.core.customer_sends(customer, NUMBER, "text", text=text)

    def known(self, **given: Any) -> Customer:
        """Return a customer whose window is open, the webhook of its message already delivered."""
        customer = self.customer(**given)
        self.writes(customer)
        self.drain()
        return customer

    def posts(self, **body: Any) -> Answer:
        return self.core.post(NUMBER, {"messaging_product": "whatsapp", **body})

    def texts(self, customer: Customer, text: str = "olá", **more: Any) -> Answer:
        return self.posts(to=customer.phone, type="text", text={"body": text}, **more)

    def wait(self, ms: int) -> None:
        self.clock.at_ms += ms

    def drain(self) -> list[dict[str, Any]]:
        """Deliver every webhook that is due and return the changes, oldest first."""
        found = []
        while (dispatch := self.core.due_webhook()) is not None:
            self.core.webhook_result(dispatch, accepted=True)
            found += [change for entry in json.loads(dispatch.body)["entry"] for change in entry["changes"]]
        return found

    def statuses(self) -> list[dict[str, Any]]:
        """Deliver what is due and return the receipts among it."""
        return [one for change in self.drain() for one in change["value"].get("statuses", [])]


def bench(*, seed: int = 1, rows: list[StoredRow] | None = None, messages_per_second: int = 80) -> Bench:
    clock = MovableClock()
    core = Core(
        clock=clock,
        chance=random.Random(seed),
        numbers=[Number(NUMBER, "551140028922", "Atende"), Number(OTHER_NUMBER, "551140028923", "Atende")],
        account_id=ACCOUNT,
        callback_url="http://127.0.0.1:9/webhook",
        messages_per_second=messages_per_second,
        rows=rows or [],
    )
    return Bench(core, clock)


@dataclass
class Callback:
    """A webhook endpoint that keeps what it gets and answers what it is told."""

    url: str = ""
    status: int = 200
    verify_token: str = "verify"
    got: list[tuple[bytes, str]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def changes(self) -> list[dict[str, Any]]:
        with self.changed:
            bodies = [json.loads(body) for body, _ in self.got]
        return [change for body in bodies for entry in body["entry"] for change in entry["changes"]]

    def messages(self) -> list[dict[str, Any]]:
        return [one for change in self.changes() for one in change["value"].get("messages", [])]

    def statuses(self) -> list[dict[str, Any]]:
        return [one for change in self.changes() for one in change["value"].get("statuses", [])]

    def wait_for(self, ready: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until it is so; fails after that many seconds."""
        end = time.monotonic() + seconds
        with self.changed:
            while not ready():
                left = end - time.monotonic()
                assert left > 0, "waited in vain"
                self.changed.wait(min(left, 0.2))


@contextmanager
def callback_server() -> Iterator[Callback]:
    callback = Callback()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with callback.changed:
                callback.got.append((body, self.headers.get("X-Hub-Signature-256", "")))
                callback.changed.notify_all()
            self._answer(callback.status, b"ok")

        def do_GET(self) -> None:
            query = dict(part.split("=", 1) for part in self.path.partition("?")[2].split("&"))
            right = query.get("hub.verify_token") == callback.verify_token
            self._answer(200 if right else 403, query.get("hub.challenge", "").encode() if right else b"no")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    callback.url = f"http://127.0.0.1:{server.server_port}/webhook"
    try:
        yield callback
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port; yields its origin."""
    # Only with the protocol named does asyncio switch Nagle's algorithm off, 40 ms per answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listening.close()


def simulator(folder: Path, callback_url: str) -> Simulator:
    return Simulator(
        folder,
        callback_url=callback_url,
        app_secret=SECRET,
        verify_token="verify",
        access_token=TOKEN,
        numbers=[NUMBER, OTHER_NUMBER],
        business_account_id=ACCOUNT,
        clock=RealClock(),
    )


@dataclass
class Running:
    """A simulator that runs, where it is served, and where its webhooks go."""

    simulator: Simulator
    origin: str
    callback: Callback

    @property
    def api(self) -> str:
        return f"{self.origin}/simulator/api"

    @property
    def messages(self) -> str:
        return f"{self.origin}/graph/v26.0/{NUMBER}/messages"


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    with callback_server() as callback:
        found = simulator(folder, callback.url)
        found.start()
        try:
            with served(build(found)) as origin:
                yield Running(found, origin, callback)
                found.listeners.close()
        finally:
            found.stop()
