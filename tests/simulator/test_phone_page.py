"""The phone page in a browser, as a person uses it, wide and narrow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.simulator.rig import NUMBER, TOKEN, RealClock, Running, running

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(request: pytest.FixtureRequest, browser: Browser, live: Running) -> Iterator[Page]:
    """The page with its first customer's chat open; any error on it fails the test."""
    context = browser.new_context(viewport=request.param, permissions=["microphone"])
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    found.on("dialog", lambda dialog: errors.append(dialog.message))
    found.goto(f"{live.origin}/simulator")
    expect(found.locator("#connection")).to_have_text("Conectado")
    found.get_by_role("button", name="Maria Souza").click()
    yield found
    context.close()
    assert errors == []


def business(live: Running, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    whole = {"messaging_product": "whatsapp", **body}
    answer = requests.post(live.messages, json=whole, headers=headers, timeout=5)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def maria(live: Running) -> dict[str, Any]:
    first: dict[str, Any] = requests.get(f"{live.api}/state", timeout=5).json()["customers"][0]
    return first


def write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")


def received(live: Running, count: int = 1) -> list[dict[str, Any]]:
    live.callback.wait_for(lambda: len(live.callback.messages()) >= count)
    return live.callback.messages()


def no_sideways_scrolling(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def test_a_burst_is_typed_ticked_read_and_answered(page: Page, live: Running) -> None:
    write(page, "oi")
    page.locator("#text").fill("abrem")
    page.locator("#text").press("Shift+Enter")
    page.keyboard.type("no sábado?")
    page.locator("#text").press("Enter")
    expect(page.locator(".line.in")).to_have_count(2)
    expect(page.locator("[data-status=delivered]")).to_have_count(2)
    messages = received(live, 2)
    assert {one["text"]["body"] for one in messages} == {"oi", "abrem\nno sábado?"}
    newest = next(one["id"] for one in messages if one["text"]["body"] != "oi")
    business(live, status="read", message_id=newest, typing_indicator={"type": "text"})
    expect(page.locator("[data-status=read]")).to_have_count(2)
    expect(page.locator("#chat-line")).to_have_text("digitando…")
    sent = business(live, to=maria(live)["phone"], type="text", text={"body": "Sim, das 9h às 14h."})
    expect(page.locator(".line.out .words")).to_have_text("Sim, das 9h às 14h.")
    expect(page.locator("#announce")).to_have_text("Atende: Sim, das 9h às 14h.")
    expect(page.locator("#chat-line")).not_to_have_text("digitando…")
    live.callback.wait_for(lambda: len(live.callback.statuses()) == 3)
    assert [one["status"] for one in live.callback.statuses()] == ["sent", "delivered", "read"]
    assert live.callback.statuses()[0]["id"] == sent["messages"][0]["id"]
    assert no_sideways_scrolling(page)


def test_a_message_that_the_business_has_not_taken_has_one_tick(page: Page, live: Running) -> None:
    live.callback.status = 500
    write(page, "oi")
    expect(page.locator("[data-status=sent]")).to_have_count(1)
    live.callback.status = 200
    expect(page.locator("[data-status=delivered]")).to_have_count(1)


def test_markup_emoji_and_right_to_left_show_literally(page: Page, live: Running) -> None:
    nasty = '<img src=x onerror="alert(1)"> & שלום 🌻 &amp; كيف'
    name = "<script>alert(2)</script>"
    requests.patch(f"{live.api}/customers/{maria(live)['id']}", json={"name": name}, timeout=5)
    write(page, nasty)
    received(live)
    business(live, to=maria(live)["phone"], type="text", text={"body": nasty})
    expect(page.locator(".line.in .words")).to_have_text(nasty)
    expect(page.locator(".line.out .words")).to_have_text(nasty)
    expect(page.locator(".person b")).to_have_text(name)
    assert page.locator("#lines img, #customers script").count() == 0


def test_buttons_are_pressed_by_keyboard_and_lists_chosen(page: Page, live: Running) -> None:
    write(page, "oi")
    received(live)
    reply = {"type": "reply", "reply": {"id": "yes", "title": "Sim, claro"}}
    row = {"id": "r2", "title": "10h", "description": "com a Ana"}
    contents = [
        {"type": "button", "body": {"text": "Confirma?"}, "action": {"buttons": [reply]}},
        {
            "type": "list",
            "body": {"text": "Quando?"},
            "action": {"button": "Ver", "sections": [{"rows": [{"id": "r1", "title": "9h"}, row]}]},
        },
    ]
    for content in contents:
        business(live, to=maria(live)["phone"], type="interactive", interactive=content)
    page.get_by_role("button", name="Sim, claro").focus()
    page.keyboard.press("Enter")
    pressed = received(live, 2)[1]
    assert pressed["interactive"]["button_reply"] == {"id": "yes", "title": "Sim, claro"}
    assert pressed["context"]["id"]
    page.get_by_role("button", name="Ver", exact=True).click()
    page.get_by_label("10h").check()
    page.locator("#dialog-ok").click()
    assert received(live, 3)[2]["interactive"]["list_reply"] == row


def test_a_voice_note_a_picture_and_a_place_are_sent(page: Page, live: Running) -> None:
    page.get_by_role("button", name="Gravar áudio").click()
    expect(page.locator("#recording")).to_be_visible()
    page.wait_for_timeout(700)
    page.get_by_role("button", name="Enviar áudio").click()
    voice = received(live)[0]["audio"]
    assert voice["voice"] is True
    assert voice["mime_type"].startswith("audio/")
    expect(page.locator(".bubble audio")).to_have_count(1)
    page.locator("#attach").click()
    with page.expect_file_chooser() as chooser:
        page.locator("#attachments button", has_text="Foto").click()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    chooser.value.set_files({"name": "foto.png", "mimeType": "image/png", "buffer": svg})
    assert received(live, 2)[1]["image"]["mime_type"] == "image/png"
    page.locator("#attach").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert received(live, 3)[2]["location"]["name"] == "Praça da Sé"


def test_a_number_is_hidden_and_faults_are_set_from_the_panel(page: Page, live: Running) -> None:
    page.locator("#tools").click()
    page.get_by_label("Esconder meu número").check()
    expect(page.locator("#customer-controls")).to_contain_text("@cliente")
    page.locator("#fault-cut_next").fill("2")
    page.locator("#fault-cut_next").press("Tab")
    expect(page.locator("#faults-on")).to_have_text("1 falha ativa")
    assert requests.get(f"{live.api}/faults", timeout=5).json()["cut_next"] == 2
    assert page.locator("#api-help details").count() > 15
    assert no_sideways_scrolling(page)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#tools")).to_be_focused()
    write(page, "sou eu")
    assert "from" not in received(live)[0]


def test_another_customer_gets_an_unread_badge(page: Page, live: Running) -> None:
    other = requests.post(f"{live.api}/customers", json={"name": "Zeca"}, timeout=5).json()
    body = {"kind": "text", "text": "alô"}
    requests.post(f"{live.api}/customers/{other['id']}/messages", json=body, timeout=5)
    business(live, to=other["phone"], type="text", text={"body": "Olá, Zeca"})
    if page.locator("#back").is_visible():
        page.locator("#back").click()
    entry = page.locator(f'.person[data-id="{other["id"]}"]')
    expect(entry.locator(".badge")).to_have_text("1")
    entry.click()
    expect(page.locator(".line.out .words")).to_have_text("Olá, Zeca")
    expect(page.locator(".badge")).to_have_count(0)


def test_a_customer_is_made_by_keyboard(page: Page, live: Running) -> None:
    if page.locator("#back").is_visible():
        page.locator("#back").click()
    page.locator("#new-customer").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Nova Pessoa")
    page.keyboard.press("Enter")
    expect(page.locator('.person[aria-current="true"] b')).to_have_text("Nova Pessoa")
    names = [one["name"] for one in requests.get(f"{live.api}/state", timeout=5).json()["customers"]]
    assert names == ["Maria Souza", "Nova Pessoa"]


def test_the_page_comes_back_after_a_restart(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path) as live:
        page = browser.new_page()
        page.goto(f"{live.origin}/simulator")
        expect(page.locator("#connection")).to_have_text("Conectado")
        live.simulator.listeners.tell([("reset", {})])
        who = live.simulator.act(lambda core: core.people.create({"name": "Depois"}))
        live.simulator.act(lambda core: core.customer_sends(who, NUMBER, "text", text="voltei"))
        expect(page.locator(".person .last").first).to_have_text("voltei")
        page.close()


def test_somebody_from_outside_appears_with_what_they_sent(page: Page, live: Running) -> None:
    picture = {"id": "9", "url": "https://elsewhere.example/9", "caption": "meu carro"}
    update = {"from_user_id": "BR.77", "id": "wamid.outside", "type": "image", "image": picture}
    contact = {"profile": {"name": "Bia", "username": "bia.l"}}
    event = {"kind": "message", "number": NUMBER, "received_ms": RealClock().now_ms(), "contact": contact}
    live.simulator.overhear({**event, "update": update})
    bia = page.locator(".person", has_text="Número oculto · @bia.l")
    expect(bia).to_have_count(1)
    if page.locator("#back").is_visible():
        page.locator("#back").click()
    bia.click()
    expect(page.locator("#chat-line")).to_contain_text("Número oculto · celular de Bia")
    expect(page.locator(".line.in .file")).to_contain_text("Imagem")
    expect(page.locator(".line.in .words")).to_have_text("meu carro")
    expect(page.locator(".line.in [data-status=delivered]")).to_have_count(1)
    assert page.locator(".line img").count() == 0
