"""Closing a connection without an answer, as a network that breaks does."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_PATIENCE_SECONDS = 5.0


class _Nothing(Response):
    """A response that is never sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the server has noticed the closed connection; only then return.

        Returning earlier makes the server answer 500 to what it takes for a mistake.
        """
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass


class _Broken(Response):
    """The head of an answer whose body never comes: what can be done without a transport."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise a body and return; a server must then close the connection."""
        head = [(b"content-length", b"512"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": head})


async def cut(request: Request) -> Response:
    """Close the client's connection; what is returned sends nothing.

    ASGI has no such message. Uvicorn's `receive` is a method of the cycle that owns the
    transport; under a server without one the client gets half an answer instead.
    """
    transport = getattr(getattr(request.receive, "__self__", None), "transport", None)
    if transport is None:
        return _Broken()
    transport.abort()
    return _Nothing()
