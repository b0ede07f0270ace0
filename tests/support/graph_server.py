"""A Graph server outside the product: it counts every post, answers as told, and sends receipts.

It knows nothing of the product's code, nor of its simulator.
"""

import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.support.courier import Courier
from tests.support.customers import change, payload

DELIVERED = ("sent", "delivered", "read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """What comes back for a message that was taken."""

    statuses: tuple[str, ...] = DELIVERED
    after_s: float = 0.0
    copies: int = 1
    shuffled: bool = False
    code: int | None = None
    """The error of a `failed`."""


NO_RECEIPTS = Receipts(statuses=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the server does with one post."""

    takes: bool = True
    status: int = 200
    code: int | None = None
    hangs_up: bool = False
    """No answer, whether it was taken or not."""
    after_s: float = 0.0
    """Between deciding and answering."""
    receipts: Receipts = field(default_factory=Receipts)


ACCEPT = Behaviour()


def refuse(code: int, status: int = 400) -> Behaviour:
    """Answer with a Graph error."""
    return Behaviour(takes=False, status=status, code=code)


def hang_up(*, taken: bool, receipts: Receipts = NO_RECEIPTS) -> Behaviour:
    """Close the connection in place of an answer."""
    return Behaviour(takes=taken, hangs_up=True, receipts=receipts)


@dataclass(frozen=True, slots=True)
class Post:
    """A message that was posted, and what became of it."""

    at_s: float
    """Monotonic, when it had arrived whole."""
    path: str
    authorization: str
    body: dict[str, Any]
    wamid: str
    """Empty: it was not taken."""
    order: int
    """Among all calls, read receipts included."""

    @property
    def taken(self) -> bool:
        """Whether the customer gets it."""
        return bool(self.wamid)

    @property
    def person(self) -> str:
        """Whom it goes to."""
        return str(self.body.get("to") or self.body.get("recipient"))

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.body["text"]["body"])

    @property
    def number(self) -> str:
        """Which of our numbers it leaves from."""
        return self.path.split("/")[-2]


Choose = Callable[[dict[str, Any]], Behaviour]


class GraphServer(ThreadingHTTPServer):
    """Listens on loopback, from `start` to `close`, in threads of the test."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, courier: Courier, *, port: int = 0) -> None:
        """Send receipts by this courier."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.courier = courier
        self.posts: list[Post] = []
        self.reads: list[Post] = []
        self.receipted_s: dict[str, float] = {}
        """By wamid: when a receipt of it was answered 200 for the first time."""
        self.choose: Choose = lambda _: ACCEPT
        """What happens to posts that no script is for."""
        self.closing = threading.Event()
        self._scripts: dict[str, list[Behaviour]] = {}
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._open: set[socket.socket] = set()
        self._random = random.Random(7)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """What `GRAPH_API_URL` is set to."""
        return f"http://127.0.0.1:{self.port}"

    def script(self, person: str, *behaviours: Behaviour) -> None:
        """Do this with the next posts to a person, one after the other."""
        with self._lock:
            self._scripts.setdefault(person, []).extend(behaviours)

    def to(self, person: str) -> list[Post]:
        """Return the messages posted to a person, in order."""
        with self._lock:
            return [post for post in self.posts if post.person == person]

    def taken(self, person: str) -> list[Post]:
        """Return the messages that a person gets, in order."""
        return [post for post in self.to(person) if post.taken]

    def receive(self, path: str, authorization: str, body: dict[str, Any]) -> tuple[Behaviour, Post]:
        """Count a call and decide about it."""
        with self._lock:
            at_s, order = time.monotonic(), next(self._order)
            if body.get("status") == "read":
                self.reads.append(Post(at_s, path, authorization, body, "", order))
                return ACCEPT, self.reads[-1]
            person = str(body.get("to") or body.get("recipient"))
            waiting = self._scripts.get(person)
            behaviour = waiting.pop(0) if waiting else self.choose(body)
            wamid = f"wamid.out.{self.port}.{order}" if behaviour.takes else ""
            self.posts.append(Post(at_s, path, authorization, body, wamid, order))
            post = self.posts[-1]
        if post.taken:
            self._send_receipts(post, behaviour.receipts)
        return behaviour, post

    def _send_receipts(self, post: Post, receipts: Receipts) -> None:
        told = list(receipts.statuses) * receipts.copies
        if receipts.shuffled:
            self._random.shuffle(told)
        for status in told:
            self.courier.bring(
                receipt(post, status, code=receipts.code),
                after_s=receipts.after_s,
                done=lambda at_s: self._receipted(post.wamid, at_s),
            )

    def _receipted(self, wamid: str, at_s: float) -> None:
        with self._lock:
            self.receipted_s.setdefault(wamid, at_s)

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Hang up on everybody."""
        self.closing.set()
        self.shutdown()
        self._thread.join(10)
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, to hang up on it in the end."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget it."""
        with self._lock:
            self._open.discard(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: GraphServer

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        behaviour, post = self.server.receive(self.path, self.headers.get("Authorization", ""), body)
        if behaviour.after_s:
            self.server.closing.wait(behaviour.after_s)
        if behaviour.hangs_up:
            self.close_connection = True
            return
        self._answer(behaviour.status, _answer_of(behaviour, post))

    def _answer(self, status: int, content: object) -> None:
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def _answer_of(behaviour: Behaviour, post: Post) -> object:
    if behaviour.code is not None:
        told = {"message": f"(#{behaviour.code}) refused", "type": "OAuthException", "code": behaviour.code}
        return {"error": told | {"fbtrace_id": "x"}}
    if post.body.get("status") == "read":
        return {"success": True}
    contact = {"input": post.person, "wa_id": post.person}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": post.wamid}]}


def receipt(post: Post, status: str, *, code: int | None = None) -> dict[str, Any]:
    """Return the webhook body of one receipt for a message that was taken."""
    told: dict[str, Any] = {"id": post.wamid, "status": status, "timestamp": str(int(time.time()))}
    if "to" in post.body:
        told["recipient_id"] = post.body["to"]
    else:
        told["recipient_user_id"] = post.body["recipient"]
    if "biz_opaque_callback_data" in post.body:
        told["biz_opaque_callback_data"] = post.body["biz_opaque_callback_data"]
    if status == "failed":
        told["errors"] = [{"code": code, "title": "failed", "message": "failed"}]
    elif status in ("sent", "delivered"):
        told["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}
    return payload(change(post.number, statuses=[told]))
