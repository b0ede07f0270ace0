"""What one start leaves to the next: after a kill, after an end, in a copy, in a broken folder."""

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.crowd import in_queue_with_reason, message_of
from tests.support.customers import Customer, batch
from tests.support.graph_server import Behaviour, Receipts
from tests.support.knowledge import ANSWERS
from tests.support.polling import never, until
from tests.support.product import QUIET_S, Product
from tests.support.running import REPOSITORY, command

pytestmark = pytest.mark.slow

UNCLEAR_S = 2.0
WHERE, HOURS = "Onde fica a loja?", "Qual é o horário de atendimento?"
PROVEN, LOST, ALONE, WAITING, OTHER = (Customer(f"551190002700{index}") for index in range(5))


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A process that was killed while three posts were under way, and started again."""
    data = tmp_path_factory.mktemp("killed") / "data"
    with Product(data, numbers=("601", "602"), SEND_UNCLEAR_SECONDS=str(UNCLEAR_S)) as product:
        product.graph.script(PROVEN.person, Behaviour(after_s=60, receipts=Receipts(after_s=1.0)))
        product.graph.script(LOST.person, Behaviour(takes=False, after_s=60))
        product.graph.script(ALONE.person, Behaviour(takes=False, after_s=60))
        product.say(PROVEN, WHERE, number="601")
        product.say(LOST, WHERE, number="601")
        product.say(ALONE, WHERE, number="602")
        until(lambda: len(product.graph.posts) == 3)
        product.say(WAITING, WHERE, number="601")
        product.say(WAITING, HOURS, number="601")
        product.kill()
        product.start()
        yield product


def test_killed_in_a_post_its_receipt_settles_it(killed: Product) -> None:
    until(lambda: killed.outgoing(PROVEN.person), lambda found: found and found[0]["state"] == "read")
    never(lambda: len(killed.graph.to(PROVEN.person)) > 1, for_s=UNCLEAR_S)
    assert killed.conversation(PROVEN.person)["owner"] == "agent"


def test_killed_in_the_quiet_period_the_burst_is_answered_once(killed: Product) -> None:
    reply = killed.replied(WAITING)

    assert ANSWERS[WHERE] in reply
    assert ANSWERS[HOURS] in reply
    (post,) = killed.graph.to(WAITING.person)
    assert post.at_s - killed.ready_s <= QUIET_S + 10


def test_killed_in_a_post_evidence_lets_it_be_posted_again(killed: Product) -> None:
    assert ANSWERS[WHERE] in killed.replied(LOST)

    first, again = killed.graph.to(LOST.person)
    assert UNCLEAR_S - 0.5 <= again.at_s - killed.ready_s <= UNCLEAR_S + 10
    assert message_of(first)[0] == message_of(again)[0]


def test_killed_in_a_post_without_evidence_people_decide(killed: Product) -> None:
    found = until(lambda: killed.find(ALONE.person), in_queue_with_reason)

    assert found is not None
    assert "unclear" in found["reason"]
    assert len(killed.graph.to(ALONE.person)) == 1


def test_after_it_all_the_process_works_on(killed: Product) -> None:
    killed.say(OTHER, WHERE, number="602")

    assert ANSWERS[WHERE] in killed.replied(OTHER)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A process that answered, ended, was copied, and runs on the copy."""
    folder = tmp_path_factory.mktemp("stopped")
    with Product(folder / "data", META_APP_SECRET="") as product:
        product.use_printed_secret()
        product.deliver(FIRST)
        product.replied(OTHER)
        until(lambda: product.outgoing(OTHER.person)[0]["state"] == "read")
        product.seen = product.conversation(OTHER.person)
        product.deliver(batch(product.number, WAITING, WAITING.says(WHERE)))
        began_s = time.monotonic()
        assert product.stop() == 0
        assert time.monotonic() - began_s < 5
        shutil.copytree(folder / "data", folder / "copy")
        shutil.rmtree(folder / "data")
        product.data = folder / "copy"
        began_s = time.monotonic()
        product.start()
        assert product.ready_s - began_s < 5
        yield product


FIRST = batch("106540352242922", OTHER, OTHER.says(WHERE))


def test_a_copy_of_a_stopped_folder_holds_everything(stopped: Product) -> None:
    assert stopped.conversation(OTHER.person) == stopped.seen


def test_in_a_copy_what_was_due_is_answered(stopped: Product) -> None:
    assert ANSWERS[WHERE] in stopped.replied(WAITING)


def test_in_a_copy_a_message_that_was_handled_stays_handled(stopped: Product) -> None:
    stopped.deliver(FIRST)

    never(lambda: len(stopped.graph.to(OTHER.person)) > 1, for_s=QUIET_S + 0.7)
    assert len(stopped.conversation(OTHER.person)["messages"]) == 2


def refused(data: Path) -> str:
    """Run on this folder, which must end with exit 2 and one line; return the line."""
    done = subprocess.run(
        command("run", "--port", "0", "--data", str(data)),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2, done
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    return line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped data folder with a conversation in it."""
    data = tmp_path_factory.mktemp("folder") / "data"
    with Product(data) as product:
        product.say(OTHER, WHERE)
        product.replied(OTHER)
        product.stop()
    return data


def test_a_newer_store_is_refused_clearly_and_left_alone(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "data"))
    stores = sorted(copy.glob("*.sqlite3"))
    assert stores
    for store in stores:
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("PRAGMA user_version = 999")
        before = store.read_bytes()

        assert "newer" in refused(copy)

        assert store.read_bytes() == before
        shutil.copy(folder / store.name, store)


def test_a_damaged_store_is_refused_clearly(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "data"))
    store = max(copy.glob("*.sqlite3"), key=lambda path: path.stat().st_size)
    content = bytearray(store.read_bytes())
    middle = len(content) // 2
    content[4096:middle] = b"\xa5" * (middle - 4096)
    store.write_bytes(bytes(content))

    assert store.name in refused(copy)
