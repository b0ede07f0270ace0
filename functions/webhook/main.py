"""Cloud entry point: one of Meta's webhook calls is verified, published and answered.

Trigger: HTTPS, public; runs on the framework's ASGI server (`FUNCTION_USE_ASGI=true`).
Contract: tests/functions/test_webhook.py.
"""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from shared.wiring import (
    asgi_server,  # noqa: F401 - what the server itself needs to be fast
    container,
)


@functions_framework.aio.http
async def webhook(request: Request) -> Response:
    """Answer 200 once every update of the batch is durable; Meta sends again otherwise."""
    return await container.get().webhook(request)
