"""Read an event as the push envelope's receiver does."""

import json
from typing import Any

from shared.ports.bus import Event


def payload_of(event: Event) -> dict[str, Any]:
    """Return the event's JSON object."""
    found: dict[str, Any] = json.loads(event.data)
    return found
