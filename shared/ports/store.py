"""The document store: a thin port, so that each repository is written once on top of it.

A document is a JSON object under a slash-separated path of alternating collection and
document names (`businesses/default/messages/m1`). Names never hold a slash. Values are
JSON: strings, 64-bit integers, floats, booleans, None, lists and objects. Times are
integers, milliseconds since 1970 in UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Json = Any
"""A JSON value; `Any` because the store does not know the documents' shapes."""

Version = int | str
"""Identifies one state of one document; only equality means anything."""

Operator = Literal["==", "<", "<=", ">", ">=", "in"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read; `data` belongs to the caller, who may change it."""

    path: str
    data: dict[str, Json]
    version: Version

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Maximum:
    """A field value that only grows: the greater of this and what is stored.

    A field that is absent or not a number counts as smaller than every number.
    """

    value: int


@dataclass(frozen=True, slots=True)
class Create:
    """Write a document that must not exist yet."""

    path: str
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Update:
    """Set some fields of a document that must exist; the other fields stay.

    A key is a field name, or a dotted path into nested objects (`times.read`), whose
    missing objects are made. A value replaces what was there, `Maximum` merges with it.
    With `if_version` the document must still be in that state.
    """

    path: str
    fields: Mapping[str, Json | Maximum]
    if_version: Version | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a document; without `if_version` an absent one is fine."""

    path: str
    if_version: Version | None = None


Write = Create | Update | Delete


@dataclass(frozen=True, slots=True)
class Query:
    """The documents of one collection that meet every condition, in order.

    `where` holds (field, operator, value); `in` takes a list of at most 30 values. A
    document without the field, or with None in it, meets no condition on it. `order`
    holds the fields to sort by, ascending, or descending with a leading `-`; ties, and
    everything when it is empty, go by document name. `after` is the last document of
    the page before.
    """

    collection: str
    where: tuple[tuple[str, Operator, Json], ...] = ()
    order: tuple[str, ...] = ()
    limit: int = 100
    after: Document | None = None


class Store(Protocol):
    """Keeps documents durably and commits several at once, optimistically."""

    def get(self, path: str) -> Document | None:
        """Read one document as of now, or None.

        Raises:
            StoreUnavailable: No answer; nothing changed.
        """
        ...

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read several documents in one round trip, in the order of `paths`.

        The documents are not necessarily of one instant: what decides belongs into one
        document whose version the commit checks.

        Raises:
            StoreUnavailable: No answer; nothing changed.
        """
        ...

    def query(self, query: Query) -> list[Document]:
        """Read one page, at most `query.limit` documents, consistent with past commits.

        Raises:
            StoreUnavailable: No answer; nothing changed.
        """
        ...

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none, durably when this returns. One path occurs at most once.

        Raises:
            AlreadyExists: A `Create` met a document. Nothing was written.
            Missing: An `Update` met no document. Nothing was written.
            Conflict: An `if_version` no longer holds. Nothing was written.
            StoreUnavailable: Unknown whether it was written.
        """
        ...
