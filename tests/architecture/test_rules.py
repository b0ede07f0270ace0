"""The rules hold everywhere, and each of them can tell a breach from a good file."""

import ast
from pathlib import Path

import pytest

from tests.architecture import rules

PROJECT = Path(__file__).resolve().parents[2]
CODE = sorted(path for top in ("functions", "shared", "tests") for path in (PROJECT / top).rglob("*.py"))
PURE = sorted(path for top in ("domain", "ports", "app") for path in (PROJECT / "shared" / top).rglob("*.py"))
ENTRY_POINTS = sorted(PROJECT.glob("functions/*/main.py"))
FUNCTIONS = {"webhook", "text", "status", "turn", "sender", "sweeper"}

ENTRY = """\
import functions_framework
from shared.wiring import push


def text(request):
    return push(request)
"""


def found(rule: rules.Rule, files: list[Path]) -> list[str]:
    assert files
    return [
        breach for path in files for breach in rule(path, ast.parse(path.read_bytes(), filename=str(path)))
    ]


@pytest.mark.parametrize("rule", [rules.of_readable_size, rules.without_mocks])
def test_a_rule_for_all_code_holds(rule: rules.Rule) -> None:
    assert found(rule, CODE) == []


def test_every_module_is_named_for_its_role() -> None:
    shown = [path.relative_to(PROJECT) for path in CODE]
    assert [line for path in shown for line in rules.named_for_its_role(path, ast.Module([], []))] == []


def test_domain_ports_and_use_cases_are_pure() -> None:
    assert found(rules.pure, PURE) == []


def test_every_entry_point_is_thin() -> None:
    assert found(rules.an_entry_point, ENTRY_POINTS) == []


def test_every_function_has_an_entry_point() -> None:
    assert {path.parent.name for path in ENTRY_POINTS} == FUNCTIONS
    assert {path.parent.name for path in PROJECT.glob("functions/*/__init__.py")} == FUNCTIONS


@pytest.mark.parametrize(
    ("rule", "name", "good", "bad"),
    [
        (rules.of_readable_size, "text/main.py", "x = 1\n" * 400, "x = 1\n" * 401),
        (rules.without_mocks, "text/main.py", "import unittest\n", "from unittest import mock\n"),
        (
            rules.without_mocks,
            "text/main.py",
            "monkeypatch.setenv('A', '1')\n",
            "monkeypatch.setattr(a, 'b', 1)\n",
        ),
        (rules.pure, "text/main.py", "import datetime\n", "def f():\n    from time import time\n"),
        (rules.pure, "text/main.py", "x = clock.now_ms()\n", "x = datetime.now(UTC)\n"),
        (rules.an_entry_point, "text/main.py", ENTRY, ENTRY.replace("def text", "def other")),
        (rules.an_entry_point, "text/main.py", ENTRY, ENTRY + "\n\ndef more(request):\n    return 1\n"),
        (rules.an_entry_point, "text/main.py", ENTRY, ENTRY + "\n" * 40),
        (rules.an_entry_point, "text/main.py", ENTRY, "from shared.app import intake\n" + ENTRY),
        (rules.an_entry_point, "text/main.py", ENTRY, ENTRY.replace("return", "if request: return")),
    ],
)
def test_a_rule_tells_good_from_bad(rule: rules.Rule, name: str, good: str, bad: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(good)
    assert found(rule, [path]) == []
    path.write_text(bad)
    assert found(rule, [path]) != []


def test_a_name_that_says_nothing_is_told() -> None:
    empty = ast.Module([], [])
    assert list(rules.named_for_its_role(Path("shared/app/utils.py"), empty)) != []
    assert list(rules.named_for_its_role(Path("shared/common/turns.py"), empty)) != []
    assert list(rules.named_for_its_role(Path("shared/app/database.py"), empty)) == []
