"""The log: one JSON line per fact, as Cloud Logging reads it from standard output.

A line never holds message text, phone numbers or tokens; callers pass ids, kinds and counts.
"""

import json
import sys
from collections.abc import Callable

Field = str | int | float | bool | None
Sink = Callable[[str], None]


def _stdout(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Journal:
    """Writes facts to a sink; one line per fact, in the order of the calls of one thread."""

    def __init__(self, sink: Sink = _stdout) -> None:
        """Start with standard output, where the cloud reads."""
        self._sink = sink

    def redirect(self, sink: Sink) -> None:
        """Write to another sink from now on."""
        self._sink = sink

    def info(self, fact: str, **fields: Field) -> None:
        """Write down what happened, as it should."""
        self._write("INFO", fact, fields)

    def warning(self, fact: str, **fields: Field) -> None:
        """Write down what went wrong and will be tried again."""
        self._write("WARNING", fact, fields)

    def error(self, fact: str, **fields: Field) -> None:
        """Write down what somebody has to look at."""
        self._write("ERROR", fact, fields)

    def _write(self, severity: str, fact: str, fields: dict[str, Field]) -> None:
        told = {key: value for key, value in fields.items() if value not in (None, "")}
        self._sink(json.dumps({"severity": severity, "fact": fact, **told}))


journal = Journal()
"""The process's log."""
