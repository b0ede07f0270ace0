"""The HTTP server of `run`: its socket is taken before anything else, its end is never waited for."""

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
BACKLOG = 2048
GRACE_S = 1
STARTS_WITHIN_S = 10


class PortTaken(OSError):
    """Another process listens on the port."""


def listen(port: int) -> socket.socket:
    """Take the port on loopback; whoever connects waits until `Server.start`.

    Raises:
        PortTaken: It can't be had.
    """
    # With the protocol named, asyncio turns Nagle's algorithm off for what it accepts.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} can't be had: {error.strerror}") from error
    return listener


class Server:
    """Serves an application in a thread of its own, so that signals stay with the main thread."""

    def __init__(self, app: ASGIApp, *, listener: socket.socket) -> None:
        """Prepare to serve on a socket that listens already."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=GRACE_S,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="http", daemon=True
        )

    def start(self) -> None:
        """Start to answer.

        Raises:
            TimeoutError: It didn't within ten seconds.
        """
        self._thread.start()
        tick = threading.Event()
        for _ in range(STARTS_WITHIN_S * 100):
            if self._server.started:
                return
            tick.wait(0.01)
        raise TimeoutError("the HTTP server does not start")

    def stop(self, *, within_s: float) -> None:
        """Take no more requests, give the open ones a second, and return in any case."""
        self._server.should_exit = True
        self._thread.join(within_s)
