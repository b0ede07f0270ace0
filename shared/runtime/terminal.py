"""Standard output that can't hold the process up: whoever started us may have stopped reading."""

import queue
import sys
import threading

MOST_LINES = 10_000


class Terminal:
    """Writes lines in a thread of its own; when the reader is gone or too slow, lines are dropped."""

    def __init__(self) -> None:
        """Start the thread."""
        self._lines: queue.Queue[str] = queue.Queue(MOST_LINES)
        threading.Thread(target=self._run, name="terminal", daemon=True).start()

    def write(self, line: str) -> None:
        """Write a line soon, or drop it when too many wait."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            return

    def flush(self, *, within_s: float) -> None:
        """Wait until everything is written, at most that long."""
        done = threading.Event()

        def drain() -> None:
            self._lines.join()
            done.set()

        threading.Thread(target=drain, daemon=True).start()
        done.wait(within_s)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            try:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            except (OSError, ValueError):
                pass  # the reader is gone; the work goes on
            finally:
                self._lines.task_done()
