"""The live stream: what changes, told to every open page as server-sent events."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from shared.simulator.records import Json

Notice = tuple[str, Json]

_BEAT_SECONDS = 15.0
_WAITING_MOST = 2000


@dataclass(frozen=True, slots=True, eq=False)
class _Listener:
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[Notice | None]

    def put(self, notice: Notice | None) -> None:
        # A page that doesn't read is cut off; it reconnects and asks for everything.
        if self.queue.qsize() > _WAITING_MOST:
            notice = None
        self.queue.put_nowait(notice)


class Listeners:
    """Open streams, each on its own event loop; told from any thread."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._lock = threading.Lock()
        self._all: list[_Listener] = []
        self._closed = False

    def any(self) -> bool:
        """Tell whether anybody listens."""
        return bool(self._all)

    def tell(self, notices: Sequence[Notice]) -> None:
        """Send notices to every listener, in order."""
        for notice in notices:
            self._put(notice)

    def close(self) -> None:
        """End every stream, those of the future too."""
        self._closed = True
        self._put(None)

    def _put(self, notice: Notice | None) -> None:
        with self._lock:
            for listener in self._all:
                if not listener.loop.is_closed():
                    listener.loop.call_soon_threadsafe(listener.put, notice)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield events until the page leaves or the simulator stops."""
        listener = _Listener(asyncio.get_running_loop(), asyncio.Queue())
        with self._lock:
            self._all.append(listener)
        try:
            yield b"retry: 1000\nevent: hello\ndata: {}\n\n"
            while not self._closed:
                try:
                    notice = await asyncio.wait_for(listener.queue.get(), _BEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if notice is None:
                    return
                yield f"event: {notice[0]}\ndata: {json.dumps(notice[1])}\n\n".encode()
        finally:
            with self._lock:
                self._all.remove(listener)
