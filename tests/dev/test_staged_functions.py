"""Every staged function boots from its own folder under the production server's own command."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.dev.stage import write
from shared.dev.staging import Stager

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
ASGI = {"webhook"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere"


def boot(name: str, folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start a staged function; only its own folder can give it `shared`."""
    script = Path(sys.executable).with_name("functions-framework")
    environ = {"PATH": os.environ["PATH"], "FUNCTION_USE_ASGI": "true" if name in ASGI else "false"}
    return subprocess.Popen(
        [
            script,
            "--target",
            name,
            "--source",
            folder / name / "main.py",
            "--host",
            "127.0.0.1",
            f"--port={port}",
        ],
        cwd=folder,
        env=environ,
    )


def answers(port: int, process: "subprocess.Popen[bytes]") -> Iterator[int]:
    """Yield the status of a GET, once the server listens; nothing when it ended instead."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
        except OSError:
            time.sleep(0.05)
        else:
            yield response.status
            return
        finally:
            connection.close()


@pytest.mark.parametrize("name", Stager(PROJECT).names())
def test_a_staged_function_boots_and_answers(name: str, folder: Path) -> None:
    write(Stager(PROJECT).plan(name), folder / name)
    port = free_port()
    process = boot(name, folder, port)
    try:
        # None of them takes a bare GET; that it refuses one shows that its own code ran.
        assert list(answers(port, process)) in ([403], [405], [400])
    finally:
        process.terminate()
        process.wait(timeout=30)
