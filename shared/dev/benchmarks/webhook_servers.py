"""Starts the servers that the webhook benchmark compares, each in its own process, one worker each."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.adapters.whatsapp.signature import HEADER, sign
from shared.dev.environment import REPOSITORY

SECRET = b"benchmark-app-secret"
_HERE = Path(__file__).parent
_STARTS_WITHIN_S = 30


class NotMeasurable(Exception):
    """A server does not do what is to be measured; the message says which and what."""


class Server:
    """A server process on a port of its own."""

    def __init__(self, name: str, command: list[str], **environment: str) -> None:
        """Start it; `{port}` in the command stands for the port."""
        self.name = name
        self.port = _free_port()
        self._process = subprocess.Popen(
            [sys.executable, *(part.format(port=self.port) for part in command)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "WORKERS": "1", "THREADS": "8", **environment},
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Return when it accepts connections.

        Raises:
            NotMeasurable: It does not start.
        """
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise NotMeasurable(f"the server {self.name} does not start")

    def post(self, body: bytes, signature: str) -> int:
        """Post a body and return the status."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", body)
        request.add_header("Content-Type", "application/json")
        request.add_header(HEADER, signature)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def get(self, path: str) -> str:
        """Get a path's text."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def processor_s(self) -> float | None:
        """Return the processor time that it and its workers have taken, where the system tells."""
        return _processor_s(self._process.pid)

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(data: Path, pywa: tuple[str, ...]) -> Iterator[dict[str, Server]]:
    """Start every server and return them by name once they answer; end them afterwards.

    Args:
        data: A folder for the embedded bus.
        pywa: The variants of pywa's server.

    Raises:
        NotMeasurable: One does not start.
    """
    servers: dict[str, Server] = {}
    try:
        for bus in ("instant", "slow", "embedded"):
            servers[bus] = Server(
                bus,
                _framework("webhook_ours.py"),
                FUNCTION_USE_ASGI="true",
                BENCH_BUS=bus,
                BENCH_SECRET=SECRET.decode(),
                BENCH_DATA=str(data),
            )
        servers["bare"] = Server("bare", _framework("webhook_bare.py"), FUNCTION_USE_ASGI="true")
        for variant in pywa:
            module = ["-m", "shared.dev.benchmarks.webhook_pywa", variant, "{port}", SECRET.decode()]
            servers[variant] = Server(variant, module)
        for server in servers.values():
            server.wait()
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def check(server: Server, body: bytes, *, refusal: int) -> None:
    """Make sure that a server verifies: takes the body, refuses it with a forged signature.

    Raises:
        NotMeasurable: It doesn't.
    """
    good, forged = server.post(body, sign(body, SECRET)), server.post(body, sign(body, b"another"))
    if (good, forged) != (200, refusal):
        raise NotMeasurable(f"{server.name} answered {good} to a signed and {forged} to a forged body")


def _framework(source: str) -> list[str]:
    module = ["-m", "functions_framework", "--target", "webhook", "--source", str(_HERE / source)]
    return [*module, "--host", "127.0.0.1", "--port", "{port}"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _processor_s(process: int) -> float | None:
    """Sum user and system time of a process and its descendants, from Linux's `/proc`."""
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(place.parent.name)
        children.setdefault(int(fields[1]), []).append(number)
        ticks[number] = int(fields[11]) + int(fields[12])
    if process not in ticks:
        return None
    family = [process]
    for member in family:
        family += children.get(member, [])
    return sum(ticks.get(member, 0) for member in family) / os.sysconf("SC_CLK_TCK")
