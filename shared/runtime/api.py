"""The JSON API on loopback: conversations to read, owners to change, repairs for administrators."""

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.domain.errors import Missing, Retryable
from shared.runtime.control import TOKEN_HEADER
from shared.runtime.desk import BadRequest, Desk, NotFound

MOST = 500
LARGEST_BODY = 16_384

Work = Callable[[], Any]


def routes(desk: Desk, *, token: str) -> list[Route]:
    """Make the routes.

    Reading is free for who reaches loopback. Changing takes the token of this run, or comes
    from one of our own pages.
    """
    api = _Api(desk, token)
    one = "/api/conversations/{identifier:path}"
    return [
        Route("/api/conversations", api.overview, methods=["GET"]),
        Route(one + "/owner", api.set_owner, methods=["POST"]),
        Route(one, api.view, methods=["GET"]),
        Route("/api/kept", api.kept, methods=["GET"]),
        Route("/api/admin/dead", api.dead, methods=["GET"]),
        Route("/api/admin/replay", api.change(lambda body: desk.replay(body.get("id"))), methods=["POST"]),
        Route(
            "/api/admin/replay-dead",
            api.change(lambda body: desk.replay_dead(body.get("id"))),
            methods=["POST"],
        ),
        Route(
            "/api/admin/resume", api.change(lambda body: desk.resume(body.get("number"))), methods=["POST"]
        ),
    ]


class _Api:
    def __init__(self, desk: Desk, token: str) -> None:
        self._desk = desk
        self._token = token

    async def overview(self, request: Request) -> Response:
        return await _answer(lambda: self._desk.overview(limit=_limit(request)))

    async def view(self, request: Request) -> Response:
        identifier = request.path_params["identifier"]
        return await _answer(lambda: self._desk.view(identifier))

    async def kept(self, request: Request) -> Response:
        return await _answer(lambda: self._desk.kept(limit=_limit(request)))

    async def dead(self, request: Request) -> Response:
        return await _answer(lambda: self._desk.dead_letters.list(limit=_limit(request)))

    async def set_owner(self, request: Request) -> Response:
        identifier = request.path_params["identifier"]
        return await self._change(request, lambda body: self._desk.set_owner(identifier, body.get("owner")))

    def change(self, work: Callable[[dict[str, Any]], object]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await self._change(request, work)

        return endpoint

    async def _change(self, request: Request, work: Callable[[dict[str, Any]], object]) -> Response:
        if not self._may_change(request):
            return reply({"error": "only our own pages, or with this run's token"}, 403)
        try:
            body = await _body(request)
        except BadRequest as error:
            return reply({"error": str(error)}, 400)
        return await _answer(lambda: work(body) or {"done": True})

    def _may_change(self, request: Request) -> bool:
        given = request.headers.get(TOKEN_HEADER, "")
        if hmac.compare_digest(given.encode(), self._token.encode()):
            return True
        origin = request.headers.get("origin")
        return origin is not None and origin == f"{request.url.scheme}://{request.headers.get('host')}"


async def _body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise BadRequest("takes application/json")
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            raise BadRequest("too long")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadRequest("not JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("takes an object")
    return body


async def _answer(work: Work) -> Response:
    try:
        return reply(await run_in_threadpool(work))
    except BadRequest as error:
        return reply({"error": str(error)}, 400)
    except NotFound as error:
        return reply({"error": str(error)}, 404)
    except Missing:
        return reply({"error": "not there any more"}, 404)
    except Retryable as error:
        return reply({"error": f"try again: {type(error).__name__}"}, 503)


def reply(content: object, status: int = 200) -> Response:
    """Answer JSON in pure ASCII, so that whatever a customer wrote can be sent."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(text, status, headers, media_type="application/json")


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", "")
    return min(max(int(given), 1), MOST) if given.isascii() and given.isdigit() and len(given) < 9 else 100
