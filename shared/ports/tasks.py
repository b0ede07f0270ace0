"""The task queue: named, delayed, rate-limited, at least once."""

from collections.abc import Mapping
from typing import Any, Protocol

TURNS = "turns"


def live_queue(number_id: str) -> str:
    """Name the queue of a business number's answers."""
    return f"live-{number_id}"


class TaskQueue(Protocol):
    """Calls a function later, until it answers 2xx; several calls of one task may overlap."""

    def create(self, queue: str, name: str, payload: Mapping[str, Any], *, at_ms: int) -> bool:
        """Store a task durably, to be dispatched at `at_ms` or soon after.

        Args:
            queue: `turns`, or a business number's `live-…` or `bulk-…`.
            name: Letters, digits, `-` and `_`, at most 500. Never reuse one.
            payload: JSON object, the body of the dispatch.
            at_ms: Milliseconds since 1970; a time in the past means now.

        Returns:
            False when the name was used in this queue before (within the hour, or
            still is). That proves nothing about the earlier task's outcome.

        Raises:
            TasksUnavailable: The task may exist.
        """
        ...

    def slow_down(self, queue: str, *, factor: float, until_ms: int) -> None:
        """Dispatch this queue at `factor` of its configured rate until `until_ms`.

        Raises:
            TasksUnavailable: The rate may have changed.
        """
        ...
