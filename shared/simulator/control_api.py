"""The control API: drives customers, faults and callbacks; what scripts and the page use."""

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from shared.simulator import faults, views
from shared.simulator.answers import JsonAnswer, json_body
from shared.simulator.control_help import HELP
from shared.simulator.core import Core
from shared.simulator.inbound import kinds
from shared.simulator.mistakes import Mistake
from shared.simulator.records import NEVER_MS, Customer, Json
from shared.simulator.simulator import Simulator
from shared.simulator.storage import Media
from shared.simulator.template_controls import put_template

PREFIX = "/simulator/api"
LARGEST_MEDIA = 16 * 1024 * 1024

_MIME = re.compile(r"[a-z]+/[A-Za-z0-9.+-]+(?:; ?[A-Za-z0-9=.,+\"-]+)*")

_Handler = Callable[[Request], Awaitable[Response]]


class ControlApi:
    """Handlers of the control API; `routes` tells where they are."""

    def __init__(self, simulator: Simulator) -> None:
        """Drive this simulator."""
        self._simulator = simulator

    def routes(self) -> list[BaseRoute]:
        """Return the routes, in the order of `HELP`."""
        return [
            Route(PREFIX + one.path, _plain(getattr(self, one.handler)), methods=[one.method]) for one in HELP
        ]

    async def help(self, _: Request) -> Response:
        """Describe every call, fault and message kind."""
        calls = [{**asdict(one), "path": PREFIX + one.path} for one in HELP]
        return JsonAnswer({"calls": calls, "faults": faults.described(), "kinds": kinds()})

    async def state(self, _: Request) -> Response:
        """Tell everything but the messages."""
        url = self._simulator.callback_url
        return JsonAnswer(self._simulator.act(lambda core: views.state(core.state, callback_url=url)))

    async def live(self, _: Request) -> Response:
        """Stream what changes."""
        return StreamingResponse(self._simulator.listeners.stream(), media_type="text/event-stream")

    async def create_customer(self, request: Request) -> Response:
        """Make a customer."""
        given = await _object(request)

        def do(core: Core) -> Json:
            return views.customer(core.state, core.people.create(given))

        return JsonAnswer(self._simulator.act(do), status_code=201)

    async def change_customer(self, request: Request) -> Response:
        """Change name, username, hidden or reads."""
        given = await _object(request)

        def do(core: Core, customer: Customer) -> Json:
            core.people.change(customer, given)
            return views.customer(core.state, customer)

        return self._with_customer(request, do)

    async def change_number(self, request: Request) -> Response:
        """Move a customer to another phone and user id."""
        given = await _object(request)

        def do(core: Core, customer: Customer) -> Json:
            ids = core.people.change_number(customer, given)
            return {**views.customer(core.state, customer), "system_messages": ids}

        return self._with_customer(request, do)

    async def send(self, request: Request) -> Response:
        """Write as a customer."""
        given = await _object(request)
        media = self._simulator.media(str(given.get("media_id", "")))
        if media is not None:
            known = {"mime_type": media.mime_type, "sha256": media.sha256, "filename": media.filename}
            given = {**known, "url": self._simulator.media_url(media.id), **given}
        kind = given.get("kind", "text")
        if not isinstance(kind, str):
            raise Mistake("kind must be a string")

        def do(core: Core, customer: Customer) -> Json:
            number = _number(core, given)
            wamid = core.people.send(customer, number, kind, given)
            stored = core.state.messages.get(wamid)
            return {"id": wamid, "message": views.message(stored) if stored is not None else None}

        return self._with_customer(request, do, status=201)

    async def look(self, request: Request) -> Response:
        """Open or close a chat on the customer's phone."""
        given = await _object(request)
        is_open, seconds = given.get("open", True), given.get("seconds")
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, (int, float))):
            raise Mistake("seconds must be a number")

        def do(core: Core, customer: Customer) -> Json:
            until_ms = NEVER_MS if seconds is None else core.state.now_ms + round(seconds * 1000)
            core.advance()
            core.people.look(customer, _number(core, given), until_ms=until_ms if is_open is True else 0)
            return {"open": is_open is True}

        return self._with_customer(request, do)

    async def close_window(self, request: Request) -> Response:
        """Close the 24-hour window of a chat."""
        given = await _object(request)

        def do(core: Core, customer: Customer) -> Json:
            core.people.close_window(customer, _number(core, given))
            return {"window": "closed"}

        return self._with_customer(request, do)

    async def chat(self, request: Request) -> Response:
        """Return messages and posts of a chat, newest last."""
        after, limit = _whole(request, "after", 0), _whole(request, "limit", 500)

        def do(core: Core, customer: Customer) -> Json:
            number = _number(core, dict(request.query_params))
            chat = core.state.chat(number, customer)
            line = core.state.lines.get(chat.key, [])[-limit:]
            posts = [one for one in core.state.posts if one.customer_id == customer.id]
            return {
                "chat": views.chat(core.state, chat),
                "messages": [views.message(one) for one in line if one.seq > after],
                "posts": [views.post(one) for one in posts if one.number_id == number and one.seq > after],
            }

        return self._with_customer(request, do)

    async def posts(self, request: Request) -> Response:
        """Return the journal of posts to `/messages`, oldest first."""
        after, limit = _whole(request, "after", 0), _whole(request, "limit", 1000)

        def do(core: Core) -> list[Json]:
            return [views.post(one) for one in core.state.posts if one.seq > after][:limit]

        return JsonAnswer({"posts": self._simulator.act(do)})

    async def get_faults(self, _: Request) -> Response:
        """Tell the faults."""
        return JsonAnswer(self._simulator.act(lambda core: asdict(core.state.faults)))

    async def set_faults(self, request: Request) -> Response:
        """Replace the named faults."""
        given = await _object(request)

        def do(core: Core) -> Json:
            core.set_faults(given)
            return asdict(core.state.faults)

        return JsonAnswer(self._simulator.act(do))

    async def clear_faults(self, _: Request) -> Response:
        """Switch every fault off."""
        self._simulator.act(lambda core: core.clear_faults())
        return await self.get_faults(_)

    async def template(self, request: Request) -> Response:
        """Add or replace a template."""
        given = await _object(request)
        return JsonAnswer(self._simulator.act(lambda core: put_template(core.state, given)))

    async def webhooks(self, _: Request) -> Response:
        """Tell the webhooks that were not answered with 200 yet."""

        def do(core: Core) -> list[Json]:
            return [asdict(one) for one in core.state.deliveries.values()]

        return JsonAnswer({"webhooks": self._simulator.act(do)})

    async def send_webhook(self, request: Request) -> Response:
        """Sign and send any body."""
        given = await _object(request)
        if given.get("body") is None:
            raise Mistake("body is missing")
        self._simulator.act(lambda core: core.webhooks.enqueue_body(given["body"]))
        return JsonAnswer({"queued": True}, status_code=202)

    async def retry_webhooks(self, _: Request) -> Response:
        """Try every pending webhook at once."""
        self._simulator.act(lambda core: core.webhooks.retry_all())
        return JsonAnswer({"retried": True})

    async def upload(self, request: Request) -> Response:
        """Keep a file for a customer to send."""
        given = await _object(request)
        try:
            data = base64.b64decode(given.get("data", ""), validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise Mistake("data must be base64") from None
        mime, filename = given.get("mime_type"), given.get("filename", "arquivo")
        if not isinstance(mime, str) or not _MIME.fullmatch(mime) or not isinstance(filename, str):
            raise Mistake("mime_type must be a MIME type, filename a string")
        filename = filename.encode("utf-8", "replace").decode()
        if not 0 < len(data) <= LARGEST_MEDIA:
            raise Mistake("a file has 1 byte to 16 MiB")
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        media = Media(str(secrets.randbelow(9 * 10**15) + 10**15), mime, digest, filename, data)
        self._simulator.save_media(media)
        return JsonAnswer({"id": media.id, "sha256": digest, "size": len(data)}, status_code=201)

    async def media(self, request: Request) -> Response:
        """Return a file that a customer sent, never as a page of this origin."""
        media = self._simulator.media(request.path_params["media_id"])
        if media is None:
            return JsonAnswer({"error": "no such media"}, status_code=404)
        shown = media.mime_type.startswith(("image/", "audio/", "video/")) and "svg" not in media.mime_type
        kind = media.mime_type if shown else "application/octet-stream"
        headers = {"Content-Type": kind, "Content-Disposition": "inline" if shown else "attachment"}
        return Response(media.data, headers=headers)

    async def reset(self, _: Request) -> Response:
        """Forget everything."""
        self._simulator.reset()
        return JsonAnswer({"reset": True})

    def _with_customer(
        self, request: Request, do: Callable[[Core, Customer], Json], *, status: int = 200
    ) -> Response:
        name = request.path_params["customer"]

        def found(core: Core) -> Json | None:
            customer = core.state.customer(name)
            return None if customer is None else do(core, customer)

        answer = self._simulator.act(found)
        if answer is None:
            return JsonAnswer({"error": "no such customer"}, status_code=404)
        return JsonAnswer(answer, status_code=status)


def _plain(handler: _Handler) -> _Handler:
    """Turn mistakes into 400 with their reason."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except Mistake as mistake:
            return JsonAnswer({"error": str(mistake)}, status_code=400)

    return answered


async def _object(request: Request) -> Json:
    body = await json_body(request)
    if not isinstance(body, dict):
        raise Mistake("the body must be a JSON object")
    return body


def _number(core: Core, given: Json) -> str:
    number = given.get("number") or next(iter(core.state.numbers))
    if not isinstance(number, str) or number not in core.state.numbers:
        raise Mistake("unknown number")
    return number


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default
