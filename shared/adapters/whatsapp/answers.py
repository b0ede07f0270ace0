"""Reading Meta's answer to a post: taken, certainly refused, or unclear."""

import json
from collections.abc import Mapping
from typing import Any

from shared.adapters.whatsapp.transport import Answer, Exchange, NotSent, Trouble
from shared.domain.graph_errors import is_unclear
from shared.ports.graph import Accepted, Refused, SendOutcome, Unclear

_NUMBER_UNKNOWN = 33
"""Meta's code for a number that was deleted or whose id is wrong."""

_UNKNOWN_OBJECT = (100, 33)
_DETAILS_LIMIT = 300


def outcome_of(exchange: Exchange) -> SendOutcome:
    """Tell what became of a message from what came back; never raises."""
    if isinstance(exchange, NotSent):
        return Refused(code=None, http_status=None, details=exchange.details)
    if isinstance(exchange, Answer):
        return _outcome(exchange.status, _parse(exchange.body))
    return Unclear(details=exchange.details)


def _outcome(status: int, body: Mapping[str, Any]) -> SendOutcome:
    wamid = _wamid(body)
    if wamid and 200 <= status < 300:
        return Accepted(wamid)
    error = _mapping(body.get("error"))
    code = _error_code(error)
    if code is None or wamid:
        return Unclear(details=f"{Trouble.UNREADABLE}: HTTP {status}")
    details = _details(error)
    if is_unclear(code, status):
        return Unclear(details=f"{Trouble.UNCERTAIN}: HTTP {status}: {details}"[:_DETAILS_LIMIT])
    return Refused(code=code, http_status=status, details=details)


def _parse(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return _mapping(parsed)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _wamid(body: Mapping[str, Any]) -> str:
    messages = body.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    wamid = _mapping(first).get("id")
    return wamid if isinstance(wamid, str) else ""


def _error_code(error: Mapping[str, Any]) -> int | None:
    """Read the code of an error; a number id that Graph doesn't know hides behind a common one."""
    code = _code(error.get("code"))
    if (code, _code(error.get("error_subcode"))) == _UNKNOWN_OBJECT:
        return _NUMBER_UNKNOWN
    return code


def _code(value: object) -> int | None:
    """Read an error code, which some gateways spell as a string."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return None


def _details(error: Mapping[str, Any]) -> str:
    """Join the error's own words; `error_data` is an object, or sometimes a bare string."""
    data = error.get("error_data")
    told = data.get("details") if isinstance(data, Mapping) else data
    words = [text for text in (error.get("message"), told) if isinstance(text, str) and text]
    return ": ".join(words)[:_DETAILS_LIMIT]
