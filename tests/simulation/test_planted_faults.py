"""Bugs that somebody plants are caught: each weakens one line that a promise rests on."""

import sys
from pathlib import Path

import pytest

from tests.simulation.planted import Fault, first_failure

SEEDS = 1_000

COMMIT_TURN = "        self.kit.ports.store.commit([save(self.kit, held), *writes])\n        wake_turn("
SPLIT_TURN = (
    "        self.kit.ports.store.commit(writes)\n"
    "        self.kit.ports.store.commit([save(self.kit, held)])\n"
    "        wake_turn("
)
COMMIT_RECORD = "kit.ports.store.commit([save(kit, meeting.held), *meeting.writes, *writes])"
SPLIT_RECORD = (
    "kit.ports.store.commit([save(kit, meeting.held), *meeting.writes]); kit.ports.store.commit(writes)"
)

QUICK = [
    Fault("turn commit split in two", "app/turn.py", COMMIT_TURN, SPLIT_TURN),
    Fault("precondition dropped", "app/kit.py", ", if_version=held.version)", ")"),
    Fault("in-flight check dropped", "app/send.py", "box.inflight is not None and self", "False and self"),
    Fault(
        "existence check dropped",
        "app/record.py",
        "key = incoming.message_key()",
        "key = self.kit.ports.ids.new()",
    ),
]
SLOW = [
    Fault("fencing comparison removed", "app/turn.py", "lease.token == draft.token and ", ""),
    Fault("record commit split in two", "app/record.py", COMMIT_RECORD, SPLIT_RECORD),
]


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault, tmp_path: Path) -> None:
    caught(fault, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("fault", SLOW, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught_in_the_end(fault: Fault, tmp_path: Path) -> None:
    caught(fault, tmp_path)


def test_an_unharmed_copy_breaks_no_promise(tmp_path: Path) -> None:
    assert first_failure(None, tmp_path, seeds=15) is None


def caught(fault: Fault, folder: Path) -> None:
    finding = first_failure(fault, folder, seeds=SEEDS)
    assert finding is not None, f"{fault.name}: {SEEDS} seeds and nobody noticed"
    sys.stdout.write(f"{fault.name}: seed {finding.seed}: {finding.promise}: {finding.what}\n")
