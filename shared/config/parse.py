"""Readers of single settings: from the environment's text to a typed value, or a reason why not."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

DEFAULT_BUSINESS = "default"
LONGEST_WAIT_S = 86_400
OLDEST_GRAPH_VERSION = 23

Parser = Callable[[str], object]
"""Turns a value's text into the value; raises `Invalid` when it can't."""

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_NUMBER_ID = re.compile(r"[0-9]{1,64}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_VERSION = re.compile(r"v([0-9]{1,3})\.([0-9]{1,2})", re.ASCII)
_PRINTABLE = re.compile(r"[\x21-\x7e]+", re.ASCII)


class Invalid(ValueError):
    """A value is not what its setting takes; the message says what it takes, never the value."""


def wait_ms(text: str) -> int:
    """Read seconds, decimals and 0 allowed, as milliseconds."""
    if not _DECIMAL.fullmatch(text) or float(text) > LONGEST_WAIT_S:
        raise Invalid(f"takes seconds from 0 to {LONGEST_WAIT_S}, decimals allowed")
    return round(float(text) * 1000)


def count(text: str) -> int:
    """Read a whole number from 1 on."""
    if not _WHOLE.fullmatch(text) or int(text) < 1:
        raise Invalid("takes a whole number from 1 on")
    return int(text)


def name(text: str) -> str:
    """Read a name of letters, digits, `-` and `_`."""
    if not _NAME.fullmatch(text):
        raise Invalid("takes letters, digits, - and _")
    return text


def number_id(text: str) -> str:
    """Read an id of Meta's: digits."""
    if not _NUMBER_ID.fullmatch(text):
        raise Invalid("takes an id of digits only")
    return text


def businesses(text: str) -> Mapping[str, str]:
    """Read `number` or `business=number`, comma-separated, as number id -> business id."""
    found: dict[str, str] = {}
    for part in text.split(","):
        business, equals, number = part.strip().rpartition("=")
        owner = name(business) if equals else DEFAULT_BUSINESS
        if number_id(number) in found:
            raise Invalid("holds a number twice")
        found[number] = owner
    return MappingProxyType(found)


def secret(text: str) -> str:
    """Read one secret: printable ASCII without spaces."""
    if not _PRINTABLE.fullmatch(text):
        raise Invalid("takes printable ASCII without spaces")
    return text


def secrets(text: str) -> tuple[str, ...]:
    """Read several secrets, comma-separated; any of them is accepted."""
    return tuple(secret(part.strip()) for part in text.split(","))


def version(text: str) -> str:
    """Read a version of the Graph API, like `v26.0`."""
    match = _VERSION.fullmatch(text)
    if not match or int(match[1]) < OLDEST_GRAPH_VERSION:
        raise Invalid(f"takes a version like v26.0, v{OLDEST_GRAPH_VERSION}.0 or newer")
    return text


def backend(text: str) -> str:
    """Read which adapters to use."""
    if text not in {"embedded", "google"}:
        raise Invalid("takes embedded or google")
    return text


def endpoint(text: str) -> str:
    """Read a host, `host:port` or URL, as Google's clients take them."""
    if not _PRINTABLE.fullmatch(text):
        raise Invalid("takes a host and a port")
    return text


def url(text: str) -> str:
    """Read where the Graph API is: https, or http on loopback; without a slash at the end."""
    reason = "takes an https URL (http on loopback only) without user, query and fragment"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Invalid(reason) from None
    plain = not (parts.username or parts.password or "?" in text or "#" in text)
    if not (_PRINTABLE.fullmatch(text) and host and plain and parts.scheme in {"http", "https"}):
        raise Invalid(reason)
    if parts.scheme == "http" and not is_loopback(text):
        raise Invalid(reason)
    return text.rstrip("/")


def is_loopback(address: str) -> bool:
    """Tell whether a URL's host is this machine, by its spelling alone."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
