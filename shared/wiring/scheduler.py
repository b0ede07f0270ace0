"""Cloud Scheduler's envelope: one tick becomes one call of a use case."""

from collections.abc import Callable

from flask import Request
from flask.typing import ResponseReturnValue

from shared.domain.errors import BadEnvelope
from shared.wiring import outcomes, posted
from shared.wiring.journal import journal

SCHEDULED = "X-CloudScheduler"


def tick(request: Request, *, name: str, to: Callable[[], int]) -> ResponseReturnValue:
    """Handle one tick; what it found is logged when it found something."""
    source = outcomes.Source(kind="tick", name=name, trace=posted.trace_id(request))
    if request.method != "POST" or request.headers.get(SCHEDULED) != "true":
        return outcomes.refuse(BadEnvelope("not a tick of the scheduler"), source=source)

    def run() -> None:
        found = to()
        if found:
            journal.info("tick.found", found=found, **source.fields())

    return outcomes.tick(run, source=source)
