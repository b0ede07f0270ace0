"""What reaches the log, and what must not."""

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from shared.runtime import logs
from shared.wiring.journal import Journal

SECRET = "5511987654321 oi"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    written: list[str] = []
    before, hook = logging.root.handlers[:], threading.excepthook
    logs.adopt(Journal(written.append))
    yield written
    logging.root.handlers[:] = before
    threading.excepthook = hook


def test_our_modules_write_facts_with_fields(lines: list[str]) -> None:
    logging.getLogger("shared.adapters.x").warning("task.refused", extra={"queue": "turns", "status": 500})

    assert [json.loads(line) for line in lines] == [
        {"severity": "WARNING", "fact": "task.refused", "queue": "turns", "status": 500}
    ]


def test_of_other_libraries_only_the_place_is_told(lines: list[str]) -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("asyncio").exception("Exception in callback of %s", SECRET)

    (line,) = lines
    assert SECRET not in line
    assert (json.loads(line)["logger"], json.loads(line)["error"]) == ("asyncio", "ValueError")


def test_a_thread_that_crashes_is_told_without_its_words(lines: list[str]) -> None:
    def crash() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()

    (line,) = lines
    assert SECRET not in line
    assert json.loads(line)["fact"] == "thread.crashed"
