"""`run` as a process: when it is ready, how it ends, and what it refuses to start with."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.crowd import Crowd
from tests.support.customers import somebody
from tests.support.graph_server import Behaviour
from tests.support.knowledge import ANSWERS
from tests.support.polling import until
from tests.support.product import Product
from tests.support.running import REPOSITORY, command, get

pytestmark = pytest.mark.slow

WHERE = "Onde fica a loja?"
INVALID = {
    "WHATSAPP_PHONE_NUMBER_ID": "not a number",
    "WHATSAPP_BUSINESS_ACCOUNT_ID": "x y",
    "WHATSAPP_ACCESS_TOKEN": "two words",
    "META_APP_SECRET": "one,,two",
    "WEBHOOK_VERIFY_TOKEN": "two words",
    "GRAPH_API_URL": "ftp://127.0.0.1",
    "GRAPH_API_VERSION": "v1.9x",
    "TURN_QUIET_SECONDS": "-1",
    "TURN_MAX_WAIT_SECONDS": "1e3",
    "MEDIA_WAIT_SECONDS": "NaN",
    "SEND_UNCLEAR_SECONDS": "soon",
    "TURNS_PER_HOUR": "0",
    "WHATSAPP_MESSAGES_PER_SECOND": "1.5",
    "ATENDE_BACKEND": "oracle",
}


def begin(data: Path, *, port: int = 0, **environ: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command("run", "--port", str(port), "--data", str(data)),
        cwd=REPOSITORY,
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(process: "subprocess.Popen[str]") -> str:
    """Wait for an end with exit 2 and one line; return the line."""
    out, error = process.communicate(timeout=30)
    assert process.returncode == 2, (out, error)
    (line,) = (out + error).strip().splitlines()
    return line


STARTS = """
import json, os, sys
from shared.runtime.serve import main
for name, value in json.loads(sys.argv[1]).items():
    os.environ[name] = value
    print(main(["--port", "0", "--data", sys.argv[2]]), file=sys.stderr)
    del os.environ[name]
"""


def test_every_setting_that_is_invalid_ends_the_start_with_its_name(tmp_path: Path) -> None:
    """In one interpreter, since each start of another takes a second."""
    done = subprocess.run(
        [sys.executable, "-c", STARTS, json.dumps(INVALID), str(tmp_path / "data")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    lines = done.stderr.splitlines()
    assert lines[1::2] == ["2"] * len(INVALID)
    told = dict(zip(INVALID, lines[::2], strict=True))
    assert [name for name, line in told.items() if name not in line] == []
    assert [name for name, line in told.items() if INVALID[name] in line] == []
    assert not (tmp_path / "data").exists()


def test_graph_elsewhere_needs_a_token(tmp_path: Path) -> None:
    line = refused(begin(tmp_path / "data", GRAPH_API_URL="https://graph.facebook.com"))

    assert "WHATSAPP_ACCESS_TOKEN" in line


def test_it_is_ready_when_it_says_so_and_on_loopback_alone(tmp_path: Path) -> None:
    with Product(tmp_path / "data") as product:
        assert product.running.ready.startswith(f"ready http://127.0.0.1:{product.port}")
        assert get(product.port, "/healthz").status == 200
        for address in ("127.0.0.2", "::1"):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_STREAM) as client, pytest.raises(OSError, match=r"."):
                client.connect((address, product.port))

        again = refused(begin(tmp_path / "data"))
        assert str(tmp_path / "data") in again
        taken = refused(begin(tmp_path / "other", port=product.port))
        assert str(product.port) in taken
        assert get(product.port, "/healthz").status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_under_load_a_signal_ends_it_in_time_and_nothing_is_lost(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Product(tmp_path / "data", SEND_UNCLEAR_SECONDS="2") as product:
        product.graph.choose = lambda _: Behaviour(after_s=0.3)
        crowd = Crowd(product, random.Random(number), name="Ana")
        crowd.write(customers=12, bursts=2, within_s=1.0)
        until(lambda: product.graph.posts)
        began_s = time.monotonic()

        product.running.process.send_signal(number)

        assert product.running.process.wait(10) == 0
        assert time.monotonic() - began_s < 5
        product.kill()
        product.start()
        until(lambda: all(asked.accepted_s is not None for asked in crowd.asked))
        until(lambda: not {p for p in crowd.unanswered() if product.conversation(p)["owner"] != "queue"})
        assert crowd.twice() == []


def test_without_a_quiet_period_it_answers_at_once(tmp_path: Path) -> None:
    with Product(tmp_path / "data", TURN_QUIET_SECONDS="0") as product:
        customer = somebody()
        began_s = time.monotonic()
        product.say(customer, WHERE)

        assert ANSWERS[WHERE] in product.replied(customer)
        assert product.graph.taken(customer.person)[0].at_s - began_s < 2


def test_who_writes_without_end_is_answered_after_the_longest_wait(tmp_path: Path) -> None:
    with Product(tmp_path / "data", TURN_QUIET_SECONDS="1.5", TURN_MAX_WAIT_SECONDS="3") as product:
        customer = somebody()
        began_s = time.monotonic()
        while not product.graph.taken(customer.person):
            product.say(customer, "e mais uma coisa")
            time.sleep(0.5)
            assert time.monotonic() - began_s < 10
        post = product.graph.taken(customer.person)[0]

        assert 2.5 <= post.at_s - began_s <= 3 + 2


def test_more_turns_than_allowed_in_an_hour_go_to_people(tmp_path: Path) -> None:
    with Product(tmp_path / "data", TURN_QUIET_SECONDS="0", TURNS_PER_HOUR="3") as product:
        customer = somebody()
        for turn in range(3):
            product.say(customer, "oi")
            product.replied(customer, turn + 1)
        product.say(customer, "oi")

        found = until(lambda: product.conversation(customer.person), lambda found: found["owner"] == "queue")
        assert found["reason"]
        assert len(product.graph.to(customer.person)) == 3


def test_several_secrets_may_sign(tmp_path: Path) -> None:
    with Product(tmp_path / "data", META_APP_SECRET="new-one,old-one") as product:
        for secret, status in (("new-one", 200), ("old-one", 200), ("none", 401), ("new-one,old-one", 401)):
            product.courier.secret = secret
            assert product.courier.post(b"{}").status == status
