"""Which fields of which collections are indexed; a query that meets none reads its collection.

A query uses an index when its conditions with `==` name the first fields and its range or
order the next one. To add an index, append a line; it is built at the next start, and one
that is no longer listed is dropped.
"""

import re
import sqlite3
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PREFIX = "documents_by_"


@dataclass(frozen=True, slots=True)
class Index:
    """One index.

    Attributes:
        collection: The last name of the collections that it covers (`messages`).
        fields: Field names or dotted paths, in order.
    """

    collection: str
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """The index's name in SQLite, made of what it covers."""
        return _PREFIX + "__".join((self.collection, *self.fields))


INDEXES = (
    Index("messages", ("conversation", "seq")),
    Index("messages", ("number", "receipt_ms")),
    Index("messages", ("wamid",)),
    Index("conversations", ("check_after_ms",)),
    Index("conversations", ("updated_ms",)),
    Index("kept", ("conversation", "at_ms")),
    Index("kept", ("at_ms",)),
)


def field_sql(field: str) -> str:
    """Return the expression that reads a field; an index matches only this very text.

    Raises:
        ValueError: The name is not letters, digits, `_`, `-` and dots.
    """
    return f"json_extract(data, {path_sql(field)})"


def path_sql(field: str) -> str:
    """Return a field's JSON path as an SQL literal.

    Raises:
        ValueError: As for `field_sql`.
    """
    if not _NAME.fullmatch(field):
        raise ValueError(f"not the name of a field to query: {field!r}")
    return "'$." + ".".join(f'"{part}"' for part in field.split(".")) + "'"


def kind_sql(collection: str) -> str:
    """Return the last name of a collection as an SQL literal."""
    return "'" + collection.rpartition("/")[2].replace("'", "''") + "'"


def build(connection: sqlite3.Connection, indexes: tuple[Index, ...] = INDEXES) -> None:
    """Build the listed indexes, drop those that no longer are, and tell the planner about them."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND substr(name, 1, ?) = ?",
        (len(_PREFIX), _PREFIX),
    ).fetchall()
    listed = {index.name: index for index in indexes}
    present = {row[0] for row in rows}
    for name in sorted(present - listed.keys()):
        connection.execute(f'DROP INDEX "{name}"')
    for name in sorted(listed.keys() - present):
        index = listed[name]
        fields = ", ".join(field_sql(field) for field in index.fields)
        connection.execute(
            f'CREATE INDEX "{name}" ON documents (collection, {fields}, name) '
            f"WHERE kind = {kind_sql(index.collection)}"
        )
    _describe(connection, indexes)


def _describe(connection: sqlite3.Connection, indexes: tuple[Index, ...]) -> None:
    """Write the planner's statistics by hand, the same for every folder.

    Without them it may prefer reading a whole collection in the order of names over
    looking up a few values and sorting what it found.
    """
    connection.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'documents'")
    described = [("sqlite_autoindex_documents_1", "1000000 200000 1")]
    for index in indexes:
        steps = [str(max(2, 100 >> (3 * depth))) for depth in range(len(index.fields))]
        described.append((index.name, " ".join(("1000000", "200000", *steps, "1"))))
    connection.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('documents', ?, ?)", described)
