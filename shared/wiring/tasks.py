"""Cloud Tasks' envelope: one dispatched task becomes one call of a use case."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Request
from flask.typing import ResponseReturnValue

from shared.domain.errors import BadEnvelope
from shared.wiring import outcomes, posted

QUEUE = "X-CloudTasks-QueueName"
NAME = "X-CloudTasks-TaskName"
RETRIES = "X-CloudTasks-TaskRetryCount"


def dispatch(request: Request, *, to: Callable[[Mapping[str, Any]], None]) -> ResponseReturnValue:
    """Handle one dispatch; a non-2xx answer asks the queue to try again with backoff."""
    source = _source(request)
    try:
        payload = _payload(request, source=source)
    except BadEnvelope as error:
        return outcomes.refuse(error, source=source)
    return outcomes.task(lambda: to(payload), source=source)


def _payload(request: Request, *, source: outcomes.Source) -> dict[str, Any]:
    if not (source.name and source.id):
        raise BadEnvelope("no queue or task name")
    return posted.body(request)


def _source(request: Request) -> outcomes.Source:
    retries = request.headers.get(RETRIES, "")
    return outcomes.Source(
        kind="task",
        name=request.headers.get(QUEUE, ""),
        id=request.headers.get(NAME, ""),
        attempt=int(retries) + 1 if retries.isascii() and retries.isdigit() else None,
        trace=posted.trace_id(request),
    )
