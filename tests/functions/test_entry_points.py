"""Each entry point, booted by the framework and called as its platform calls it."""

import base64
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import REPOSITORY, Answer, send

pytestmark = pytest.mark.slow

NUMBER = "106540352242922"
TASK = {"X-CloudTasks-QueueName": "turns", "X-CloudTasks-TaskName": "t1"}
TICK = {"X-CloudScheduler": "true"}
HTTP_FUNCTIONS = ["text", "status", "turn", "sender", "sweeper"]


def command(name: str, port: int) -> list[str]:
    source = REPOSITORY / "functions" / name / "main.py"
    start = "import sys; from functions_framework._cli import _cli; sys.exit(_cli())"
    return [sys.executable, "-c", start, "--target", name, "--source", str(source), "--port", str(port)]


class Booted:
    """One function under the framework's production server, in a folder of its own."""

    def __init__(self, name: str, folder: Path, **environ: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [*command(name, self.port), "--host", "127.0.0.1"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, **environ},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def post(self, body: object, **headers: str) -> Answer:
        raw = json.dumps(body).encode()
        until = time.monotonic() + 20
        while True:
            try:
                return send(
                    self.port, "POST", "/", body=raw, headers={"Content-Type": "application/json", **headers}
                )
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < until, Path(self.log.name).read_text()
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.fixture
def booted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Booted]:
    function = Booted(str(request.param), tmp_path)
    yield function
    function.stop()


def envelope(event: object, **extra: object) -> dict[str, object]:
    data = base64.b64encode(json.dumps(event).encode()).decode()
    return {"subscription": "text", "message": {"data": data, "messageId": "7", "attributes": {}}, **extra}


def message() -> dict[str, object]:
    update = {
        "from": "5511987654321",
        "id": "wamid.A",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": "oi"},
    }
    return {
        "v": 1,
        "kind": "message",
        "field": "messages",
        "waba": "1",
        "number": NUMBER,
        "received_ms": int(time.time() * 1000),
        "contact": {"profile": {"name": "Ana"}, "wa_id": "5511987654321"},
        "update": update,
        "errors": [],
    }


@pytest.mark.parametrize("booted", ["text"], indirect=True)
def test_text_records_messages_and_keeps_poison(booted: Booted) -> None:
    assert booted.post(envelope(message(), deliveryAttempt=1)).status == 204
    assert booted.post(envelope(message(), deliveryAttempt=2)).status == 204
    assert booted.post(envelope({"kind": 7}, deliveryAttempt=1)).status == 204
    assert booted.post(envelope([1, 2], deliveryAttempt=1)).status == 204
    assert booted.post({"message": {}}).status == 400


@pytest.mark.parametrize("booted", ["status"], indirect=True)
def test_status_records_receipts_and_whatever_else_comes(booted: Booted) -> None:
    event = {**message(), "kind": "other", "field": "account_update", "update": {"event": "X"}}

    assert booted.post(envelope(event, deliveryAttempt=1)).status == 204


@pytest.mark.parametrize("booted", ["turn", "sender"], indirect=True)
def test_tasks_for_what_is_not_there_are_done(booted: Booted) -> None:
    payload = {"business": "default", "conversation": "gone", "number": NUMBER, "wake": 1}

    assert booted.post(payload, **TASK).status == 204
    assert booted.post({}, **TASK).status == 400
    assert booted.post(payload).status == 400


@pytest.mark.parametrize("booted", ["sweeper"], indirect=True)
def test_sweeper_takes_ticks_only(booted: Booted) -> None:
    assert booted.post({}, **TICK).status == 204
    assert booted.post({}).status == 400


def test_a_function_with_a_wrong_setting_answers_500_and_says_which(tmp_path: Path) -> None:
    function = Booted("text", tmp_path, TURN_QUIET_SECONDS="soon")
    try:
        assert function.post(envelope(message())).status == 500
    finally:
        function.stop()
    assert "TURN_QUIET_SECONDS" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("name", [*HTTP_FUNCTIONS, "webhook"])
def test_importing_an_entry_point_needs_nothing_and_does_nothing(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import functions.{name}.main as m; print(callable(m.{name}))"],
        cwd=tmp_path,
        env={"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == ("True", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", HTTP_FUNCTIONS)
def test_entry_points_stay_thin(name: str) -> None:
    source = (REPOSITORY / "functions" / name / "main.py").read_text()

    assert len(source.splitlines()) <= 40
    assert re.findall(r"^def ([a-z_]+)", source, re.MULTILINE) == [name]
    imported = set(re.findall(r"^from shared\.(\w+)", source, re.MULTILINE))
    assert imported == {"wiring"}
