"""The document store in memory: deterministic, and fast enough for thousands of simulated lives."""

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from shared.adapters.documents import (
    check_document_path,
    check_query,
    check_writes,
    checked,
    updated,
)
from shared.adapters.memory.selection import select
from shared.domain.errors import AlreadyExists, Conflict, Missing
from shared.ports.store import Create, Delete, Document, Json, Query, Update, Version, Write


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to one document; None stands for no document. Not to be changed."""

    write: Write
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None

    @property
    def path(self) -> str:
        """The document's path."""
        return self.write.path


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit that succeeded; numbers count up by one from 1."""

    number: int
    changes: tuple[Change, ...]


@dataclass(slots=True)
class _Stored:
    """One state of a document; `data` never changes once it is here."""

    data: dict[str, Json]
    version: int
    packed: bytes | None = None

    def copy(self) -> dict[str, Json]:
        # Unpacking builds fresh objects several times faster than copying them one by one.
        if self.packed is None:
            self.packed = marshal.dumps(self.data)
        fresh: dict[str, Json] = marshal.loads(self.packed)  # noqa: S302  our own bytes
        return fresh


class MemoryStore:
    """A `Store` for one process; nothing in it depends on time, hashes or addresses.

    Attributes:
        history: Every commit so far, in order, when `record` was asked for.
    """

    def __init__(self, *, record: bool = False) -> None:
        """Start empty; with `record`, keep what every commit changed."""
        self.history: list[Commit] = []
        self._record = record
        self._commits = 0
        self._collections: dict[str, dict[str, _Stored]] = {}
        self._lock = Lock()

    def get(self, path: str) -> Document | None:
        """Read one document as of now, or None."""
        with self._lock:
            return self._read(path)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read several documents of one instant, in the order of `paths`."""
        with self._lock:
            return [self._read(path) for path in paths]

    def query(self, query: Query) -> list[Document]:
        """Read one page; mixed types sort as `selection.sort_key` says."""
        check_query(query)
        with self._lock:
            stored = self._collections.get(query.collection, {})
            page = select(((name, one.data) for name, one in stored.items()), query)
            return [
                Document(f"{query.collection}/{name}", stored[name].copy(), stored[name].version)
                for name, _ in page
            ]

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none. An `Update` of an absent document is `Missing`, whatever its version.

        Raises:
            ValueError: A path occurs twice, or a value is not storable.
            TypeError: A value is not JSON.
        """
        check_writes(writes)
        with self._lock:
            changes = tuple(self._change(write) for write in writes)
            if not changes:
                return
            self._commits += 1
            for change in changes:
                self._keep(change)
            if self._record:
                self.history.append(Commit(self._commits, changes))

    def _find(self, path: str) -> _Stored | None:
        collection, _, name = path.rpartition("/")
        return self._collections.get(collection, {}).get(name)

    def _read(self, path: str) -> Document | None:
        stored = self._find(check_document_path(path))
        return None if stored is None else Document(path, stored.copy(), stored.version)

    def _change(self, write: Write) -> Change:
        stored = self._find(write.path)
        before = None if stored is None else stored.data
        match write:
            case Create():
                if before is not None:
                    raise AlreadyExists(write.path)
                return Change(write, None, checked(write.data))
            case Update():
                if stored is None:
                    raise Missing(write.path)
                _require(stored, write.if_version)
                return Change(write, before, updated(stored.data, write.fields))
            case Delete():
                _require(stored, write.if_version)
                return Change(write, before, None)

    def _keep(self, change: Change) -> None:
        collection, _, name = change.path.rpartition("/")
        documents = self._collections.setdefault(collection, {})
        if change.after is None:
            documents.pop(name, None)
        else:
            documents[name] = _Stored(dict(change.after), self._commits)


def _require(stored: _Stored | None, version: Version | None) -> None:
    if version is not None and (stored is None or stored.version != version):
        raise Conflict("a document is no longer in the state that was read")
