"""The folder that holds everything: whose it is, who may open it, what is refused and how."""

import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from shared.adapters.embedded import bus, store, tasks
from shared.adapters.embedded.clock import SystemClock
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.database import Database, Schema
from shared.adapters.embedded.store import SqliteStore
from shared.adapters.embedded.tasks import SqliteTasks
from shared.domain.errors import Misconfigured, StoreUnavailable
from shared.ports.bus import Event
from shared.ports.store import Create, Update

HOLD = """
import sys
from pathlib import Path
from shared.adapters.embedded.data_folder import DataFolder
folder = DataFolder(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""

SCHEMAS = [store.SCHEMA, bus.SCHEMA, tasks.SCHEMA]


def mode(path: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def one_line(error: pytest.ExceptionInfo[Misconfigured]) -> str:
    """Return the error's text, which a person can read in one line."""
    text = str(error.value)
    assert text
    assert "\n" not in text
    return text


def filled(path: Path) -> None:
    """Make a folder with a document, an event and a task in it, and close it."""
    with closing(DataFolder(path)) as folder:
        SqliteStore(folder).commit([Create("c/1", {"n": 1})])
        bus.SqliteBus(folder, clock=SystemClock(), subscriptions={"t": ["s"]}).publish("t", [Event(b"x")])
        SqliteTasks(folder, clock=SystemClock()).create("turns", "t", {}, at_ms=0)
        folder.secret("verify")


def test_a_new_folder_and_what_is_in_it_are_private(tmp_path: Path) -> None:
    filled(tmp_path / "made" / "on the way")
    folder = tmp_path / "made" / "on the way"
    assert mode(folder) == 0o700
    assert {mode(file) for file in folder.iterdir()} == {0o600}


def test_logs_are_private_while_the_folder_is_open(folder: DataFolder) -> None:
    SqliteStore(folder).commit([Create("c/1", {})])
    assert (folder.path / "store.sqlite3-wal").exists()
    assert {mode(file) for file in folder.path.iterdir()} == {0o600}


def test_whatever_else_lies_in_a_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "other.sqlite3").write_bytes(b"not ours")
    (tmp_path / "store").mkdir()
    (tmp_path / "store.sqlite3-wal").write_bytes(b"left over")
    filled(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "other.sqlite3").read_bytes() == b"not ours"
    with closing(DataFolder(tmp_path)) as folder:
        assert SqliteStore(folder).get("c/1") is not None


def test_a_second_process_is_refused_by_the_number_of_the_first(folder: DataFolder) -> None:
    script = HOLD.replace('print("open", flush=True)', "")
    ended = subprocess.run(
        [sys.executable, "-c", script, str(folder.path)],
        capture_output=True,
        text=True,
        check=False,
        input="",
    )
    pid = (folder.path / "lock").read_text().strip()
    assert f"Misconfigured: {folder.path} is in use by process {pid}" in ended.stderr


def test_a_folder_is_free_again_when_its_process_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(Misconfigured) as refused:
            DataFolder(tmp_path)
        assert one_line(refused) == f"{tmp_path} is in use by process {holder.pid}"
        holder.kill()
    DataFolder(tmp_path).close()


def test_a_refused_opener_does_not_free_the_folder(folder: DataFolder) -> None:
    for _ in range(2):
        with pytest.raises(Misconfigured, match="in use"):
            DataFolder(folder.path)


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Misconfigured) as refused:
            DataFolder(path)
        assert str(path) in one_line(refused)


def test_a_copy_of_a_closed_folder_is_a_backup(tmp_path: Path) -> None:
    filled(tmp_path / "data")
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    with closing(DataFolder(tmp_path / "data")) as folder:
        SqliteStore(folder).commit([Update("c/1", {"n": 2})])
        secret = folder.secret("verify")
    with closing(DataFolder(tmp_path / "copy")) as copy:
        document = SqliteStore(copy).get("c/1")
        assert document is not None
        assert document.data == {"n": 1}
        assert len(SqliteTasks(copy, clock=SystemClock()).pending()) == 1
        assert len(bus.SqliteBus(copy, clock=SystemClock(), subscriptions={}).archive()) == 1
        assert copy.secret("verify") == secret


def test_the_copy_of_a_folder_whose_process_was_killed_holds_its_commits(tmp_path: Path) -> None:
    """The log that a killed process left behind is part of the folder."""
    with closing(DataFolder(tmp_path / "data")) as folder:
        SqliteStore(folder).commit([Create("c/1", {"n": 1})])
        shutil.copytree(tmp_path / "data", tmp_path / "copy")
    with closing(DataFolder(tmp_path / "copy")) as copy:
        assert SqliteStore(copy).get("c/1") is not None


def test_secrets_are_made_once_and_differ(folder: DataFolder) -> None:
    first, second = folder.secret("app"), folder.secret("verify")
    assert len({first, second}) == 2
    assert len(first) == 32
    assert folder.secret("app") == first
    path = folder.path
    folder.close()
    with closing(DataFolder(path)) as again:
        assert (again.secret("app"), again.secret("verify")) == (first, second)
    assert mode(path / "secrets.json") == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"app": 1}', "\udcff"])
def test_unreadable_secrets_are_refused_and_kept(folder: DataFolder, content: str) -> None:
    path = folder.path / "secrets.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(Misconfigured) as refused:
        folder.secret("app")
    assert str(path) in one_line(refused)
    assert path.read_bytes() == content.encode(errors="surrogateescape")


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, and longer than a header\n" * 100)


def too_short(path: Path) -> None:
    path.write_bytes(b"short")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name)")
        connection.commit()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.file)
@pytest.mark.parametrize("harm", [garbage, too_short, cut, overwritten, foreign, newer, folder_instead])
def test_a_file_that_cannot_be_trusted_is_refused_in_one_line(
    tmp_path: Path, schema: Schema, harm: Callable[[Path], None]
) -> None:
    filled(tmp_path)
    harm(tmp_path / schema.file)
    with closing(DataFolder(tmp_path)) as folder:
        with pytest.raises(Misconfigured) as refused:
            folder.database(schema)
        assert schema.file in one_line(refused)


def test_a_newer_store_is_refused_as_newer_and_left_as_it_is(tmp_path: Path) -> None:
    filled(tmp_path)
    newer(tmp_path / "store.sqlite3")
    with closing(DataFolder(tmp_path)) as folder, pytest.raises(Misconfigured, match="newer version"):
        SqliteStore(folder)
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


def test_a_store_of_another_kind_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    shutil.copy(tmp_path / "tasks.sqlite3", tmp_path / "store.sqlite3")
    with closing(DataFolder(tmp_path)) as folder, pytest.raises(Misconfigured, match="another program"):
        SqliteStore(folder)


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").touch()
    with closing(DataFolder(tmp_path)) as folder:
        assert SqliteStore(folder).get("c/1") is None


FIRST = Schema("notes.sqlite3", 7, (("CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('kept')"),))
SECOND = Schema("notes.sqlite3", 7, (*FIRST.steps, ("ALTER TABLE notes ADD COLUMN at DEFAULT 5",)))
BROKEN = Schema("notes.sqlite3", 7, (*FIRST.steps, ("DELETE FROM notes", "ALTER TABLE nothing RENAME TO x")))


def notes(path: Path, schema: Schema) -> list[tuple[object, ...]]:
    """Open the file with a schema and return what is in it."""
    with closing(Database(path, schema)) as database, database.read(StoreUnavailable) as connection:
        return connection.execute("SELECT * FROM notes").fetchall()


def test_an_older_file_takes_the_steps_that_it_lacks_once(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite3"
    assert notes(path, FIRST) == [("kept",)]
    assert notes(path, SECOND) == [("kept", 5)]
    assert notes(path, SECOND) == [("kept", 5)]
    with pytest.raises(Misconfigured, match="newer"):
        Database(path, FIRST)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite3"
    notes(path, FIRST)
    with pytest.raises(Misconfigured):
        Database(path, BROKEN)
    assert notes(path, FIRST) == [("kept",)]


def test_a_closed_store_is_unavailable(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    store = SqliteStore(folder)
    store.commit([Create("c/1", {})])
    folder.close()
    with pytest.raises(StoreUnavailable):
        store.get("c/1")
    with pytest.raises(StoreUnavailable):
        store.commit([Create("c/2", {})])
