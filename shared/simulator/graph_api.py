"""The fake Graph API over HTTP: paths, versions, tokens, and Meta's answers."""

import asyncio
import random
import re
import secrets
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from shared.simulator import identifiers, template_book
from shared.simulator.answers import JsonAnswer, json_body
from shared.simulator.connection import cut
from shared.simulator.courier import handshake, reachable
from shared.simulator.graph_errors import GraphError, bad_token, unsupported_object
from shared.simulator.loopback import foreign
from shared.simulator.mistakes import Mistake
from shared.simulator.records import Json, Number, Value
from shared.simulator.simulator import Simulator

OLDEST_VERSION = 23
APP_ID = "670000000000001"

_VERSION = re.compile(r"v(\d{1,3})\.(\d)")
_Handler = Callable[[Request, str], Awaitable[Response]]


class GraphApi:
    """Routes `/graph/{version}/{object}/{edge}`."""

    def __init__(self, simulator: Simulator) -> None:
        """Serve this simulator."""
        self._simulator = simulator
        self._edges: dict[tuple[str, str], _Handler] = {
            ("POST", "messages"): self._messages,
            ("GET", "message_templates"): self._templates,
            ("GET", "phone_numbers"): self._numbers,
            ("GET", "subscribed_apps"): self._subscriptions,
            ("POST", "subscribed_apps"): self._subscribe,
            ("DELETE", "subscribed_apps"): self._unsubscribe,
            ("GET", ""): self._object,
            ("POST", ""): self._configure,
        }

    async def __call__(self, request: Request) -> Response:
        """Answer one request as Graph does."""
        if foreign(request.method, request.headers, own=None):
            return JsonAnswer({"error": {"message": "Refused: another origin."}}, status_code=403)
        try:
            return await self._answer(request)
        except GraphError as error:
            trace = identifiers.trace(random.Random())  # noqa: S311 - a trace id protects nothing
            return JsonAnswer(error.body(trace), status_code=error.status)

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"].strip("/")
        version, _, rest = path.partition("/")
        _check_version(version, path)
        object_id, _, edge = rest.partition("/")
        handler = self._edges.get((request.method, edge))
        if handler is None or not object_id:
            raise _unknown_path(path)
        if edge != "messages" and not self._authorised(request):
            raise bad_token()
        return await handler(request, object_id)

    def _authorised(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.query_params.get("access_token", "")
        return secrets.compare_digest(token.strip().encode(), self._simulator.access_token.encode())

    async def _messages(self, request: Request, number_id: str) -> Response:
        try:
            body = await json_body(request)
        except Mistake:
            raise GraphError(100, "The request body is not JSON.") from None
        token_ok = self._authorised(request)
        answer = self._simulator.act(lambda core: core.post(number_id, body, token_ok=token_ok))
        if answer.delay_ms:
            await asyncio.sleep(answer.delay_ms / 1000)
        if answer.cut:
            return await cut(request)
        return JsonAnswer(answer.body, status_code=answer.status)

    def _number(self, number_id: str) -> Number:
        number = self._simulator.act(lambda core: core.state.numbers.get(number_id))
        if number is None:
            raise unsupported_object(number_id)
        return number

    def _check_account(self, account_id: str) -> None:
        if account_id != self._simulator.account_id:
            raise unsupported_object(account_id)

    async def _object(self, request: Request, object_id: str) -> Response:
        if object_id == self._simulator.account_id:
            return JsonAnswer(_picked(request, {"id": object_id, "name": "Atende", "currency": "BRL"}))
        media = self._simulator.media(object_id)
        if media is None:
            return JsonAnswer(_picked(request, self._described(self._number(object_id))))
        return JsonAnswer(
            {
                "messaging_product": "whatsapp",
                "url": self._simulator.media_url(media.id),
                "mime_type": media.mime_type,
                "sha256": media.sha256,
                "file_size": len(media.data),
                "id": media.id,
            }
        )

    def _described(self, number: Number) -> Json:
        described: Json = {
            "verified_name": number.name,
            "display_phone_number": f"+{number.display}",
            "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "status": "CONNECTED",
            "name_status": "APPROVED",
            "throughput": {"level": "STANDARD"},
            "id": number.id,
        }
        urls = self._simulator.act(lambda core: {key: one.url for key, one in core.state.callbacks.items()})
        configuration = {"application": self._simulator.callback_url}
        if number.id in urls:
            configuration["phone_number"] = urls[number.id]
        if self._simulator.account_id in urls:
            configuration["whatsapp_business_account"] = urls[self._simulator.account_id]
        described["webhook_configuration"] = configuration
        return described

    async def _numbers(self, request: Request, account_id: str) -> Response:
        self._check_account(account_id)
        numbers = self._simulator.act(lambda core: list(core.state.numbers.values()))
        return _page([_picked(request, self._described(number)) for number in numbers])

    async def _templates(self, request: Request, account_id: str) -> Response:
        self._check_account(account_id)
        templates = self._simulator.act(lambda core: list(core.state.templates.values()))
        asked = request.query_params
        data = [
            _picked(request, template_book.described(one))
            for one in templates
            if asked.get("name", one.name) == one.name and asked.get("status", one.status) == one.status
        ]
        summary = {
            "total_count": len(templates),
            "message_template_count": len(templates),
            "message_template_limit": 250,
            "are_translations_complete": True,
        }
        return _page(data, summary=summary)

    async def _subscriptions(self, request: Request, account_id: str) -> Response:
        self._check_account(account_id)
        app: Json = {"whatsapp_business_api_data": {"id": APP_ID, "name": "Atende", "link": ""}}
        callback = self._simulator.act(lambda core: core.state.callbacks.get(account_id))
        if callback is not None:
            app["override_callback_uri"] = callback.url
        return JsonAnswer({"data": [app]})

    async def _subscribe(self, request: Request, account_id: str) -> Response:
        self._check_account(account_id)
        await self._redirect(account_id, await _object_of(request))
        return JsonAnswer({"success": True})

    async def _unsubscribe(self, request: Request, account_id: str) -> Response:
        self._check_account(account_id)
        await self._redirect(account_id, {})
        return JsonAnswer({"success": True})

    async def _configure(self, request: Request, number_id: str) -> Response:
        self._number(number_id)
        body = await _object_of(request)
        wanted = body.get("webhook_configuration")
        if not isinstance(wanted, dict):
            raise GraphError(100, "Only webhook_configuration can be set here.")
        await self._redirect(number_id, wanted)
        return JsonAnswer({"success": True})

    async def _redirect(self, key: str, wanted: Json) -> None:
        url, token = wanted.get("override_callback_uri", ""), wanted.get("verify_token", "")
        if not isinstance(url, str) or not isinstance(token, str):
            raise GraphError(100, "override_callback_uri and verify_token must be strings.")
        if url and not reachable(url):
            raise GraphError(100, "The simulator only calls http:// on loopback, at most 200 characters.")
        if url:
            challenge = str(secrets.randbelow(10**9) + 10**9)
            problem = await asyncio.to_thread(handshake, url, verify_token=token, challenge=challenge)
            if problem:
                raise GraphError(2200, message=f"(#2200) Callback verification failed: {problem}")
        self._simulator.act(lambda core: core.set_callback(key, url))


async def _object_of(request: Request) -> Json:
    try:
        body = await json_body(request)
    except Mistake:
        raise GraphError(100, "The request body is not JSON.") from None
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    return body


def _check_version(version: str, path: str) -> None:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise _unknown_path(path)
    if int(match.group(1)) < OLDEST_VERSION:
        message = f"(#2635) You are calling a deprecated version of the API: {version}."
        raise GraphError(2635, message=message)


def _unknown_path(path: str) -> GraphError:
    return GraphError(2500, message=f"Unknown path components: /{path[:200]}")


def _picked(request: Request, values: Json) -> Json:
    wanted = [name.strip() for name in request.query_params.get("fields", "").split(",") if name.strip()]
    if not wanted:
        return values
    return {name: values[name] for name in [*wanted, "id"] if name in values}


def _page(data: list[Json], **more: Value) -> Response:
    cursors = {"before": "QVFIUA", "after": "QVFIUZ"}
    return JsonAnswer({"data": data, "paging": {"cursors": cursors}, **more})
