"""Locks between processes on a file; the system lets go of them when their holders are gone."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

POLL_SECONDS = 0.1


@contextlib.contextmanager
def hold(path: Path, *, on_wait: Callable[[], None], seconds: float | None = None) -> Iterator[int]:
    """Hold `path` exclusively; yields the descriptor, which a child that gets it holds along.

    Args:
        path: The lock's file, made when missing. Its folder must exist.
        on_wait: Called once, when somebody else holds it.
        seconds: How long to wait for them; None waits for ever.

    Raises:
        TimeoutError: Somebody else still held it after `seconds`.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    descriptor = _acquire(path)
    if descriptor is None:
        on_wait()
    while descriptor is None:
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(POLL_SECONDS)
        descriptor = _acquire(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_share(path: Path) -> int | None:
    """Hold `path` together with others, or return None when its folder is missing or it is held exclusively.

    The lock lasts until the returned descriptor, and every copy of it, is closed.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return None
    return descriptor if _lock(descriptor, path, fcntl.LOCK_SH) else None


def _acquire(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    return descriptor if _lock(descriptor, path, fcntl.LOCK_EX) else None


def _lock(descriptor: int, path: Path, mode: int) -> bool:
    """Lock without waiting; closes the descriptor when that fails or the file was replaced."""
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return True
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return False
