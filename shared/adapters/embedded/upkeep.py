"""A thread that does a little upkeep now and then."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from shared.adapters.embedded.lanes import described

logger = logging.getLogger(__name__)

EVERY_MS = 30_000


class Upkeep:
    """Calls a job every `EVERY_MS`, first right after the start, until it is stopped."""

    def __init__(self, role: str, job: Callable[[], None]) -> None:
        """Prepare; the thread is named for its role."""
        self._job = job
        self._over = Event()
        self._thread = Thread(target=self._serve, name=role, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Call the job no more; one that runs is not waited for."""
        self._over.set()

    def _serve(self) -> None:
        over = False
        while not over:
            try:
                self._job()
            except Exception as error:  # noqa: BLE001  the next round may succeed
                if not self._over.is_set():
                    # A traceback would hold the words of the error.
                    logger.error("upkeep.failed", extra={"role": self._thread.name, **described(error)})  # noqa: TRY400
            over = self._over.wait(EVERY_MS / 1000)
