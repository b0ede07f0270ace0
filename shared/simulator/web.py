"""The simulator's routes: Graph, the phone page, the control API."""

import secrets
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from shared.simulator.answers import JsonAnswer
from shared.simulator.control_api import ControlApi
from shared.simulator.graph_api import GraphApi
from shared.simulator.loopback import LoopbackOnly
from shared.simulator.simulator import Simulator

_PAGE = Path(__file__).parent / "page"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes(simulator: Simulator) -> list[BaseRoute]:
    """Return the routes `/graph/…` and `/simulator…`; the latter are guarded by `LoopbackOnly`."""
    graph = GraphApi(simulator)

    async def graph_media(request: Request) -> Response:
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        if not secrets.compare_digest(token.encode(), simulator.access_token.encode()):
            return JsonAnswer({"error": "unauthorised"}, status_code=401)
        media = simulator.media(request.path_params["media_id"])
        if media is None:
            return Response(status_code=404)
        return Response(media.data, headers={"Content-Type": media.mime_type})

    async def page(_: Request) -> Response:
        return FileResponse(_PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    pages = Starlette(
        routes=[
            Route("/simulator", page),
            Route("/simulator/", page),
            Mount("/simulator/static", StaticFiles(directory=_PAGE / "static")),
            *ControlApi(simulator).routes(),
        ]
    )
    guarded = LoopbackOnly(pages)
    return [
        Route("/graph/media/{media_id}", graph_media),
        Route("/graph/{path:path}", graph.__call__, methods=_METHODS),
        Route("/simulator", guarded),
        Route("/simulator/{path:path}", guarded),
    ]


def build(simulator: Simulator) -> Starlette:
    """Return an application with nothing but the simulator."""
    return Starlette(routes=routes(simulator))
