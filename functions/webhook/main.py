"""Cloud entry point: one of Meta's webhook calls is verified, published and answered.

Trigger: HTTPS, public; runs on the framework's ASGI server (`FUNCTION_USE_ASGI=true`).
Contract: tests/functions/test_webhook.py.
"""

import functions_framework.aio
import httptools  # noqa: F401 - named so that it is deployed: with these two the server,
import uvloop  # noqa: F401 - which takes them by itself, spends half the time on a request
from starlette.requests import Request
from starlette.responses import Response

from shared.wiring import container


@functions_framework.aio.http
async def webhook(request: Request) -> Response:
    """Answer 200 once every update of the batch is durable; Meta sends again otherwise."""
    return await container.get().webhook(request)
