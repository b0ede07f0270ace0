"""The least of a Graph API that the sender needs, over real HTTP, in the load generator's process."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that the system posted."""

    number: str
    to: str
    wamid: str
    callback: str


class Graph:
    """Takes every post; tells of each message while its answer is being written."""

    def __init__(self, sent: Callable[[Sent], None]) -> None:
        """Call `sent` for each message."""
        self.read_receipts = 0
        self._sent = sent
        self._messages = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Serve on a free port of loopback and return it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()

    def answer(self, path: str, body: bytes) -> bytes:
        """Take a post to `/<version>/<number>/messages` and return Graph's answer."""
        posted: dict[str, Any] = json.loads(body)
        if posted.get("status") == "read":
            self.read_receipts += 1
            return b'{"success":true}'
        self._messages += 1
        wamid = f"wamid.out{self._messages:08}"
        to = str(posted["to"])
        self._sent(Sent(path.split("/")[-2], to, wamid, str(posted["biz_opaque_callback_data"])))
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": wamid}],
        }
        return json.dumps(answer).encode()


class _Connection(asyncio.Protocol):
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, head + 2) if head >= 0 else None
        if length is None or len(self._received) < head + 4 + int(length[1]):
            return
        path = self._received.split(b" ", 2)[1].decode()
        body = self._graph.answer(path, self._received[head + 4 :])
        self._received = b""
        if self._transport is not None:
            top = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(top.encode() + body)
