"""Cloud entry point: one delivered message or echo is recorded.

Trigger: Pub/Sub push on topic `inbound-message`.
"""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.wiring import container, push


@functions_framework.http
def text(request: Request) -> ResponseReturnValue:
    """Handle one delivery; a non-2xx answer asks the subscription to deliver it again."""
    cases = container.get().use_cases
    return push.deliver(request, topic="inbound-message", to=cases.record_message, keep=cases.keep)
