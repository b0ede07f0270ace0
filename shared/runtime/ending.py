"""The signal to end: noticed at once, whatever the process is doing, and always obeyed."""

import os
import signal
import threading

LEFT_BEHIND = 0
"""The exit code of an end that could not wait for everything: it was asked for, it is no failure."""


class Ending:
    """Takes SIGINT and SIGTERM from now on; only the main thread can make one.

    Python runs a signal's handler in the main thread, between any two of its steps: a handler
    that takes a lock waits for ever when the main thread holds it at that instant. So this one
    does nothing, and the interpreter's own note of the signal wakes a thread that acts on it.
    """

    def __init__(self, *, within_s: float) -> None:
        """End the process that long after the signal, if it has not ended by itself."""
        self._wanted = threading.Event()
        self._within_s = within_s
        self._read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        threading.Thread(target=self._watch, name="ending", daemon=True).start()

    def wait(self) -> None:
        """Wait for a signal."""
        self._wanted.wait()

    def _watch(self) -> None:
        while os.read(self._read, 1)[0] not in (signal.SIGINT, signal.SIGTERM):
            continue
        self._wanted.set()
        threading.Event().wait(self._within_s)
        os._exit(LEFT_BEHIND)
