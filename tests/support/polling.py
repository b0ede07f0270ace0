"""Waiting for what another process does, by looking again and again."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

EVERY_S = 0.05
WITHIN_S = 30.0
"""Far longer than anything takes: a test that waits in vain fails, however slow the machine."""


def until(look: Callable[[], T], good: Callable[[T], object] = bool, *, within_s: float = WITHIN_S) -> T:
    """Return the first thing looked at that is good.

    Raises:
        AssertionError: None was, in time; it holds the last one.
    """
    end_s = time.monotonic() + within_s
    while not good(found := look()):
        assert time.monotonic() < end_s, f"not within {within_s} s; at last: {found!r}"
        time.sleep(EVERY_S)
    return found


def never(look: Callable[[], object], *, for_s: float) -> None:
    """Look for a while at something that must not become true.

    Raises:
        AssertionError: It did.
    """
    end_s = time.monotonic() + for_s
    while time.monotonic() < end_s:
        found = look()
        assert not found, found
        time.sleep(EVERY_S)
