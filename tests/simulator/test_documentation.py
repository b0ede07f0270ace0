"""docs/simulator.md tells every call, fault, kind and rule's code."""

import re
from pathlib import Path

import pytest

from shared.simulator.control_help import HELP, Call
from shared.simulator.faults import described
from shared.simulator.inbound import kinds

DOCS = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()


@pytest.mark.parametrize("call", HELP, ids=lambda call: f"{call.method} {call.path}")
def test_every_call_is_documented(call: Call) -> None:
    body = f"`{call.body}`" if call.body else ""
    assert f"| `{call.method} /simulator/api{call.path}` | {body} | {call.does} |" in DOCS


def test_every_fault_and_kind_is_documented() -> None:
    assert [fault["name"] for fault in described() if f"| `{fault['name']}` |" not in DOCS] == []
    assert [kind for kind in kinds() if not re.search(rf"^\| .*`{kind}`", DOCS, re.M)] == []
