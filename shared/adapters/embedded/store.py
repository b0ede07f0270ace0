"""The document store in one SQLite file.

A query sorts mixed types so: None and absent first, then booleans (as 0 and 1) and numbers,
then text by code point; lists and objects stand among the texts, as their JSON.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count

from shared.adapters.documents import check_document_path, check_query, check_writes, checked, updated
from shared.adapters.embedded.codec import decode, encode
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.database import Schema
from shared.adapters.embedded.indexes import INDEXES, Index, build
from shared.adapters.embedded.selection import Statement, compiled
from shared.domain.errors import AlreadyExists, Conflict, Missing, StoreUnavailable
from shared.ports.store import Create, Delete, Document, Query, Update, Version, Write

SCHEMA = Schema(
    file="store.sqlite3",
    application_id=0x41744453,
    steps=(
        (
            "CREATE TABLE documents ("
            " collection TEXT NOT NULL,"
            " name TEXT NOT NULL,"
            " kind TEXT NOT NULL,"
            " version INTEGER NOT NULL,"
            " data TEXT NOT NULL,"
            " UNIQUE (collection, name))",
            "ANALYZE documents",
            "CREATE TABLE starts (number INTEGER NOT NULL)",
            "INSERT INTO starts (number) VALUES (0)",
        ),
    ),
)

_COMMITS_PER_START = 2**40
_READ = "SELECT data, version FROM documents WHERE collection = ? AND name = ?"
_INSERT = (
    "INSERT INTO documents (collection, name, kind, version, data) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_UPDATE = "UPDATE documents SET data = ?, version = ? WHERE collection = ? AND name = ?"
_DELETE = "DELETE FROM documents WHERE collection = ? AND name = ?"


class SqliteStore:
    """A `Store`: what `commit` returned from survives the death of the process."""

    def __init__(self, folder: DataFolder, *, indexes: tuple[Index, ...] = INDEXES) -> None:
        """Open the folder's store, and build the indexes that it lacks.

        Raises:
            Misconfigured: The file is not ours, damaged, or newer than this program.
        """
        self._database = folder.database(SCHEMA)
        with self._database.write(StoreUnavailable) as connection:
            build(connection, indexes)
            connection.execute("UPDATE starts SET number = number + 1")
            start = connection.execute("SELECT number FROM starts").fetchone()[0]
        # Versions of different starts never meet, so none is used twice for a document
        # that was deleted and made again; counting within a start costs no write.
        self._versions = count(start * _COMMITS_PER_START)

    def get(self, path: str) -> Document | None:
        """Read one document as of now, or None."""
        with self._database.read(StoreUnavailable) as connection:
            return _read(connection, path)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read several documents, in the order of `paths`."""
        with self._database.read(StoreUnavailable) as connection:
            return [_read(connection, path) for path in paths]

    def query(self, query: Query) -> list[Document]:
        """Read one page; a query that no index serves reads its whole collection.

        Raises:
            ValueError: The query is not one that every store can answer.
        """
        check_query(query)
        statements = compiled(query)
        with self._database.read(StoreUnavailable) as connection:
            if len(statements) > 1:
                connection.execute("BEGIN")
            rows = _rows(connection, statements, query.limit)
            return [
                Document(f"{query.collection}/{name}", decode(data), version) for name, data, version in rows
            ]

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none. An `Update` of an absent document is `Missing`, whatever its version.

        Raises:
            ValueError: A path occurs twice, or a value is not storable.
            TypeError: A value is not JSON.
        """
        check_writes(writes)
        if not writes:
            return
        # What takes long is done before everybody else has to wait.
        texts = [encode(checked(write.data)) if isinstance(write, Create) else "" for write in writes]
        transaction = self._database.write if len(writes) > 1 else self._database.write_one
        with transaction(StoreUnavailable) as connection:
            version = next(self._versions)
            for write, text in zip(writes, texts, strict=True):
                _apply(connection, write, text, version=version)

    def explain(self, query: Query) -> list[str]:
        """Tell how SQLite finds the answer: a line per step of its plan."""
        with self._database.read(StoreUnavailable) as connection:
            return [
                row[3]
                for statement in compiled(query)
                for row in connection.execute(
                    f"EXPLAIN QUERY PLAN {statement.sql}", (*statement.parameters, query.limit)
                ).fetchall()
            ]


def _rows(
    connection: sqlite3.Connection, statements: list[Statement], limit: int
) -> Iterator[tuple[str, str, int]]:
    left = limit
    for statement in statements:
        if left == 0:
            return
        rows = connection.execute(statement.sql, (*statement.parameters, left)).fetchall()
        left -= len(rows)
        yield from rows


def _read(connection: sqlite3.Connection, path: str) -> Document | None:
    row = connection.execute(_READ, _key(check_document_path(path))).fetchone()
    return None if row is None else Document(path, decode(row[0]), row[1])


def _apply(connection: sqlite3.Connection, write: Write, text: str, *, version: int) -> None:
    collection, name = _key(write.path)
    match write:
        case Create():
            kind = collection.rpartition("/")[2]
            done = connection.execute(_INSERT, (collection, name, kind, version, text))
            if done.rowcount == 0:
                raise AlreadyExists(write.path)
        case Update():
            row = connection.execute(_READ, (collection, name)).fetchone()
            if row is None:
                raise Missing(write.path)
            _require(row[1], write.if_version)
            data = encode(updated(decode(row[0]), write.fields))
            connection.execute(_UPDATE, (data, version, collection, name))
        case Delete():
            if write.if_version is not None:
                row = connection.execute(_READ, (collection, name)).fetchone()
                _require(None if row is None else row[1], write.if_version)
            connection.execute(_DELETE, (collection, name))


def _require(found: int | None, version: Version | None) -> None:
    if version is not None and found != version:
        raise Conflict("a document is no longer in the state that was read")


def _key(path: str) -> tuple[str, str]:
    collection, _, name = path.rpartition("/")
    return collection, name
