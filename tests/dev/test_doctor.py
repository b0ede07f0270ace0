import fcntl
import socket
import sqlite3
from pathlib import Path

import pytest

from shared.adapters.embedded.store import SCHEMA as STORE
from shared.config.settings import load
from shared.dev import findings
from shared.dev.findings import Level

SECRET = "marked-secret-value"


def test_settings_are_shown_and_secrets_are_not() -> None:
    environ = {"META_APP_SECRET": SECRET, "WHATSAPP_ACCESS_TOKEN": SECRET, "TURNS_PER_HOUR": "7"}
    shown = [finding.text for finding in findings.settings(load(environ), environ)]
    assert "TURNS_PER_HOUR: 7" in shown
    assert "META_APP_SECRET: set, not shown" in shown
    assert SECRET not in str(shown)


def test_a_taken_port_is_a_problem() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        (taken,) = findings.port(listener.getsockname()[1])
    assert taken.level is Level.PROBLEM


def test_a_data_folder_in_use_is_a_problem_and_stays_as_it_was(tmp_path: Path) -> None:
    (free,) = findings.data_folder(tmp_path)
    assert free.level is Level.OK
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (used,) = findings.data_folder(tmp_path)
    assert used.level is Level.PROBLEM
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("ahead", "owner", "level"),
    [(0, STORE.application_id, Level.OK), (1, STORE.application_id, Level.PROBLEM), (0, 7, Level.PROBLEM)],
)
def test_a_store_that_run_would_refuse_is_a_problem(
    tmp_path: Path, ahead: int, owner: int, level: Level
) -> None:
    database = sqlite3.connect(tmp_path / STORE.file)
    database.execute(f"PRAGMA user_version = {len(STORE.steps) + ahead}")
    database.execute(f"PRAGMA application_id = {owner}")
    database.close()
    before = (tmp_path / STORE.file).read_bytes()
    _, found = findings.data_folder(tmp_path)
    assert found.level is level
    assert (tmp_path / STORE.file).read_bytes() == before


def test_what_is_no_database_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / STORE.file).write_text("hello")
    _, found = findings.data_folder(tmp_path)
    assert found.level is Level.PROBLEM


@pytest.mark.parametrize("kind", ["file", "missing"])
def test_a_data_folder_that_is_no_folder(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data"
    expected = {"file": Level.PROBLEM, "missing": Level.OK}[kind]
    if kind == "file":
        path.write_text("")
    (finding,) = findings.data_folder(path)
    assert finding.level is expected
