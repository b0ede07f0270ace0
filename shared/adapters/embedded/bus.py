"""The event bus in one SQLite file: the archive of events, and what is still to be delivered.

`BusDispatcher` delivers; `AsyncSqliteBus` is the face for callers on an event loop.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.database import Schema
from shared.adapters.embedded.retries import DAY_MS
from shared.domain.errors import BusUnavailable
from shared.ports.bus import Event
from shared.ports.clock import Clock

SCHEMA = Schema(
    file="events.sqlite3",
    application_id=0x41744256,
    steps=(
        (
            "CREATE TABLE events ("
            " id INTEGER PRIMARY KEY AUTOINCREMENT,"
            " topic TEXT NOT NULL,"
            " data BLOB NOT NULL,"
            " attributes TEXT NOT NULL,"
            " published_ms INTEGER NOT NULL)",
            "CREATE TABLE deliveries ("
            " id INTEGER PRIMARY KEY AUTOINCREMENT,"
            " event_id INTEGER NOT NULL,"
            " subscription TEXT NOT NULL,"
            " attempts INTEGER NOT NULL DEFAULT 0,"
            " next_ms INTEGER NOT NULL,"
            " state TEXT NOT NULL DEFAULT 'pending')",
            "CREATE INDEX deliveries_by_event ON deliveries (event_id)",
            "CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead'",
        ),
    ),
)

ARCHIVED_MS = 90 * DAY_MS

_PURGE_BATCH = 500
_DELIVERY = (
    "SELECT deliveries.id, subscription, attempts, events.id, topic, data, attributes, published_ms"
    " FROM deliveries JOIN events ON events.id = deliveries.event_id"
)


@dataclass(frozen=True, slots=True)
class Archived:
    """An event as it was published."""

    id: int
    topic: str
    event: Event
    published_ms: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a subscription; `attempts` counts the deliveries that failed."""

    id: int
    subscription: str
    attempts: int
    archived: Archived


@dataclass(frozen=True, slots=True)
class Waiting:
    """When a delivery is to be attempted."""

    id: int
    subscription: str
    next_ms: int


@dataclass(frozen=True, slots=True)
class Publication:
    """Events of one publish, in the form in which they are written."""

    topic: str
    rows: tuple[tuple[bytes, str], ...]


class SqliteBus:
    """An `EventBus`: events that `publish` confirmed survive the death of the process.

    What is to be delivered is decided when an event is published: a subscription gets the
    events of its topic from the moment at which it is listed.
    """

    def __init__(
        self, folder: DataFolder, *, clock: Clock, subscriptions: Mapping[str, Sequence[str]]
    ) -> None:
        """Open the folder's events.

        Args:
            folder: Where they are kept.
            clock: Time.
            subscriptions: By topic; publishing to a topic that is not here is refused.

        Raises:
            Misconfigured: The file is not ours, damaged, or newer than this program.
        """
        self._database = folder.database(SCHEMA)
        self._clock = clock
        self._subscriptions = {topic: tuple(names) for topic, names in subscriptions.items()}
        self._listener: Callable[[Sequence[Waiting]], None] | None = None

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Store the events durably, in one transaction.

        Raises:
            ValueError: There is no such topic.
            TypeError: An attribute is not text that UTF-8 can hold.
            BusUnavailable: They may have been stored.
        """
        self.write([self.prepare(topic, events)])

    def prepare(self, topic: str, events: Sequence[Event]) -> Publication:
        """Check and encode a publish, before anybody else waits for it."""
        if topic not in self._subscriptions:
            raise ValueError(f"no such topic: {topic!r}")
        rows = tuple((event.data, orjson.dumps(dict(event.attributes)).decode()) for event in events)
        return Publication(topic, rows)

    def write(self, publications: Sequence[Publication]) -> None:
        """Store several publishes in one transaction: all of them or none.

        Raises:
            BusUnavailable: They may have been stored.
        """
        now_ms = self._clock.now_ms()
        waiting: list[Waiting] = []
        with self._database.write(BusUnavailable) as connection:
            for publication in publications:
                subscriptions = self._subscriptions[publication.topic]
                for data, attributes in publication.rows:
                    event_id = connection.execute(
                        "INSERT INTO events (topic, data, attributes, published_ms) VALUES (?, ?, ?, ?)",
                        (publication.topic, data, attributes, now_ms),
                    ).lastrowid
                    for subscription in subscriptions:
                        delivery_id = connection.execute(
                            "INSERT INTO deliveries (event_id, subscription, next_ms) VALUES (?, ?, ?)",
                            (event_id, subscription, now_ms),
                        ).lastrowid
                        waiting.append(Waiting(delivery_id or 0, subscription, now_ms))
        if self._listener is not None:
            self._listener(waiting)

    def listen(self, listener: Callable[[Sequence[Waiting]], None] | None) -> None:
        """Call the listener for new deliveries from now on, after their commit; one at most."""
        self._listener = listener

    def resume(self) -> None:
        """Let what waits for a retry wait no longer: a restart may have mended the cause."""
        now_ms = self._clock.now_ms()
        self._change(
            "UPDATE deliveries SET next_ms = ? WHERE state = 'pending' AND next_ms > ?", (now_ms, now_ms)
        )

    def waiting(self) -> list[Waiting]:
        """Return every delivery that is still to be made, oldest first."""
        with self._database.read(BusUnavailable) as connection:
            rows = connection.execute(
                "SELECT id, subscription, next_ms FROM deliveries WHERE state = 'pending' ORDER BY id"
            ).fetchall()
        return [Waiting(*row) for row in rows]

    def load(self, delivery_id: int) -> Delivery | None:
        """Return a delivery that is still to be made."""
        found = self._deliveries("deliveries.id = ? AND state = 'pending'", (delivery_id,))
        return found[0] if found else None

    def acknowledge(self, delivery_id: int) -> None:
        """Forget a delivery that was made; its event stays in the archive."""
        self._change("DELETE FROM deliveries WHERE id = ?", (delivery_id,))

    def retry(self, delivery_id: int, *, next_ms: int) -> None:
        """Count a failed delivery and try again at that time."""
        self._change(
            "UPDATE deliveries SET attempts = attempts + 1, next_ms = ? WHERE id = ?", (next_ms, delivery_id)
        )

    def bury(self, delivery_id: int) -> None:
        """Give a delivery up; it stays visible in `dead`."""
        self._change(
            "UPDATE deliveries SET attempts = attempts + 1, state = 'dead' WHERE id = ?", (delivery_id,)
        )

    def dead(self, *, limit: int = 100) -> list[Delivery]:
        """Return the deliveries that were given up, latest event first."""
        return self._deliveries("state = 'dead' ORDER BY deliveries.id DESC LIMIT ?", (limit,))

    def replay(self, delivery_id: int) -> bool:
        """Deliver a dead one again from its first attempt; False when there is none."""
        now_ms = self._clock.now_ms()
        found = self._change(
            "UPDATE deliveries SET state = 'pending', attempts = 0, next_ms = ?"
            " WHERE id = ? AND state = 'dead'",
            (now_ms, delivery_id),
        )
        delivery = self.load(delivery_id) if found else None
        if delivery is not None and self._listener is not None:
            self._listener([Waiting(delivery.id, delivery.subscription, now_ms)])
        return found == 1

    def archive(self, *, after_id: int = 0, limit: int = 1000) -> list[Archived]:
        """Return published events in the order in which they were stored, a page at a time."""
        with self._database.read(BusUnavailable) as connection:
            rows = connection.execute(
                "SELECT id, topic, data, attributes, published_ms FROM events"
                " WHERE id > ? ORDER BY id LIMIT ?",
                (after_id, limit),
            ).fetchall()
        return [_archived(row) for row in rows]

    def purge(self, *, limit: int = 20_000) -> int:
        """Forget events past `ARCHIVED_MS`, with what of them was dead; return how many."""
        expired_ms = self._clock.now_ms() - ARCHIVED_MS
        purged = 0
        while purged < limit:
            # Events are stored in the order of their times: the oldest come first.
            oldest = self.archive(limit=min(_PURGE_BATCH, limit - purged))
            expired = [(archived.id,) for archived in oldest if archived.published_ms <= expired_ms]
            with self._database.write(BusUnavailable) as connection:
                connection.executemany("DELETE FROM deliveries WHERE event_id = ?", expired)
                connection.executemany("DELETE FROM events WHERE id = ?", expired)
            purged += len(expired)
            if len(expired) < _PURGE_BATCH:
                break
        return purged

    def _deliveries(self, where: str, parameters: tuple[int, ...]) -> list[Delivery]:
        with self._database.read(BusUnavailable) as connection:
            rows = connection.execute(f"{_DELIVERY} WHERE {where}", parameters).fetchall()
        return [Delivery(row[0], row[1], row[2], _archived(row[3:])) for row in rows]

    def _change(self, statement: str, parameters: tuple[int, ...]) -> int:
        return self._database.change(BusUnavailable, statement, parameters).rows


def _archived(row: tuple[int, str, bytes, str, int]) -> Archived:
    event_id, topic, data, attributes, published_ms = row
    return Archived(event_id, topic, Event(data, orjson.loads(attributes)), published_ms)
