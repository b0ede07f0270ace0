"""Read the burst that a turn has to answer."""

from shared.app.kit import Held, every
from shared.domain import paths
from shared.ports.assistant import Line
from shared.ports.store import Document, Query, Store

_PAGE = 200


def unanswered_lines(store: Store, held: Held, *, up_to: int) -> tuple[Line, ...]:
    """Return every entry that wants an answer, in timeline order, however many there are."""
    conversation = held.conversation
    query = Query(
        paths.collection(held.business, "messages"),
        (
            ("conversation", "==", conversation.id),
            ("seq", ">", conversation.covered),
            ("seq", "<=", up_to),
        ),
        ("seq",),
        _PAGE,
    )
    wanted = [d for d in every(store, query) if d.data["direction"] != "out" and d.data["opens"]]
    return tuple(_line(d) for d in sorted(wanted, key=timeline_key))


def timeline_key(document: Document) -> tuple[int, int, int, int]:
    """Order by Meta's whole seconds; within one, by when and where in its batch it reached us.

    What we write has the time of its commit, which is after all that it answers reached us.
    """
    data = document.data
    reached_ms = int(data.get("received_ms") or data["at_ms"])
    return int(data["at_ms"]) // 1000, reached_ms, int(data.get("index") or 0), int(data["seq"])


def _line(document: Document) -> Line:
    data = document.data
    return Line(
        id=document.name,
        author="action" if data["direction"] == "note" else "customer",
        kind=str(data["kind"]),
        text=str(data["text"]),
        understood=bool(data["understood"]),
        at_ms=int(data["at_ms"]),
    )
