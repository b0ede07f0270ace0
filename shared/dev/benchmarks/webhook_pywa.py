"""pywa's webhook, in each way in which it can be served, on the framework's production servers.

Run as `python -m shared.dev.benchmarks.webhook_pywa <variant> <port> <app secret>`.
`GET /handled` tells how many messages reached the handler.
"""

import itertools
import sys
from typing import Any

import flask
from functions_framework._http import create_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

VARIANTS = ("flask", "starlette", "starlette-async")

_handled = itertools.count()


def application(variant: str, secret: str) -> flask.Flask | Starlette:
    """Make one of `VARIANTS`: it verifies, parses and hands each message to a handler that counts."""
    app = _flask() if variant == "flask" else _starlette()
    if variant == "starlette-async":
        _handle_async(app, secret)
    else:
        _handle(app, secret)
    return app


def _options(app: flask.Flask | Starlette, secret: str) -> dict[str, Any]:
    return {
        "server": app,
        "app_secret": secret,
        "phone_id": "106540352242922",
        "token": "unused",
        "verify_token": "unused",
        "webhook_endpoint": "/",
        # The same body comes again and again.
        "skip_duplicate_updates": False,
    }


def _handle(app: flask.Flask | Starlette, secret: str) -> None:
    from pywa.client import WhatsApp
    from pywa.handlers import MessageHandler

    def count(_: object, __: object) -> None:
        next(_handled)

    WhatsApp(**_options(app, secret)).add_handlers(MessageHandler(count))


def _handle_async(app: flask.Flask | Starlette, secret: str) -> None:
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


if __name__ == "__main__":
    chosen, port, app_secret = sys.argv[1:]
    server = create_server(application(chosen, app_secret), debug=False)  # type: ignore[no-untyped-call]  # theirs
    server.run("127.0.0.1", int(port))
