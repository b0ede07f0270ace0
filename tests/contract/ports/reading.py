"""Reading documents that must be there."""

from shared.ports.store import Document, Json, Store

PATH = "businesses/default/messages/m1"


def read(store: Store, path: str = PATH) -> Document:
    """Return a document that must be there."""
    document = store.get(path)
    assert document is not None
    return document


def data_of(store: Store, path: str = PATH) -> dict[str, Json]:
    """Return the data of a document that must be there."""
    return read(store, path).data
