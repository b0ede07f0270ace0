"""Brings every module's log lines into the journal, so that none escapes its rules."""

import logging
import threading

from shared.wiring.journal import Field, Journal
from shared.wiring.outcomes import place

OURS = "shared."

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JournalHandler(logging.Handler):
    """Writes our modules' records as facts with their fields; of others' only where they come from.

    Another library's words may hold anything, a customer's text too.
    """

    def __init__(self, journal: Journal) -> None:
        """Write to this journal, warnings and errors only."""
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        write = self._journal.error if record.levelno >= logging.ERROR else self._journal.warning
        if record.name.startswith(OURS):
            write(str(record.msg), **_fields(record))
        else:
            write("library.said", logger=record.name, **_raised(record))


def adopt(journal: Journal) -> None:
    """Send all logging of this process, and what ends its threads, to the journal from now on."""
    logging.root.handlers[:] = [JournalHandler(journal)]

    def crashed(crash: threading.ExceptHookArgs) -> None:
        error = crash.exc_value
        journal.error("thread.crashed", error=crash.exc_type.__name__, at=place(error) if error else "")

    threading.excepthook = crashed


def _fields(record: logging.LogRecord) -> dict[str, Field]:
    given = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
    return {key: value for key, value in given.items() if isinstance(value, str | int | float | bool)}


def _raised(record: logging.LogRecord) -> dict[str, Field]:
    error = record.exc_info[1] if record.exc_info else None
    return {"error": type(error).__name__, "at": place(error)} if error is not None else {}
