"""pywa's webhook, in each way in which it can be served, on the framework's production servers.

Run as `python -m shared.dev.benchmarks.webhook_pywa <variant> <port> <app secret>`.
`GET /handled` tells how many messages reached the handler.
"""

import itertools
import sys
from collections.abc import Callable
from typing import Any

import flask
from fastapi import FastAPI
from functions_framework._http import create_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

SYNC = ("flask", "fastapi", "starlette")
"""The package `pywa` on each server that it documents."""

ASYNC = ("fastapi-async", "starlette-async")
"""The package `pywa_async` on each server that it documents and that runs it."""

VARIANTS = (*SYNC, *ASYNC)

App = flask.Flask | FastAPI | Starlette

_handled = itertools.count()


def application(variant: str, secret: str) -> App:
    """Make one of `VARIANTS`: it verifies, parses and hands each message to a handler that counts."""
    app = _SERVERS[variant.removesuffix("-async")]()
    if variant in ASYNC:
        _handle_async(app, secret)
    else:
        _handle(app, secret)
    return app


def _options(app: App, secret: str) -> dict[str, Any]:
    return {
        "server": app,
        "app_secret": secret,
        "phone_id": "106540352242922",
        "token": "unused",
        "verify_token": "unused",
        "webhook_endpoint": "/",
        # The same body comes again and again.
        "skip_duplicate_updates": False,
        "filter_updates": False,
    }


def _handle(app: App, secret: str) -> None:
    from pywa.client import WhatsApp
    from pywa.handlers import MessageHandler

    def count(_: object, __: object) -> None:
        next(_handled)

    WhatsApp(**_options(app, secret)).add_handlers(MessageHandler(count))


def _handle_async(app: App, secret: str) -> None:
    from pywa_async.client import WhatsApp
    from pywa_async.handlers import MessageHandler

    async def count(_: object, __: object) -> None:
        next(_handled)

    WhatsApp(**_options(app, secret)).add_handlers(MessageHandler(count))


def _flask() -> flask.Flask:
    app = flask.Flask(__name__)
    app.add_url_rule("/handled", view_func=lambda: str(next(_handled)))
    return app


def _starlette() -> Starlette:
    async def handled(_: Request) -> PlainTextResponse:
        return PlainTextResponse(str(next(_handled)))

    return Starlette(routes=[Route("/handled", handled)])


def _fastapi() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/handled", lambda: next(_handled))
    return app


_SERVERS: dict[str, Callable[[], App]] = {"flask": _flask, "fastapi": _fastapi, "starlette": _starlette}


if __name__ == "__main__":
    chosen, port, app_secret = sys.argv[1:]
    server = create_server(application(chosen, app_secret), debug=False)  # type: ignore[no-untyped-call]  # theirs
    server.run("127.0.0.1", int(port))
