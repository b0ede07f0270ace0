"""Cloud entry point: one task becomes at most one post to the Graph API.

Trigger: Cloud Tasks, queue `live-<number>` of each business number.
"""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.wiring import container, tasks


@functions_framework.http
def sender(request: Request) -> ResponseReturnValue:
    """Handle one dispatch; a non-2xx answer asks the queue to try again."""
    return tasks.dispatch(request, to=container.get().use_cases.send_next)
