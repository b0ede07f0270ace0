"""Calls the functions' entry points as their platforms do: a real request with the real envelope."""

import io
from collections.abc import Callable, Mapping
from typing import Any
from wsgiref.types import WSGIEnvironment

import flask
import orjson
from flask.typing import ResponseReturnValue

from shared.wiring.journal import journal
from shared.wiring.outcomes import place

Function = Callable[[flask.Request], ResponseReturnValue]
"""An entry point, as `functions/<name>/main.py` defines it."""

CRASHED = 500


def push(function: Function, envelope: Mapping[str, Any]) -> int:
    """Deliver an event as Pub/Sub does and return the HTTP status."""
    return post(function, orjson.dumps(envelope))


def dispatch(function: Function, headers: Mapping[str, str], payload: bytes) -> int:
    """Dispatch a task as Cloud Tasks does and return the HTTP status."""
    return post(function, payload, headers=headers)


def tick(function: Function) -> int:
    """Tick as Cloud Scheduler does and return the HTTP status."""
    return post(function, b"{}", headers={"X-CloudScheduler": "true"})


def post(function: Function, body: bytes, *, headers: Mapping[str, str] | None = None) -> int:
    """Post JSON to an entry point and return the HTTP status; whatever it raises is a 500."""
    request = flask.Request(_environ(body, headers or {}))
    try:
        return status_of(function(request))
    except Exception as error:  # noqa: BLE001 - so does the framework answer for a function that raises
        journal.error("function.crashed", error=type(error).__name__, at=place(error))
        return CRASHED


def status_of(answered: ResponseReturnValue) -> int:
    """Read the status of what a function returned, in the shapes that ours return."""
    if isinstance(answered, tuple) and isinstance(answered[1], int):
        return answered[1]
    return int(getattr(answered, "status_code", 200))


def _environ(body: bytes, headers: Mapping[str, str]) -> WSGIEnvironment:
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ
