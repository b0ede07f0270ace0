"""Meta's side of the webhook: signs each body, and brings it again until it is answered 200."""

import hashlib
import heapq
import hmac
import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.support.running import Answer, send

AGAIN_S = 0.2
_WORKERS = 4

Done = Callable[[float], None]


def signature(body: bytes, secret: str) -> str:
    """Return the value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Courier:
    """Posts to `/webhook` on `port`, which may change, or be None while nothing listens."""

    def __init__(self, secret: str) -> None:
        """Sign with this secret."""
        self.port: int | None = None
        self.secret = secret
        self._waiting: list[tuple[float, int, bytes, Done | None]] = []
        self._count = itertools.count()
        self._carried = 0
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [threading.Thread(target=self._carry, daemon=True) for _ in range(_WORKERS)]
        for thread in self._threads:
            thread.start()

    def post(self, body: bytes | dict[str, Any], **headers: str) -> Answer:
        """Post once, signed unless a signature is given.

        Raises:
            OSError: It can't be reached, or hung up.
        """
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        own = {"Content-Type": "application/json", "X-Hub-Signature-256": signature(raw, self.secret)}
        port = self.port
        if port is None:
            raise ConnectionRefusedError
        return send(port, "POST", "/webhook", body=raw, headers=own | headers)

    def bring(self, body: dict[str, Any], *, after_s: float = 0.0, done: Done | None = None) -> None:
        """Post in the background until it is answered 200; `done` is told when (monotonic)."""
        self._put(time.monotonic() + after_s, json.dumps(body).encode(), done)

    def idle(self) -> bool:
        """Tell whether everything to bring has been brought."""
        with self._changed:
            return not self._waiting and not self._carried

    def close(self) -> None:
        """Bring nothing more."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(20)

    def _put(self, at_s: float, body: bytes, done: Done | None) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (at_s, next(self._count), body, done))
            self._changed.notify()

    def _carry(self) -> None:
        while True:
            taken = self._take()
            if taken is None:
                return
            body, done = taken
            accepted = self._try(body)
            if accepted and done is not None:
                done(time.monotonic())
            if not accepted:
                self._put(time.monotonic() + AGAIN_S, body, done)
            with self._changed:
                self._carried -= 1

    def _take(self) -> tuple[bytes, Done | None] | None:
        with self._changed:
            while not self._closing:
                now_s = time.monotonic()
                if self._waiting and self._waiting[0][0] <= now_s:
                    self._carried += 1
                    return heapq.heappop(self._waiting)[2:]
                self._changed.wait(self._waiting[0][0] - now_s if self._waiting else None)
            return None

    def _try(self, body: bytes) -> bool:
        try:
            return self.post(body).status == 200
        except OSError:
            return False
        except Exception:  # noqa: BLE001 - a process that dies may answer anything
            return False
