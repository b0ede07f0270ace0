"""What `Clock` and `Ids` promise."""

import re
import threading
from datetime import UTC, datetime

from shared.adapters.embedded.clock import RandomIds, SystemClock
from shared.ports.clock import Clock, Ids


def test_the_clock_tells_milliseconds_since_1970_in_utc() -> None:
    clock: Clock = SystemClock()
    told = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
    assert abs((told - datetime.now(UTC)).total_seconds()) < 5
    assert isinstance(clock.now_ms(), int)


def test_identifiers_have_the_promised_shape() -> None:
    ids: Ids = RandomIds()
    assert all(re.fullmatch("[a-z0-9]{20,32}", ids.new()) for _ in range(100))


def test_identifiers_are_never_the_same() -> None:
    found: list[str] = []

    def draw() -> None:
        ids = RandomIds()
        found.extend(ids.new() for _ in range(2000))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 8000


def test_jitter_spreads_over_its_range() -> None:
    ids: Ids = RandomIds()
    drawn = [ids.jitter() for _ in range(1000)]
    assert all(0 <= value < 1 for value in drawn)
    assert min(drawn) < 0.1
    assert max(drawn) > 0.9
