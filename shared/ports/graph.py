"""Meta's Graph API, as far as the use cases need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Accepted:
    """Meta took the message; delivery is told by receipts."""

    wamid: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Certain: Meta did not take the message.

    `code` is the Graph error's code, or None when nothing was written to the socket
    (connection refused, name not found, handshake failed).
    """

    code: int | None
    http_status: int | None
    details: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The request was written but its outcome is unknown."""

    details: str


SendOutcome = Accepted | Refused | Unclear


class Graph(Protocol):
    """One attempt per call; it never retries, and it never raises for what Meta answers."""

    def send(self, number_id: str, body: Mapping[str, Any]) -> SendOutcome:
        """Post one message to `/{number_id}/messages`.

        An answer with a parsed Graph error is `Refused`, except codes 1, 2 and 131000
        with an HTTP 5xx, which are `Unclear`; so is every lost or unparseable answer.
        Returns within 30 seconds.
        """
        ...

    def mark_read(self, number_id: str, wamid: str) -> None:
        """Mark a message read and show the typing indicator; a failure changes nothing."""
        ...
