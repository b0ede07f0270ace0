"""The system under load: the whole `run` process, whose webhook is called without HTTP.

It is given as `python -m shared.dev.benchmarks.turns_system <folder> <socket's descriptor>`;
the settings come from the environment. Through the socket it gets frames and answers each
with a line: a frame of a signed body with the webhook's status, an empty frame with JSON of
what the process has used and logged so far. The socket's end stops it.
"""

import asyncio
import json
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import cast

from starlette.requests import Request
from starlette.types import Message, Scope

from functions.webhook.main import webhook
from shared.adapters.embedded.data_folder import DataFolder
from shared.config import settings as configuration
from shared.dev.benchmarks.turns_payloads import LENGTH_BYTES, SIGNATURE_BYTES
from shared.runtime import logs
from shared.runtime.process import Process
from shared.runtime.server import listen
from shared.runtime.web import Webhook
from shared.wiring.journal import journal


class _Facts:
    """Counts what is logged, by fact."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def __call__(self, line: str) -> None:
        self.seen[str(json.loads(line).get("fact"))] += 1


async def _post(signature: bytes, body: bytes) -> int:
    """Call the function as its ASGI server does and return the status."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/",
        "raw_path": b"/",
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"user-agent", b"facebookexternalua"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-hub-signature-256", signature),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 443),
    }
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = int(message.get("status", status))

    # The decorator's type forgets that this function is asynchronous.
    response = await cast("Webhook", webhook)(Request(scope, receive, send))
    await response(scope, receive, send)
    return status


async def _serve(wire: socket.socket, facts: _Facts) -> None:
    reader, writer = await asyncio.open_connection(sock=wire)
    calls: set[asyncio.Task[None]] = set()

    async def call(frame: bytes) -> None:
        status = await _post(frame[:SIGNATURE_BYTES], frame[SIGNATURE_BYTES:])
        writer.write(b"%d\n" % status)

    try:
        while True:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            if length:
                task = asyncio.create_task(call(await reader.readexactly(length)))
                calls.add(task)
                task.add_done_callback(calls.discard)
            else:
                used = {"cpu_s": time.process_time(), "facts": dict(facts.seen)}
                writer.write(json.dumps(used).encode() + b"\n")
    except asyncio.IncompleteReadError:
        writer.close()


def main(folder: Path, wire: socket.socket) -> None:
    """Run everything on the folder until the socket ends."""
    facts = _Facts()
    journal.redirect(facts)
    logs.adopt(journal)
    process = Process(configuration.current(), DataFolder(folder), listener=listen(0))
    process.start()
    asyncio.run(_serve(wire, facts))
    process.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])))
