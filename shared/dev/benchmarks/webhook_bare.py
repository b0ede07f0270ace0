"""The least that a handler can do: what the framework and its server cost by themselves."""

import functions_framework.aio
from starlette.requests import Request


@functions_framework.aio.http
async def webhook(request: Request) -> str:
    """Answer without looking at anything."""
    return "ok"
