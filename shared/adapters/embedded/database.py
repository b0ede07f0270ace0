"""One SQLite file: opened, checked, brought to today's schema, written by one at a time."""

import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from shared.domain.errors import AtendeError, Misconfigured

_PAGES_BETWEEN_CHECKPOINTS = 4000
_CHECKED_WHOLE_BYTES = 32 * 1024 * 1024
_HEADER_BYTES = 16
_WRITER_CACHE_KIB = 16_000


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file holds.

    Attributes:
        file: The file's name in the data folder.
        application_id: SQLite's mark of whose file it is.
        steps: The statements that lead from version n to n + 1; a file's version is the
            number of steps that were taken on it. Steps are only ever appended.
    """

    file: str
    application_id: int
    steps: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a statement did: how many rows it changed, and the id of the row that it inserted."""

    rows: int
    made: int


class Database:
    """A SQLite file in WAL mode: one writer at a time, readers beside it.

    A commit survives the death of the process when `write` has left its block; a power cut
    may cost the last commits, never the file.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        """Open or create the file and take the steps that it lacks.

        Raises:
            Misconfigured: It is not ours, damaged, or newer than this program.
        """
        self._path = path
        self._lock = Lock()
        self._readers: deque[sqlite3.Connection] = deque()
        self._closed = False
        try:
            _touch(path)
            self._writer = self._connect()
            self._writer.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}")
        except (sqlite3.Error, OSError) as error:
            raise Misconfigured(f"{path} cannot be opened: {error}") from error
        try:
            _prepare(self._writer, path, schema)
        except BaseException as error:
            self._writer.close()
            if isinstance(error, sqlite3.Error):
                raise Misconfigured(f"{path} is damaged or not a store: {error}") from error
            raise

    @contextmanager
    def write(self, unavailable: type[AtendeError]) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction: committed when it ends, undone when it raises.

        Raises:
            AtendeError: `unavailable`, when SQLite fails.
        """
        with self._lock, _translated(unavailable):
            writer = self._writer
            writer.execute("BEGIN IMMEDIATE")
            try:
                yield writer
                writer.execute("COMMIT")
            except BaseException:
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                raise

    @contextmanager
    def write_one(self, unavailable: type[AtendeError]) -> Iterator[sqlite3.Connection]:
        """Run a block that reads and then makes one change at most, at half the cost of `write`.

        No other writer comes between: those of this process wait, and the folder is ours alone.

        Raises:
            AtendeError: `unavailable`, when SQLite fails.
        """
        with self._lock, _translated(unavailable):
            yield self._writer

    def change(self, unavailable: type[AtendeError], statement: str, parameters: tuple[Any, ...]) -> Changed:
        """Run one statement as a transaction of its own, at a third of the cost of `write`.

        Raises:
            AtendeError: `unavailable`, when SQLite fails.
        """
        with self.write_one(unavailable) as writer:
            done = writer.execute(statement, parameters)
        # Where nothing was inserted, SQLite still tells the last row of before.
        return Changed(done.rowcount, (done.lastrowid or 0) if done.rowcount else 0)

    @contextmanager
    def read(self, unavailable: type[AtendeError]) -> Iterator[sqlite3.Connection]:
        """Lend the block a connection that reads what was committed.

        Raises:
            AtendeError: `unavailable`, when SQLite fails.
        """
        with _translated(unavailable):
            try:
                reader = self._readers.pop()
            except IndexError:
                reader = self._connect()
            try:
                yield reader
            finally:
                if reader.in_transaction:
                    reader.execute("COMMIT")
                self._give_back(reader)

    def close(self) -> None:
        """Fold the log into the file and let go of it; later calls fail as unavailable."""
        with self._lock:
            self._closed = True
            while self._readers:
                self._readers.pop().close()
            self._writer.close()

    def _give_back(self, reader: sqlite3.Connection) -> None:
        self._readers.append(reader)
        if self._closed:
            reader.close()

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("the database is closed")
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=5.0
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def _translated(unavailable: type[AtendeError]) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(f"{type(error).__name__}: {error}") from error


def _touch(path: Path) -> None:
    """Make the file ours alone to read; SQLite gives its log the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    size = path.stat().st_size
    if 0 < size < _HEADER_BYTES:
        raise sqlite3.DatabaseError("file is too short to be a database")


def _prepare(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Check whose file it is and take the missing steps, each in a transaction of its own."""
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != schema.application_id and (application, version, tables) != (0, 0, 0):
        raise Misconfigured(f"{path} belongs to another program")
    if version > len(schema.steps):
        raise Misconfigured(
            f"{path} was written by a newer version (schema {version}, this one knows {len(schema.steps)})"
        )
    _check_health(connection, path)
    for number, statements in enumerate(schema.steps[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.application_id}")
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")


def _check_health(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage; only small files are read whole, so that a start stays quick."""
    if path.stat().st_size > _CHECKED_WHOLE_BYTES:
        return
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise Misconfigured(f"{path} is damaged: {str(verdict).splitlines()[-1]}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
