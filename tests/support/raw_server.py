"""A server whose every byte a test decides, and the client under test beside it."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from shared.adapters.whatsapp.client import GraphClient
from shared.adapters.whatsapp.transport import Timeouts

TOKEN = "EAA-secret-token"
BODY = {"messaging_product": "whatsapp", "to": "5511988887777", "type": "text", "text": {"body": "olá 😀"}}
TAKEN = {"messages": [{"id": "wamid.A"}]}
QUICK = Timeouts(connect_s=1.0, read_s=0.4, total_s=0.8)

Handler = Callable[[socket.socket, int], None]


class Server:
    """Accepts connections on loopback and hands each, with its number, to a handler."""

    def __init__(self, handler: Handler) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._handler = handler
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graph"

    def read_request(self, connection: socket.socket) -> bytes:
        """Read one whole request, or nothing when the client hung up."""
        data = b""
        while b"\r\n\r\n" not in data:
            received = connection.recv(65536)
            if not received:
                return b""
            data += received
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(rest) < int(fields[b"content-length"]):
            rest += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + rest)
        return self.requests[-1]

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self.connections += 1
            threading.Thread(target=self._handle, args=(connection, self.connections), daemon=True).start()

    def _handle(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            self._handler(connection, number)


Serve = Callable[[Handler], Server]
Connect = Callable[..., GraphClient]


def http(status: int, body: object, *extra: str) -> bytes:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(payload)}",
        "Content-Type: application/json",
        *extra,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


def graph_error(code: object, **more: object) -> dict[str, Any]:
    return {"error": {"message": "(#1) Oops", "type": "OAuthException", "code": code, **more}}
