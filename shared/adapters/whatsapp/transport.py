"""One HTTP POST, at most once, within a hard limit of time, knowing whether anything was written.

requests' transport adapter is used without its Session: no cookies, no redirects (they would
carry the token elsewhere), no proxies or `.netrc` from the environment, no retries.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

IDLE_S = 4.0
"""An open connection that rested longer is not used again: the server may be closing it."""

_LARGEST_ANSWER = 256 * 1024
_CHUNK = 16 * 1024
_DEEPEST_CAUSE = 6


class Trouble(StrEnum):
    """What went wrong with a call: short English phrases for supervisors."""

    LATE = "no answer in time"
    LOST = "connection lost"
    NO_CONNECTION = "no connection"
    NOT_FOUND = "address not found"
    REFUSED = "connection refused"
    INSECURE = "secure connection failed"
    UNREADABLE = "unreadable answer"
    UNCERTAIN = "uncertain error"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The limits of one call, in seconds; `total_s` holds whatever the server does."""

    connect_s: float = 5.0
    read_s: float = 20.0
    total_s: float = 25.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certain: not one byte of the request was written, and none will be."""

    details: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Something was written, and no whole answer came back."""

    details: str


Exchange = Answer | NotSent | Lost


class Transport:
    """Posts to one server, from any number of threads; connections are kept and shared."""

    def __init__(self, *, connections: int = 32) -> None:
        """Keep at most so many open connections; more are opened when needed, then closed."""
        self._adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0)
        self._adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def post(self, url: str, *, headers: Mapping[str, str], body: bytes, timeouts: Timeouts) -> Exchange:
        """Write the request at most once and read the answer; never raises for the network.

        The work is done in a thread of its own: neither name resolution nor a server that sends
        one byte now and then can be interrupted otherwise.
        """
        request = requests.Request("POST", url, headers=dict(headers), data=body).prepare()
        attempt = _Attempt(self._adapter, request, timeouts)
        thread = threading.Thread(target=attempt.run, name="graph-post", daemon=True)
        thread.start()
        thread.join(timeouts.total_s)
        return attempt.conclude()

    def close(self) -> None:
        """Close the connections that rest."""
        self._adapter.close()


class _Abandoned(Exception):
    """The attempt's time was over before its first byte."""


class _Attempt:
    """One request on its way; the caller and the working thread agree on it under a lock."""

    def __init__(self, adapter: HTTPAdapter, request: requests.PreparedRequest, timeouts: Timeouts) -> None:
        self._adapter = adapter
        self._request = request
        self._timeouts = timeouts
        self._lock = threading.Lock()
        self._connection: _Marking | None = None
        self._abandoned = False
        self._answer: Answer | None = None
        self._failure: Trouble | None = Trouble.LATE

    def run(self) -> None:
        _current.set(self)
        try:
            self._answer = self._exchange()
        except (requests.RequestException, HTTPError, OSError, _Abandoned) as error:
            self._failure = _trouble(error)

    def conclude(self) -> Exchange:
        """Tell the outcome; from here on nothing more is written."""
        with self._lock:
            self._abandoned = True
            connection = self._connection
        if self._answer is not None:
            return self._answer
        if connection is None:
            return NotSent(self._failure or Trouble.NO_CONNECTION)
        lost = Lost(self._failure or Trouble.LOST)  # before the interruption becomes the failure
        connection.interrupt(self)
        return lost

    def begin_write(self, connection: "_Marking") -> None:
        """Remember that the request is being written, unless it is too late for that."""
        with self._lock:
            if self._abandoned:
                raise _Abandoned
            self._connection = connection

    def _exchange(self) -> Answer:
        timeout = (self._timeouts.connect_s, self._timeouts.read_s)
        response = self._adapter.send(self._request, stream=True, timeout=timeout, verify=True)
        try:
            return Answer(response.status_code, _read(response.raw))
        finally:
            response.close()


def _read(raw: HTTPResponse) -> bytes:
    """Read to the end, which hands the connection back, or to the most that we take."""
    body = b""
    while len(body) <= _LARGEST_ANSWER:
        chunk = raw.read(_CHUNK, decode_content=False)
        if not chunk:
            break
        body += chunk
    return body


_TROUBLES: tuple[tuple[tuple[type[Exception], ...], Trouble], ...] = (
    ((_Abandoned, TimeoutError, PoolTimeoutError, requests.Timeout), Trouble.LATE),
    ((ConnectionRefusedError,), Trouble.REFUSED),
    ((ConnectionError, ssl.SSLEOFError, http.client.IncompleteRead), Trouble.LOST),
    ((ssl.SSLError,), Trouble.INSECURE),
    ((socket.gaierror,), Trouble.NOT_FOUND),
    ((http.client.HTTPException,), Trouble.UNREADABLE),
)
"""The first row that an error belongs to tells; `RemoteDisconnected` belongs to two."""


def _trouble(error: Exception) -> Trouble | None:
    """Tell the innermost cause that has a phrase; its own text may hold the request."""
    for cause in reversed(list(_causes(error))):
        for kinds, trouble in _TROUBLES:
            if isinstance(cause, kinds):
                return trouble
    return None


def _causes(error: Exception) -> Iterator[Exception]:
    inner: object = error
    for _ in range(_DEEPEST_CAUSE):
        if not isinstance(inner, Exception):
            return
        yield inner
        told = getattr(inner, "reason", None) or (inner.args[-1] if inner.args else None)
        inner = told if isinstance(told, Exception) else inner.__cause__


_current: ContextVar[_Attempt] = ContextVar("attempt")


class _Marking(HTTPConnection):
    """A connection that tells its attempt before the first byte, and grows stale by itself."""

    _used_s = 0.0
    _attempt: _Attempt | None = None
    _wire: socket.socket | None = None

    def send(self, data: Any) -> None:  # noqa: ANN401 - whatever http.client takes
        """Write, after connecting, which may fail without anything having been written."""
        if self.sock is None:
            self.connect()
        self._attempt = _current.get()
        self._attempt.begin_write(self)
        self._used_s = time.monotonic()
        self._wire = self.sock  # urllib3 forgets it early when the answer is to end the connection
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether this connection may carry another request; urllib3 asks before each."""
        return super().is_connected and time.monotonic() - self._used_s < IDLE_S

    def interrupt(self, attempt: _Attempt) -> None:
        """Wake whoever still reads for this attempt; the connection is dead afterwards."""
        if self._wire is not None and self._attempt is attempt:
            with suppress(OSError):
                socket.socket.shutdown(self._wire, socket.SHUT_RDWR)


class _SecureMarking(_Marking, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Marking


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureMarking
