"""Cloud entry point: one delivered receipt or account event is recorded.

Trigger: Pub/Sub push on topic `inbound-status`.
"""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.wiring import container, push


@functions_framework.http
def status(request: Request) -> ResponseReturnValue:
    """Handle one delivery; a non-2xx answer asks the subscription to deliver it again."""
    cases = container.get().use_cases
    return push.deliver(request, topic="inbound-status", to=cases.record_status, keep=cases.keep)
