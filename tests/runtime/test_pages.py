"""The pages in a browser: live, by keyboard, on a small screen."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.support.running import Running, send

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CHROMIUM = Path("/usr/bin/chromium")
PHONE = "5511987654321"
NAME = "Ana <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("pages") / "data", TURN_QUIET_SECONDS="0") as process:
        post(process, "/simulator/api/customers", {"name": NAME, "phone": PHONE})
        say(process, "oi")
        yield process


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("needs a system Chromium at /usr/bin/chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, running: Running) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, base_url=f"http://127.0.0.1:{running.port}"
    )
    tab = context.new_page()
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        problems.extend([message.text] if message.type == "error" else [])

    tab.on("console", heard)
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("dialog", lambda dialog: problems.append(f"a dialog: {dialog.message}"))
    yield tab
    context.close()
    assert problems == []


def post(running: Running, path: str, body: object) -> None:
    raw = json.dumps(body).encode()
    answer = send(running.port, "POST", path, body=raw, headers={"Content-Type": "application/json"})
    assert answer.status == 201, answer


def say(running: Running, text: str) -> None:
    post(running, f"/simulator/api/customers/{PHONE}/messages", {"kind": "text", "text": text})


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_new_message_shows_without_reloading(page: Page, running: Running) -> None:
    page.goto("/")
    expect(page.get_by_role("link", name="Ana")).to_be_visible()
    say(running, "uma pergunta bem nova")

    page.get_by_role("link", name="Ana").click()
    expect(page.locator("#timeline")).to_contain_text("uma pergunta bem nova")
    say(running, "e outra depois")
    expect(page.locator("#timeline")).to_contain_text("e outra depois")
    assert fits(page)


def test_taking_over_and_giving_back_by_keyboard(page: Page) -> None:
    page.goto(f"/conversations/{PHONE}")
    page.get_by_label("Seu nome").fill("Carla")
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_contain_text("Carla")

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".facts .owner-agent")).to_be_visible()
    expect(page.locator("#owner-result")).to_be_focused()

    page.reload()
    expect(page.get_by_label("Seu nome")).to_have_value("Carla")


def test_giving_back_is_offered_only_while_the_agent_does_not_have_it(page: Page, running: Running) -> None:
    page.goto(f"/conversations/{PHONE}")
    give_back = page.get_by_role("button", name="Devolver ao agente")
    expect(give_back).to_be_disabled()

    running.run("owner", PHONE, "person:Carla")
    expect(give_back).to_be_enabled()
    page.reload()
    give_back.click()
    expect(give_back).to_be_disabled()


def test_who_waits_for_a_person_comes_first_and_in_the_title(page: Page, running: Running) -> None:
    page.goto("/")
    running.run("owner", PHONE, "queue")

    expect(page.locator(".needs")).to_contain_text("Ana")
    expect(page).to_have_title("(1) Conversas · Atende")
    assert fits(page)
    running.run("owner", PHONE, "agent")
    expect(page).to_have_title("Conversas · Atende")


def test_focus_stays_where_it_is_when_the_list_changes(page: Page, running: Running) -> None:
    page.goto("/")
    page.get_by_role("link", name="Ana").focus()
    running.run("owner", PHONE, "paused")

    expect(page.locator("#live")).to_contain_text("pausada")
    expect(page.get_by_role("link", name="Ana")).to_be_focused()
    running.run("owner", PHONE, "agent")
