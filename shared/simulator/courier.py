"""Makes the simulator's own HTTP requests: webhooks and the handshake, to loopback only."""

import http.client
import time
from urllib.parse import urlencode, urlsplit

from shared.simulator.loopback import is_loopback_name
from shared.simulator.signature import signed

TIMEOUT_SECONDS = 10.0
_IDLE_SECONDS = 2.0


class Courier:
    """Posts webhooks over one kept connection per place. For one thread."""

    def __init__(self, app_secret: str) -> None:
        """Sign with this secret."""
        self._secret = app_secret
        self._kept: dict[str, tuple[http.client.HTTPConnection, float]] = {}

    def deliver(self, url: str, body: bytes) -> bool:
        """Post one signed webhook; tell whether it was answered with 200 in time."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": signed(self._secret, body),
        }
        parts = urlsplit(url)
        path = parts.path or "/"
        try:
            connection = self._connection(parts.netloc)
            connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException, ValueError):
            self._forget(parts.netloc)
            return False
        self._keep(parts.netloc, connection, open_=not answer.will_close)
        return answer.status == 200

    def _connection(self, place: str) -> http.client.HTTPConnection:
        kept = self._kept.get(place)
        # Servers drop idle connections; writing to one that is being dropped looks like a failure.
        if kept is not None and time.monotonic() - kept[1] < _IDLE_SECONDS:
            return kept[0]
        self._forget(place)
        connection = http.client.HTTPConnection(place, timeout=TIMEOUT_SECONDS)
        self._kept[place] = (connection, time.monotonic())
        return connection

    def _keep(self, place: str, connection: http.client.HTTPConnection, *, open_: bool) -> None:
        if open_:
            self._kept[place] = (connection, time.monotonic())
        else:
            self._forget(place)

    def _forget(self, place: str) -> None:
        kept = self._kept.pop(place, None)
        if kept is not None:
            kept[0].close()

    def close(self) -> None:
        """Close every connection."""
        for place in list(self._kept):
            self._forget(place)


def reachable(url: str) -> bool:
    """Tell whether a callback may be called: plain HTTP, on this machine, at most 200 characters."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and len(url) <= 200 and is_loopback_name(parts.hostname or "")


def handshake(url: str, *, verify_token: str, challenge: str) -> str:
    """Ask a callback for the challenge; returns an empty string when it echoed it, else why not."""
    parts = urlsplit(url)
    asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    query = "&".join(part for part in (parts.query, urlencode(asked)) if part)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parts.path or '/'}?{query}")
        answer = connection.getresponse()
        said = answer.read(4096).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"The URL couldn't be validated. {type(error).__name__}"
    finally:
        connection.close()
    if answer.status != 200:
        return f"The URL couldn't be validated. Response does not match challenge: HTTP {answer.status}"
    return "" if said == challenge else "The URL couldn't be validated. Response does not match challenge."
