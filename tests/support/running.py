"""Starts `run` as a process of its own and talks to it as outsiders do."""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REPOSITORY = Path(__file__).parents[2]
READY_WITHIN_S = 20
ENDS_WITHIN_S = 10
MODULES = {"run": "serve", "owner": "owner", "admin": "admin"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


def command(name: str, *arguments: str) -> list[str]:
    """Spell a command of the runtime, in this interpreter."""
    start = f"import sys; from shared.runtime.{MODULES[name]} import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", start, *arguments]


def get(port: int, path: str, **headers: str) -> Answer:
    """Get a path."""
    return send(port, "GET", path, headers=headers)


def send(
    port: int, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.read(), {k.lower(): v for k, v in response.getheaders()})
    finally:
        connection.close()


class Running:
    """`run` on a data folder and a free port, from ready until the block is left."""

    def __init__(self, data: Path, *, port: int = 0, **environ: str) -> None:
        """Start it; settings are given as keywords."""
        self.data = data
        self.process = subprocess.Popen(
            command("run", "--port", str(port), "--data", str(data)),
            cwd=REPOSITORY,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []
        self.ready = self._read_until_ready()
        found = re.match(r"ready http://127\.0\.0\.1:([0-9]+)", self.ready)
        assert found is not None, self.ready
        self.port = int(found[1])

    @property
    def output(self) -> str:
        """What it printed before it was ready, and the ready line."""
        return "\n".join(self._lines)

    @property
    def printed(self) -> dict[str, str]:
        """The secrets that it printed, by the names of their settings."""
        pairs = [line.partition("=") for line in self._lines if re.match(r"[A-Z_]+=", line)]
        return {name: value for name, _, value in pairs}

    def run(self, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command on the same data folder."""
        return subprocess.run(
            command(name, *arguments, "--data", str(self.data)),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def __enter__(self) -> Self:
        """Hand it out."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, if it has not ended."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read_until_ready(self) -> str:
        assert self.process.stdout is not None
        guard = threading.Timer(READY_WITHIN_S, self.process.kill)
        guard.start()
        try:
            for line in self.process.stdout:
                self._lines.append(line.rstrip("\n"))
                if line.startswith("ready "):
                    return self._lines[-1]
        finally:
            guard.cancel()
        assert self.process.stderr is not None
        problem = self.process.stderr.read()
        self.__exit__(None, None, None)
        raise AssertionError(f"not ready: {self.output}\n{problem}")
