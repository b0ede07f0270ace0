"""JSON in and out of the HTTP edge, for any text that JSON can carry."""

import json
import math

from starlette.requests import Request
from starlette.responses import Response

from shared.simulator.depth import DEEPEST, shallow
from shared.simulator.mistakes import Mistake
from shared.simulator.records import Value

LARGEST_BODY = 24 * 1024 * 1024


class JsonAnswer(Response):
    """JSON in ASCII: lone surrogates, which UTF-8 can't carry, go through."""

    media_type = "application/json"

    def render(self, content: Value) -> bytes:
        """Return the bytes of the content."""
        return json.dumps(content, separators=(",", ":")).encode()


async def json_body(request: Request) -> Value:
    """Return the parsed body; an empty one is an empty object.

    Raises:
        Mistake: It is too large or not JSON.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise Mistake("the body is too large")
        parts.append(part)
    raw = b"".join(parts)
    if not raw.strip():
        return {}
    try:
        parsed: Value = json.loads(raw, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise Mistake("the body is not JSON") from None
    if not shallow(parsed):
        raise Mistake(f"the body is nested deeper than {DEEPEST}")
    return parsed


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Mistake("a number is out of range")
    return number
