"""Keeps the simulator's records in SQLite: what was committed survives the process."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from shared.simulator.state import Change, Record

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
    id TEXT PRIMARY KEY, mime_type TEXT NOT NULL, sha256 TEXT NOT NULL, filename TEXT NOT NULL,
    bytes BLOB NOT NULL
);
"""
_SAVE = "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"


@dataclass(frozen=True, slots=True)
class Media:
    """A file that a customer sent; `sha256` is the base64 of the digest, as Meta tells it."""

    id: str
    mime_type: str
    sha256: str
    filename: str
    data: bytes


class Storage:
    """One SQLite file. The caller takes care that one thread uses it at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            sqlite3.Error: It is no such file, or can't be written.
        """
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error:
            self._connection.close()
            raise

    def rows(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield every stored record as kind, key and fields."""
        for kind, key, body in self._connection.execute("SELECT kind, key, body FROM records"):
            yield kind, key, json.loads(body)

    def save(self, changes: Sequence[Change]) -> None:
        """Write and delete records in one transaction."""
        if not changes:
            return
        written = [
            (one.kind, _keyed(one.key), _dumped(one.record)) for one in changes if one.record is not None
        ]
        gone = [(one.kind, _keyed(one.key)) for one in changes if one.record is None]
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_SAVE, written)
            self._connection.executemany("DELETE FROM records WHERE kind = ? AND key = ?", gone)

    def clear(self) -> None:
        """Forget everything."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM records")
            self._connection.execute("DELETE FROM media")

    def save_media(self, media: Media) -> None:
        """Keep a file under its id."""
        self._connection.execute(
            "INSERT OR REPLACE INTO media VALUES (?, ?, ?, ?, ?)",
            (media.id, media.mime_type, media.sha256, media.filename, media.data),
        )

    def media(self, media_id: str) -> Media | None:
        """Return a file, or None."""
        query = "SELECT id, mime_type, sha256, filename, bytes FROM media WHERE id = ?"
        row = self._connection.execute(query, (media_id,)).fetchone()
        return Media(*row) if row else None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _keyed(key: str) -> str:
    # SQLite takes no lone surrogates, which message ids of hostile tests may hold.
    return key.encode("utf-8", "backslashreplace").decode()


def _dumped(record: Record) -> str:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return json.dumps(values, separators=(",", ":"))
