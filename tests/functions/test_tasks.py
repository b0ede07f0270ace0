"""Cloud Tasks' and Cloud Scheduler's envelopes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import flask
import pytest
from flask.typing import ResponseReturnValue

from shared.domain.errors import AssistantUnavailable, BadEnvelope, StoreUnavailable
from shared.runtime import invoke
from shared.wiring import scheduler, tasks

NAMES = {"X-CloudTasks-QueueName": "turns", "X-CloudTasks-TaskName": "t1"}


@dataclass
class Worker:
    """Takes tasks and ticks as the use cases do, failing as told."""

    failure: Exception | None = None
    found: int = 0
    taken: list[Mapping[str, Any]] = field(default_factory=list)

    def take(self, payload: Mapping[str, Any]) -> None:
        if self.failure is not None:
            raise self.failure
        self.taken.append(payload)

    def sweep(self) -> int:
        self.take({})
        return self.found

    def turn(self, request: flask.Request) -> ResponseReturnValue:
        return tasks.dispatch(request, to=self.take)

    def sweeper(self, request: flask.Request) -> ResponseReturnValue:
        return scheduler.tick(request, name="sweeper", to=self.sweep)


def test_a_task_is_one_call_with_its_payload() -> None:
    worker = Worker()

    assert invoke.dispatch(worker.turn, NAMES, b'{"wake": 1}') == 204
    assert worker.taken == [{"wake": 1}]


@pytest.mark.parametrize(
    "failure", [StoreUnavailable(), AssistantUnavailable(), ValueError(), RecursionError()]
)
def test_a_failing_task_never_throttles_its_queue(failure: Exception) -> None:
    assert invoke.post(Worker(failure=failure).turn, b"{}", headers=NAMES) == 500


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 100_000])
def test_a_task_that_is_no_object_is_refused(body: bytes) -> None:
    worker = Worker()

    assert invoke.post(worker.turn, body, headers=NAMES) == 400
    assert worker.taken == []


@pytest.mark.parametrize("missing", sorted(NAMES))
def test_a_call_that_is_no_task_is_refused(missing: str) -> None:
    headers = {name: value for name, value in NAMES.items() if name != missing}

    assert invoke.post(Worker().turn, b"{}", headers=headers) == 400


def test_a_task_that_its_use_case_cannot_read_is_refused() -> None:
    assert invoke.post(Worker(failure=BadEnvelope("no wake")).turn, b"{}", headers=NAMES) == 400


def test_a_failing_task_is_told_without_its_payload(capsys: pytest.CaptureFixture[str]) -> None:
    worker = Worker(failure=ValueError("5511987654321"))
    headers = {**NAMES, "X-CloudTasks-TaskRetryCount": "2", "X-Cloud-Trace-Context": "abc/1;o=1"}

    invoke.post(worker.turn, b'{"phone": "5511987654321"}', headers=headers)

    line = json.loads(capsys.readouterr().out)
    assert (line["fact"], line["error"], line["attempt"], line["trace"]) == (
        "task.failed",
        "ValueError",
        3,
        "abc",
    )
    assert "5511987654321" not in json.dumps(line)


def test_a_tick_sweeps_and_tells_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    worker = Worker(found=3)

    assert invoke.tick(worker.sweeper) == 204
    assert json.loads(capsys.readouterr().out)["found"] == 3


def test_a_tick_that_found_nothing_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke.tick(Worker().sweeper) == 204
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("failure", "status"), [(StoreUnavailable(), 503), (ValueError(), 500)])
def test_a_tick_that_fails(failure: Exception, status: int) -> None:
    assert invoke.tick(Worker(failure=failure).sweeper) == status


@pytest.mark.parametrize("headers", [{}, {"X-CloudScheduler": "false"}])
def test_a_call_that_is_no_tick_is_refused(headers: dict[str, str]) -> None:
    worker = Worker()

    assert invoke.post(worker.sweeper, b"", headers=headers) == 400
    assert worker.taken == []
