"""A third party's client, as it is published, can't tell the simulator from the real thing."""

import dataclasses
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import requests
from pywa import WhatsApp, errors, handlers, types
from pywa.types.templates import TemplateLanguage, TemplateStatus
from starlette.applications import Starlette

from tests.simulator.rig import ACCOUNT, NUMBER, SECRET, TOKEN, Running, running, served


class ToLoopback(httpx.HTTPTransport):
    """Carries what is meant for Meta's host to the simulator."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = httpx.URL(origin)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "graph.facebook.com"
        request.url = request.url.copy_with(
            scheme="http",
            host=self._origin.host,
            port=self._origin.port,
            raw_path=b"/graph" + request.url.raw_path,
        )
        return super().handle_request(request)


@dataclasses.dataclass
class Client:
    """pywa's client and what its handlers got."""

    wa: WhatsApp
    live: Running
    got: "queue.Queue[Any]"

    def customer(self, **given: Any) -> dict[str, Any]:
        made: dict[str, Any] = requests.post(f"{self.live.api}/customers", json=given, timeout=5).json()
        return made

    def writes(self, who: dict[str, Any], **given: Any) -> Any:
        url = f"{self.live.api}/customers/{who['id']}/messages"
        assert requests.post(url, json=given, timeout=5).status_code == 201
        return self.got.get(timeout=10)


@contextmanager
def client(live: Running) -> Iterator[Client]:
    got: queue.Queue[Any] = queue.Queue()
    app = Starlette()
    session = httpx.Client(transport=ToLoopback(live.origin))
    wa = WhatsApp(
        phone_id=NUMBER,
        waba_id=ACCOUNT,
        token=TOKEN,
        session=session,
        server=cast(Any, app),  # it takes Starlette too, its annotation does not say so
        webhook_endpoint="/pywa",
        verify_token="pywa-verifies",
        app_secret=SECRET,
        validate_updates=True,
    )

    def keep(_: WhatsApp, update: object) -> None:
        got.put(update)

    wa.add_handlers(
        handlers.MessageHandler(keep),
        handlers.MessageStatusHandler(keep),
        handlers.CallbackButtonHandler(keep),
        handlers.CallbackSelectionHandler(keep),
        handlers.PhoneNumberChangeHandler(keep),
    )
    with session, served(app) as origin:
        assert wa.override_waba_callback_url(f"{origin}/pywa", "pywa-verifies").success
        yield Client(wa, live, got)


@pytest.fixture
def pywa(tmp_path: Path) -> Iterator[Client]:
    with running(tmp_path) as live, client(live) as found:
        yield found


def test_it_receives_a_text_and_reads_and_answers_it(pywa: Client) -> None:
    who = pywa.customer(name="Ana", username="ana.sol", reads="auto")
    message = pywa.writes(who, kind="text", text="bom dia 🌞")
    assert isinstance(message, types.Message)
    assert (message.text, message.from_user.name) == ("bom dia 🌞", "Ana")
    assert (message.from_user.wa_id, message.from_user.bsuid) == (who["phone"], who["user_id"])
    assert message.from_user.username == "ana.sol"
    assert message.mark_as_read()
    assert message.indicate_typing()
    state = requests.get(f"{pywa.live.api}/customers/{who['id']}/chat", timeout=5).json()
    assert state["messages"][0]["status"] == "read"
    assert state["chat"]["typing_until_ms"] > 0
    sent = message.reply_text("Bom dia!", tracker="m1", quote=True)
    statuses = [pywa.got.get(timeout=10) for _ in range(3)]
    assert [one.status.value for one in statuses] == ["sent", "delivered", "read"]
    assert {(one.id, one.tracker) for one in statuses} == {(sent.id, "m1")}
    assert statuses[0].pricing.category.value == "service"
    assert statuses[0].from_user.wa_id == who["phone"]
    shown = requests.get(f"{pywa.live.api}/customers/{who['id']}/chat", timeout=5).json()["messages"][-1]
    assert (shown["text"], shown["context_id"]) == ("Bom dia!", message.id)


def test_it_reaches_a_customer_without_a_phone(pywa: Client) -> None:
    who = pywa.customer(hidden=True)
    message = pywa.writes(who, kind="text", text="oi")
    assert (message.from_user.wa_id, message.from_user.bsuid) == (None, who["user_id"])
    sent = pywa.wa.send_message(to=who["user_id"], text="Olá!")
    assert sent.chat.id == who["user_id"]
    assert pywa.got.get(timeout=10).from_user.bsuid == who["user_id"]


def test_it_sends_a_template_and_lists_them(pywa: Client) -> None:
    who = pywa.customer()
    with pytest.raises(errors.ReEngagementMessage):
        pywa.wa.send_message(to=who["phone"], text="oi")
    sent = pywa.wa.send_template(
        to=who["phone"],
        name="lembrete_de_visita",
        language=TemplateLanguage.PORTUGUESE_BR,
        params=[{"type": "body", "parameters": [{"type": "text", "text": text} for text in ("Ana", "9h")]}],
    )
    assert sent.status is not None
    assert sent.status.value == "accepted"
    assert pywa.got.get(timeout=10).pricing.category.value == "utility"
    with pytest.raises(errors.TemplateNotExists):
        pywa.wa.send_template(to=who["phone"], name="nada", language=TemplateLanguage.GERMAN, params=[])
    listed = pywa.wa.get_templates()
    assert {one.name for one in listed} >= {"hello_world", "lembrete_de_visita"}
    assert {one.status for one in listed} == {TemplateStatus.APPROVED, TemplateStatus.PAUSED}


def test_buttons_and_lists_are_pressed(pywa: Client) -> None:
    who = pywa.customer()
    pywa.writes(who, kind="text", text="oi")
    sent = pywa.wa.send_message(
        to=who["phone"], text="Confirma?", buttons=[types.Button("Sim", callback_data="yes")]
    )
    for _ in range(2):
        assert pywa.got.get(timeout=10).id == sent.id
    pressed = pywa.writes(who, kind="button_reply", id="yes", title="Sim", reply_to=sent.id)
    assert (pressed.data, pressed.title) == ("yes", "Sim")
    assert pressed.reply_to_message.id == sent.id
    chosen = pywa.writes(who, kind="list_reply", id="r1", title="Um", reply_to=sent.id)
    assert (chosen.data, chosen.title) == ("r1", "Um")


def test_other_kinds_and_changed_numbers_are_understood(pywa: Client) -> None:
    who = pywa.customer(name="Ana")
    image = pywa.writes(who, kind="image", caption="vitrine")
    assert (image.image.mime_type, image.caption) == ("image/jpeg", "vitrine")
    voice = pywa.writes(who, kind="audio")
    assert voice.audio.voice
    place = pywa.writes(who, kind="location", latitude=-23.5, longitude=-46.6, name="Sé")
    assert (place.location.latitude, place.location.name) == (-23.5, "Sé")
    reaction = pywa.writes(who, kind="reaction", message_id=image.id, emoji="👍")
    assert (reaction.reaction.emoji, reaction.reaction.message_id) == ("👍", image.id)
    unsupported = pywa.writes(who, kind="unsupported")
    assert unsupported.error.code == 131051
    requests.post(f"{pywa.live.api}/customers/{who['id']}/number", json={}, timeout=5)
    change = pywa.got.get(timeout=10)
    assert change.old_wa_id == who["phone"]
    assert change.new_wa_id != who["phone"]


def test_refusals_are_the_errors_that_it_knows(pywa: Client) -> None:
    who = pywa.customer()
    pywa.writes(who, kind="text", text="oi")
    wanted: list[tuple[int, type[Exception]]] = [
        (131056, errors.TooManyMessages),
        (130429, errors.RateLimitHit),
        (131026, errors.MessageUndeliverable),
    ]
    for code, error in wanted:
        fault = {"refuse_next": 1, "refuse_code": code}
        requests.patch(f"{pywa.live.api}/faults", json=fault, timeout=5)
        with pytest.raises(error):
            pywa.wa.send_message(to=who["phone"], text="oi")
    requests.patch(f"{pywa.live.api}/faults", json={"cut_next": 1}, timeout=5)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        pywa.wa.send_message(to=who["phone"], text="oi")


def test_a_wrong_verify_token_is_not_accepted(pywa: Client) -> None:
    with pytest.raises(errors.WhatsAppError) as refused:
        pywa.wa.override_phone_callback_url("http://127.0.0.1:1/pywa", "x")
    assert refused.value.code == 2200
