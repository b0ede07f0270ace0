"""The plain pages: every conversation, and one of them. Rendered here, refreshed by a small script."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from shared.runtime import words
from shared.runtime.desk import Desk, Json, NotFound

HERE = Path(__file__).parent
SHOWN = 200
LONGEST_RAW = 20_000
LONGEST_LINE = 120

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(desk: Desk, *, simulator: bool) -> list[BaseRoute]:
    """Make the pages' routes; `simulator` tells whether there is a phone to link to."""
    pages = _Pages(desk, simulator)
    return [
        Route("/", pages.conversations, methods=["GET"]),
        Route("/conversations/{identifier:path}", pages.conversation, methods=["GET"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]


class _Pages:
    def __init__(self, desk: Desk, simulator: bool) -> None:
        self._desk = desk
        loader = FileSystemLoader(HERE / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals["simulator"] = simulator

    async def conversations(self, request: Request) -> Response:
        return await run_in_threadpool(self._list)

    async def conversation(self, request: Request) -> Response:
        return await run_in_threadpool(self._one, str(request.path_params["identifier"]))

    def _list(self) -> Response:
        rows = [conversation_row(row) for row in self._desk.overview(limit=SHOWN)]
        waiting = [row for row in rows if row["owner"]["kind"] == "queue"]
        others = [row for row in rows if row["owner"]["kind"] != "queue"]
        kept = [kept_row(row) for row in self._desk.kept(limit=SHOWN) if not row.get("conversation")]
        return self._page("conversations.html", here="list", waiting=waiting, others=others, kept=kept)

    def _one(self, identifier: str) -> Response:
        try:
            view = self._desk.view(identifier)
        except NotFound:
            return self._page("missing.html", status=404, here="")
        return self._page("conversation.html", here="", **conversation_page(view, identifier))

    def _page(self, template: str, *, status: int = 200, **context: object) -> Response:
        # A lone surrogate can't be written as UTF-8; the mark stands for what can't be shown.
        text = self._templates.get_template(template).render(context)
        return HTMLResponse(text.encode("utf-8", "replace"), status, headers=HEADERS)


def conversation_row(row: Mapping[str, Any]) -> Json:
    """Shape one conversation for the list."""
    identifier = str(row["id"] or row["conversation"])
    return {
        "conversation": row["conversation"],
        "href": "/conversations/" + _quoted(identifier),
        "name": row["name"] or identifier,
        "owner": words.owner(str(row["owner"])),
        "reason": words.reason(row["reason"]),
        "updated": row["updated"],
        "last": _shortened(str(row["last_text"])) or row["last_kind"],
        "last_is_ours": row["last_author"] not in ("", "customer"),
        "unanswered": row["unanswered"] and row["owner"] != "agent",
        "unclear": row["unclear"],
        "queued": row["queued"],
    }


def conversation_page(view: Mapping[str, Any], identifier: str) -> Json:
    """Shape one conversation for its page."""
    return {
        "identifier": identifier,
        "owner_url": f"/api/conversations/{_quoted(identifier)}/owner",
        "name": view["name"],
        "owner": words.owner(str(view["owner"])),
        "reason": words.reason(view["reason"]),
        "aliases": view["person"]["aliases"],
        "messages": [_message(message) for message in view["messages"]],
        "kept": [kept_row(row) for row in view["kept"]],
    }


def kept_row(row: Mapping[str, Any]) -> Json:
    """Shape something that was kept."""
    raw = row["raw"]
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, indent=2)
    return {
        "id": row["id"],
        "kind": row["kind"],
        "reason": words.reason(row["reason"]),
        "at": row.get("at", ""),
        "number": row.get("number", ""),
        "replayable": row.get("replayable", False),
        "raw": text if len(text) <= LONGEST_RAW else text[:LONGEST_RAW] + "…",
    }


def _message(message: Mapping[str, Any]) -> Json:
    outgoing = message["direction"] == "out"
    return {
        **message,
        "label": words.state(message["state"]) if outgoing else None,
        "reason": words.reason(message["reason"]),
    }


def _shortened(text: str) -> str:
    """Put a message on one line, as long as a list can show."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"


def _quoted(identifier: str) -> str:
    return quote(identifier, safe="", errors="replace")
