"""What every envelope has in common: a POST whose body is a JSON object."""

from typing import Any

import orjson
from flask import Request

from shared.app import lenient_json
from shared.domain.errors import BadEnvelope


def parse(raw: bytes) -> object:
    """Read JSON, also what only our second reader takes (depth, half characters, huge numbers).

    Raises:
        BadEnvelope: It is not JSON.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return lenient_json.loads(raw)
    except lenient_json.NotJson:
        raise BadEnvelope("not JSON") from None


def body(request: Request) -> dict[str, Any]:
    """Read the JSON object that a platform posted.

    Raises:
        BadEnvelope: Not a POST, not JSON, or not an object.
    """
    if request.method != "POST":
        raise BadEnvelope("not a POST")
    found = parse(request.get_data(cache=False))
    if not isinstance(found, dict):
        raise BadEnvelope("not an object")
    return found


def trace_id(request: Request) -> str:
    """Read the trace id that the platform gave this call, or the empty string."""
    return request.headers.get("X-Cloud-Trace-Context", "").split("/")[0][:64]
