"""Everything that `run` serves, as one ASGI application."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime import api, pages
from shared.runtime.desk import Desk
from shared.simulator.loopback import LoopbackOnly

Webhook = Callable[[Request], Awaitable[Response]]
"""The entry point of `functions/webhook/main.py`."""

_SIMULATED = ("/graph", "/simulator")


class _Endpoint:
    """Hands a path to an entry point with every method, as the framework's server does."""

    def __init__(self, function: Webhook) -> None:
        self._function = function

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._function(Request(scope, receive, send))
        await response(scope, receive, send)


class _Absent:
    """Answers 404 for what this run does not have."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("not found\n", 404)(scope, receive, send)


class _Paths:
    """Sends the simulator's paths to it, whole, and everything else to the other application."""

    def __init__(self, simulator: ASGIApp, *, others: ASGIApp) -> None:
        self._simulator = simulator
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        simulated = any(path == prefix or path.startswith(prefix + "/") for prefix in _SIMULATED)
        await (self._simulator if simulated else self._others)(scope, receive, send)


def build(
    *, webhook: Webhook, desk: Desk, token: str, ready: Callable[[], bool], simulator: ASGIApp | None
) -> ASGIApp:
    """Join the parts: functions and Graph take any host, everything for people only loopback.

    Args:
        webhook: What answers at `/webhook`.
        desk: What pages and API ask.
        token: What lets a command change something.
        ready: Tells `/healthz` whether the process does its work already.
        simulator: What answers under `/graph` and `/simulator`, guarding itself; without it
            both are 404.
    """

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ready\n") if ready() else PlainTextResponse("starting\n", 503)

    people = [*api.routes(desk, token=token), *pages.routes(desk, simulator=simulator is not None)]
    routes: list[BaseRoute] = [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/webhook", _Endpoint(webhook)),
        Mount("/", LoopbackOnly(Starlette(routes=people))),
    ]
    return _Paths(simulator or _Absent(), others=Starlette(routes=routes))
