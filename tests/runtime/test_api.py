"""The JSON API, the commands that use it, and the pages, on a running process."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.running import REPOSITORY, Answer, Running, command, get, send

pytestmark = pytest.mark.slow

PHONE = "5511987654321"
MARKUP = "<script>alert('x')</script> & \"quotes\""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("api") / "data"
    with Running(data, TURN_QUIET_SECONDS="0") as process:
        post(process, "/simulator/api/customers", {"name": MARKUP, "phone": PHONE})
        say(process, f"oi {MARKUP}")
        eventually(lambda: get(process.port, f"/api/conversations/{PHONE}"), lambda a: answered(a))
        yield process


def post(running: Running, path: str, body: object, **headers: str) -> Answer:
    own = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return send(running.port, "POST", path, body=json.dumps(body).encode(), headers=own)


def say(running: Running, text: str) -> None:
    answer = post(running, f"/simulator/api/customers/{PHONE}/messages", {"kind": "text", "text": text})
    assert answer.status == 201, answer


def answered(answer: Answer) -> bool:
    return answer.status == 200 and any(m["direction"] == "out" for m in answer.json()["messages"])


def eventually(look: Callable[[], Answer], good: Callable[[Answer], bool]) -> Answer:
    until = time.monotonic() + 15
    while not good(answer := look()):
        assert time.monotonic() < until, answer
        time.sleep(0.1)
    return answer


def conversation(running: Running, identifier: str = PHONE) -> dict[str, Any]:
    answer = get(running.port, "/api/conversations/" + quote(identifier, safe=""))
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json()
    return found


def token(running: Running) -> str:
    return str(json.loads((running.data / "run.json").read_text())["token"])


def test_a_conversation_has_the_pinned_shape(running: Running) -> None:
    found = conversation(running)

    assert {"conversation", "owner", "epoch", "person", "messages", "kept"} <= found.keys()
    assert any(alias.endswith(PHONE[-8:]) for alias in found["person"]["aliases"])
    pinned = {"id", "direction", "kind", "text", "state", "reason", "at", "wamid"}
    assert all(pinned <= message.keys() for message in found["messages"])
    assert found["messages"][0]["text"] == f"oi {MARKUP}"


@pytest.mark.parametrize(
    "spelling", ["+5511987654321", "+55 11 98765-4321", "551187654321", "+55 (11) 8765-4321"]
)
def test_any_spelling_of_the_phone_finds_it(running: Running, spelling: str) -> None:
    assert conversation(running, spelling)["conversation"] == conversation(running)["conversation"]


def test_a_user_id_finds_it(running: Running) -> None:
    aliases = conversation(running)["person"]["aliases"]
    user_id = next(alias for alias in aliases if "." in alias)

    assert conversation(running, user_id)["conversation"] == conversation(running)["conversation"]


@pytest.mark.parametrize("nobody", ["5511900000000", "x", "a/b", "../..", "é", "%00", "owner", "x" * 2000])
def test_an_unknown_person_is_404(running: Running, nobody: str) -> None:
    assert get(running.port, "/api/conversations/" + quote(nobody, safe="")).status == 404
    assert get(running.port, "/conversations/" + quote(nobody, safe="")).status == 404


def test_the_overview_lists_it(running: Running) -> None:
    (row,) = get(running.port, "/api/conversations").json()

    assert row["conversation"] == conversation(running)["conversation"]


@pytest.mark.parametrize("owner", ["person:Carla", "queue", "paused", "agent"])
def test_the_owner_command_changes_the_owner(running: Running, owner: str) -> None:
    done = running.run("owner", "+55 11 98765-4321", owner)

    assert (done.returncode, done.stderr) == (0, "")
    assert conversation(running)["owner"] == owner


def test_a_takeover_silences_the_agent_until_it_is_given_back(running: Running) -> None:
    running.run("owner", PHONE, "person:Carla")
    before = len(conversation(running)["messages"])
    say(running, "ainda aí?")
    eventually(
        lambda: get(running.port, f"/api/conversations/{PHONE}"),
        lambda answer: len(answer.json()["messages"]) == before + 1,
    )
    time.sleep(1)
    assert len(conversation(running)["messages"]) == before + 1

    running.run("owner", PHONE, "agent")
    eventually(
        lambda: get(running.port, f"/api/conversations/{PHONE}"),
        lambda answer: answer.json()["messages"][-1]["direction"] == "out",
    )


def test_the_owner_of_an_unknown_person_is_1(running: Running) -> None:
    done = running.run("owner", "5511900000000", "queue")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "owner", ["nobody", "person:", "person", "Agent", "person:a\nb", "person:" + "x" * 81]
)
def test_an_owner_that_is_none_is_2(running: Running, owner: str) -> None:
    done = running.run("owner", PHONE, owner)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_with_nothing_running_the_commands_are_2(tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    with Running(stopped) as gone:
        pass
    for arguments in (("owner", PHONE, "agent"), ("admin", "kept")):
        done = gone.run(*arguments)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


def test_after_kill_9_the_commands_are_2(tmp_path: Path) -> None:
    with Running(tmp_path / "killed") as gone:
        gone.process.kill()
        gone.process.wait(10)
        done = gone.run("owner", PHONE, "agent")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("owner",), ("owner", PHONE), ("admin",), ("admin", "replay")])
def test_without_its_arguments_a_command_is_2(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(command(*arguments), capture_output=True, cwd=REPOSITORY, check=False)

    assert done.returncode == 2


def test_changing_takes_the_token_or_our_own_page(running: Running) -> None:
    path, body = f"/api/conversations/{PHONE}/owner", {"owner": "agent"}
    own = f"http://127.0.0.1:{running.port}"

    assert post(running, path, body).status == 403
    assert post(running, path, body, X_Atende_Token="guess").status == 403
    assert post(running, path, body, X_Atende_Token=token(running)).status == 200
    assert post(running, path, body, Origin=own).status == 200
    assert post(running, path, body, Origin="http://evil.example").status == 403
    assert post(running, path, body, Origin="http://127.0.0.1:1").status == 403
    assert post(running, path, body, Origin="null", X_Atende_Token=token(running)).status == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 10_000, 400),
        (b'{"owner": 7}', 400),
        (b'{"owner": null}', 400),
        (b'{"owner": "' + b"x" * 20_000 + b'"}', 400),
    ],
)
def test_a_change_that_makes_no_sense_is_400(running: Running, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json", "X-Atende-Token": token(running)}
    path = f"/api/conversations/{PHONE}/owner"

    assert send(running.port, "POST", path, body=body, headers=headers).status == status


def test_a_form_can_change_nothing(running: Running) -> None:
    headers = {"Content-Type": "text/plain", "X-Atende-Token": token(running)}
    path = f"/api/conversations/{PHONE}/owner"

    assert send(running.port, "POST", path, body=b'{"owner": "queue"}', headers=headers).status == 403


@pytest.mark.parametrize("path", ["/", f"/conversations/{PHONE}"])
def test_pages_escape_what_customers_write(running: Running, path: str) -> None:
    page = get(running.port, path)

    assert page.status == 200
    assert b"<script>alert" not in page.body
    assert b"&lt;script&gt;alert" in page.body
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


def test_an_update_for_another_number_is_kept_and_listed(running: Running) -> None:
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change("999000999")]}]}
    assert post(running, "/simulator/api/webhooks", {"body": body}).status < 300

    kept = eventually(lambda: get(running.port, "/api/kept"), lambda answer: bool(answer.json())).json()
    assert [row["reason"] for row in kept] == ["not our number"]
    assert b"999000999" in get(running.port, "/").body
    listed = running.run("admin", "kept")
    assert listed.returncode == 0
    assert json.loads(listed.stdout)["id"] == kept[0]["id"]


def change(number: str) -> dict[str, Any]:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": number},
        "contacts": [{"profile": {"name": "X"}, "wa_id": "5511900001111"}],
        "messages": [
            {
                "from": "5511900001111",
                "id": "wamid.other",
                "timestamp": str(int(time.time())),
                "type": "text",
                "text": {"body": "oi"},
            }
        ],
    }
    return {"field": "messages", "value": value}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("replay", "nothing"), 1),
        (("replay-dead", "event-1"), 1),
        (("replay-dead", "task-99999999999999999999"), 1),
        (("replay-dead", "x"), 1),
        (("resume", "12"), 1),
        (("resume", "106540352242922"), 0),
        (("dead",), 0),
        (("nonsense",), 2),
    ],
)
def test_admin_says_what_it_did(running: Running, arguments: tuple[str, ...], code: int) -> None:
    assert running.run("admin", *arguments).returncode == code
