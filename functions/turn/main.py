"""Cloud entry point: one task becomes one turn of the agent.

Trigger: Cloud Tasks, queue `turns`.
"""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.wiring import container, tasks


@functions_framework.http
def turn(request: Request) -> ResponseReturnValue:
    """Handle one dispatch; a non-2xx answer asks the queue to try again."""
    return tasks.dispatch(request, to=container.get().use_cases.take_turn)
