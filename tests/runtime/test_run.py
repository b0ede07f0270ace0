"""The whole process, from outside: start, readiness, the second run, the end."""

import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import Running, command, get

pytestmark = pytest.mark.slow

ENDS_WITHIN_S = 5


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def running(data: Path) -> Iterator[Running]:
    with Running(data) as process:
        yield process


def refused(data: Path, *arguments: str, **environ: str) -> str:
    """Run to the end, which must be exit 2 with one line, and return that line."""
    done = subprocess.run(
        command("run", "--data", str(data), *arguments),
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2, done
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_it_says_where_it_is_ready_and_is(running: Running) -> None:
    assert running.ready.startswith(f"ready http://127.0.0.1:{running.port}")
    assert get(running.port, "/healthz").status == 200
    assert get(running.port, "/").status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(running: Running, number: signal.Signals) -> None:
    started = time.monotonic()
    running.process.send_signal(number)

    assert running.process.wait(10) == 0
    assert time.monotonic() - started < ENDS_WITHIN_S


def test_open_connections_and_streams_do_not_hold_it_up(running: Running) -> None:
    silent = socket.create_connection(("127.0.0.1", running.port))
    half = socket.create_connection(("127.0.0.1", running.port))
    half.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    stream = socket.create_connection(("127.0.0.1", running.port))
    request = f"GET /simulator/api/live HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n\r\n"
    stream.sendall(request.encode())
    started = time.monotonic()
    running.process.terminate()

    assert running.process.wait(10) == 0
    assert time.monotonic() - started < ENDS_WITHIN_S
    for connection in (silent, half, stream):
        connection.close()


def test_nobody_reading_its_output_does_not_hold_it_up(data: Path) -> None:
    with Running(data) as running:
        assert running.process.stdout is not None
        running.process.stdout.close()
        for _ in range(50):
            assert get(running.port, "/healthz").status == 200
        running.process.terminate()

        assert running.process.wait(10) == 0


def test_a_second_start_is_ready_soon_and_keeps_its_secrets(data: Path) -> None:
    with Running(data) as first:
        secrets = first.printed
    started = time.monotonic()
    with Running(data) as second:
        assert time.monotonic() - started < 5
        assert second.printed == secrets

    assert set(secrets) == {"META_APP_SECRET", "WEBHOOK_VERIFY_TOKEN"}
    assert all(len(value) >= 32 for value in secrets.values())


def test_given_secrets_are_not_printed(data: Path) -> None:
    with Running(data, META_APP_SECRET="hush-hush", WEBHOOK_VERIFY_TOKEN="hush-too") as running:
        assert running.printed == {}
        assert "hush" not in running.output


def test_it_starts_again_after_kill_9(data: Path) -> None:
    with Running(data) as first:
        first.process.kill()
        first.process.wait(10)
    with Running(data) as second:
        assert get(second.port, "/healthz").status == 200


def test_a_taken_port_is_said_in_one_line(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        assert port in refused(data, "--port", port)
    assert not data.exists()


def test_a_second_run_on_the_same_data_is_said_in_one_line(running: Running, data: Path) -> None:
    assert str(data) in refused(data, "--port", "0")
    assert get(running.port, "/healthz").status == 200


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TURN_QUIET_SECONDS", "soon"),
        ("WHATSAPP_PHONE_NUMBER_ID", "1,1"),
        ("GRAPH_API_VERSION", "v1.0"),
        ("META_APP_SECRET", "a,,b"),
        ("ATENDE_BACKEND", "google"),
    ],
)
def test_an_invalid_setting_is_named(data: Path, variable: str, value: str) -> None:
    assert variable in refused(data, "--port", "0", **{variable: value})
    assert not data.exists()


def test_graph_elsewhere_without_a_token_is_refused(data: Path) -> None:
    line = refused(data, "--port", "0", GRAPH_API_URL="https://graph.facebook.com")

    assert "WHATSAPP_ACCESS_TOKEN" in line


@pytest.mark.parametrize(
    "arguments", [["--port", "65536"], ["--port", "-1"], ["--port", "x"], ["--what"], ["x"]]
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    done = subprocess.run(command("run", *arguments), capture_output=True, timeout=20, check=False)

    assert done.returncode == 2


def test_a_folder_that_cannot_be_one_is_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")

    assert str(file) in refused(file, "--port", "0")


@pytest.mark.parametrize(
    "name", ["store.sqlite3", "events.sqlite3", "tasks.sqlite3", "secrets.json", "simulator.db"]
)
def test_a_damaged_file_is_said_in_one_line(data: Path, name: str) -> None:
    data.mkdir()
    (data / name).write_bytes(b"\x00not what it was\xff" * 200)

    assert str(data) in refused(data, "--port", "0")


def test_a_folder_with_other_things_in_it_is_a_new_one(data: Path) -> None:
    (data / "photos").mkdir(parents=True)
    (data / "notes.txt").write_text("mine")
    with Running(data) as running:
        assert get(running.port, "/api/conversations").json() == []

    assert (data / "notes.txt").read_text() == "mine"


def test_the_note_for_the_commands_is_private_and_goes_with_the_process(running: Running, data: Path) -> None:
    note = data / "run.json"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert json.loads(note.read_text())["port"] == running.port

    running.process.terminate()
    running.process.wait(10)
    assert not note.exists()


@pytest.mark.parametrize("path", ["/graph/v26.0/1/messages", "/graph", "/simulator", "/simulator/x"])
def test_with_graph_elsewhere_there_is_no_simulator(data: Path, path: str) -> None:
    with Running(data, GRAPH_API_URL="http://127.0.0.1:9") as running:
        assert get(running.port, path).status == 404
        assert get(running.port, "/healthz").status == 200


@pytest.mark.parametrize("path", ["/", "/api/conversations", "/api/kept", "/simulator"])
def test_pages_refuse_other_hosts_and_origins(running: Running, path: str) -> None:
    own = f"127.0.0.1:{running.port}"
    assert get(running.port, path, Host=own).status == 200
    assert get(running.port, path, Host="evil.example").status == 403
    assert get(running.port, path, Host=own, Origin="http://evil.example").status == 403
    assert get(running.port, path, Host=own, Origin="null").status == 403


def test_the_webhook_takes_any_host(running: Running) -> None:
    token = running.printed["WEBHOOK_VERIFY_TOKEN"]
    path = f"/webhook?hub.mode=subscribe&hub.challenge=123&hub.verify_token={token}"

    answer = get(running.port, path, Host="atende.example")

    assert (answer.status, answer.body) == (200, b"123")
    assert get(running.port, path + "x", Host="atende.example").status == 403
