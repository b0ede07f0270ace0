"""Keeps loopback pages to this machine: foreign hosts, origins and form posts are refused.

A page on the internet can make a browser send requests to 127.0.0.1, and a name that
resolves to 127.0.0.1 makes them same-origin. Both are stopped here, before any handler.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_READING = frozenset({"GET", "HEAD"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        b" media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none';"
        b" frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)


def is_loopback_name(name: str) -> bool:
    """Tell whether a host name or address, without port, is this machine's loopback."""
    return name.lower().strip("[]") in _NAMES


def is_loopback_host(host: str) -> bool:
    """Tell whether a `Host` header names loopback, with any port or none."""
    if any(letter in host for letter in "/?#@\\") or host != host.strip():
        return False
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return False
    return is_loopback_name(parts.hostname or "")


def refusal(method: str, headers: Mapping[str, str]) -> str | None:
    """Return why a request to a page or the control API is refused, or None.

    Args:
        method: The HTTP method, in capitals.
        headers: By lower-case name.
    """
    host = headers.get("host", "")
    if not is_loopback_host(host):
        return "only for loopback hosts"
    return foreign(method, headers, own=host) or _not_json(method, headers)


def foreign(method: str, headers: Mapping[str, str], *, own: str | None) -> str | None:
    """Return why a request seems to come from another site, or None.

    Args:
        method: The HTTP method, in capitals.
        headers: By lower-case name.
        own: The host that pages may come from; None refuses whatever has an origin.
    """
    origin = headers.get("origin")
    if origin is not None and not (own and origin.lower() == f"http://{own.lower()}"):
        return "another origin"
    site = headers.get("sec-fetch-site", "none")
    # A link on another site may open a page here; it can't read it.
    navigates = method in _READING and headers.get("sec-fetch-mode") == "navigate"
    if site not in ("none", "same-origin") and not navigates:
        return "another site"
    return None


def _not_json(method: str, headers: Mapping[str, str]) -> str | None:
    """Tell why a body could be a form's: only JSON makes a browser ask first."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method in _WITH_BODY and kind != "application/json":
        return "the content type must be application/json"
    return None


class LoopbackOnly:
    """ASGI middleware: answers 403 to foreign requests, adds security headers to the rest."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard this application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass; websockets never do."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        reason = refusal(scope["method"], headers)
        if reason is not None:
            await PlainTextResponse(f"Refused: {reason}.\n", status_code=403)(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", [])}
                added = [(name, value) for name, value in _HEADERS if name not in given]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        await self._app(scope, receive, guarded)
