"""Cloud Scheduler's stand-in: calls a function again and again."""

import threading
from collections.abc import Callable


class Cron:
    """Ticks in a thread of its own; a tick that takes long delays the next, never doubles it."""

    def __init__(self, tick: Callable[[], object], *, every_s: float) -> None:
        """Prepare; nothing runs before `start`."""
        self._tick = tick
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cron", daemon=True)

    def start(self) -> None:
        """Tick from now on, the first time after one interval."""
        self._thread.start()

    def stop(self, *, within_s: float) -> None:
        """Tick no more; a tick under way is waited for no longer than that."""
        self._ended.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            self._tick()
